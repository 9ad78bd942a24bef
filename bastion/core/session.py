"""One channel from request to close: the state machine. Events come in, effects come out.

    Requested ─▶ RESOLVING ─▶ PROBING ─▶ READING ─▶ WORKING ─▶ READING … ─▶ OVER
                     │            │         │
                     └─ refused ──┴─────────┴─▶ OVER

Every refusal, of whatever room, ends in `_end` or in a work's `Done`: one line, a leaf, a status.
An event that comes in a phase that does not expect it changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from bastion.core import argv, opening, texts
from bastion.core.frame import Frame
from bastion.core.judging import Situation
from bastion.core.output import Output
from bastion.core.phase import Phase
from bastion.core.policy import Policy
from bastion.core.reading import Reading
from bastion.core.shell.facts import Line
from bastion.core.threshold import STRICTER, Threshold
from bastion.core.work import Work
from bastion.model import effects as do
from bastion.model import events as ev
from bastion.model.approval import Asked
from bastion.model.effects import Effect, Note
from bastion.model.refusal import EXIT_FAULT, Refusal
from bastion.model.request import Mode, Request


class Session:
    """The machine. `receive` is its only input; `deadline` and `wants_input` tell when to call it."""

    def __init__(self, frame: Frame, policy: Policy, stored: Asked | None = None) -> None:
        self._frame, self._policy, self._stored = frame, policy, stored
        self._phase = Phase.START
        self._request = Request(Mode.EXEC)
        self._reading = Reading(Mode.EXEC, b"", self._prompt)
        self._threshold = Threshold(frame, stored)
        self._place: opening.Place | None = None
        self._out: Output | None = None
        self._work: Work | None = None
        self._carried = argv.Carried()
        self._status, self._signal = 0, ""

    @property
    def over(self) -> bool:
        """Whether nothing more will come out."""
        return self._phase is Phase.OVER

    @property
    def deadline(self) -> float | None:
        """When TimePassed is wanted, on the events' clock."""
        return self._out.deadline if self._out else None

    @property
    def wants_input(self) -> bool:
        """Whether the client's ordered input may be received now."""
        if self._phase is Phase.READING:
            return self._reading.waits
        return self._phase is Phase.WORKING and self._work is not None and self._work.takes_input

    def receive(self, event: ev.Event) -> list[Effect]:
        """Handle one event. After the session is over it returns nothing."""
        if self.over:
            return []
        effects = self._handle(event)
        if self._out and self._out.failed and not self.over:
            stopped = Refusal("output-stopped", self._out.failed, "run it without a terminal", EXIT_FAULT)
            effects += self._end(stopped, event.at)
        return effects

    def _handle(self, event: ev.Event) -> list[Effect]:  # noqa: C901, PLR0912 - one closed match over the union
        work = self._work
        match event:
            case ev.Requested():
                return self._requested(event) if self._phase is Phase.START else []
            case ev.Resolved():
                return self._resolved(event) if self._phase is Phase.RESOLVING else []
            case ev.Refused():
                return self._refused(event)
            case ev.Ended():
                return self._end(event.refusal, event.at)
            case ev.Parsed():
                return self._parsed(event)
            case ev.ClientSent():
                return self._client_sent(event)
            case ev.ClientEnded():
                return self._client_ended(event)
            case ev.ClientResized():
                return self._resized(event)
            case ev.ClientSignalled():
                return self._signalled(event)
            case ev.ClientGone():
                return self._gone(event)
            case ev.EditorDrew():
                return self._out.pod("out", event.data, event.at) if self._out else []
            case ev.LineEntered():
                return self._turn(self._reading.entered(event.text), event.at)
            case ev.LineAborted():
                return self._aborted(event)
            case ev.PodSent() | ev.PodExited() | ev.PodFailed() if self._phase is Phase.PROBING:
                return self._probed(event)
            case ev.PodOpened() | ev.PodSent() | ev.PodExited() | ev.PodFailed():
                return self._step(event.at, work.pod(event)) if work else []
            case ev.CodeEntered() | ev.ApprovalFiled() | ev.ApprovalSettled() | ev.ApprovalConsumed():
                return self._step(event.at, work.answered(event)) if work else []
            case ev.SecretsAdded():
                return self._more_secrets(event)
            case ev.SecretsLost() if self._threshold.knowing.values == "required":
                return self._end(event.refusal, event.at)
            case ev.SecretsLost():
                return [Note("secrets.lost", {"code": event.refusal.code})]
            case ev.PolicyChanged():
                return self._policy_changed(event)
            case ev.TimePassed():
                return self._out.tick(event.at) if self._out else []
            case _:
                assert_never(event)

    # Opening: target, probe

    def _requested(self, event: ev.Requested) -> list[Effect]:
        request = self._request = event.request
        line = self._stored.text if self._stored else request.line
        self._reading = Reading(Mode.EXEC if self._stored else request.mode, line, self._prompt)
        started = Note("session.started", opening.facts(self._frame, request))
        begun = self._threshold.begin(request, self._policy)
        if isinstance(begun, Refusal):
            return [started, *self._end(begun, event.at)]
        self._phase = Phase.RESOLVING
        return [started, *begun]

    def _resolved(self, event: ev.Resolved) -> list[Effect]:
        found = self._threshold.resolved(event, self._request.pty, self._policy)
        if isinstance(found, Refusal):
            return self._end(found, event.at)
        effects, self._out = found
        if self._stored:
            return [*effects, *self._next(event.at)]
        self._phase = Phase.PROBING
        return effects

    def _refused(self, event: ev.Refused) -> list[Effect]:
        if self._work and self._work.asks:
            return self._step(event.at, self._work.unfiled(event.refusal))
        return self._end(opening.told(event.refusal, self._frame, self._policy), event.at)

    def _probed(self, event: ev.PodSent | ev.PodExited | ev.PodFailed) -> list[Effect]:
        ready = self._threshold.probed(event)
        if isinstance(ready, Refusal):
            return self._end(ready, event.at)
        return self._next(event.at) if ready else []

    # Texts: from the client to the judge

    def _next(self, at: float) -> list[Effect]:
        if self._place is None:
            self._place, self._carried = self._threshold.place, self._threshold.carried
        self._phase = Phase.READING
        return self._turn(self._reading.next(self._place.dialect if self._place else ""), at)

    def _parsed(self, event: ev.Parsed) -> list[Effect]:
        if self._phase is not Phase.READING or self._place is None or self._out is None:
            return []
        stdin = opening.stdin(self._request, self._stored)
        found = self._reading.parsed(event, self._place, self._carried, stdin)
        if not isinstance(found, Line):
            return self._turn(found, event.at)
        pty = self._request.pty
        now = Situation(
            mode=self._request.mode, text=event.text, line=found, place=self._place, carried=self._carried,
            policy=self._policy, stdin=stdin, stored=self._stored, can_ask=pty is not None,
            tree=event.tree,
        )  # fmt: skip
        self._work, self._phase = Work(self._frame, now, self._out, pty.size if pty else None), Phase.WORKING
        return self._step(event.at, self._work.start())

    def _turn(self, turn: list[Effect] | Refusal | None, at: float) -> list[Effect]:
        """What reading came to: effects, the end, or a text that cannot be judged and so never runs."""
        if turn is None:
            return self._close(at)
        if not isinstance(turn, Refusal):
            return turn
        note = Note("verdict", {"effect": "deny", "refused": turn.code})
        if self._request.mode is Mode.INTERACTIVE and self._out:
            self._reading.drop()
            return [note, *self._out.own(texts.refused(self._frame.who.kind, turn), at), *self._next(at)]
        return [note, *self._end(turn, at)]

    def _prompt(self) -> str:
        return opening.prompt(self._frame, self._place, self._carried.cwd)

    # The client

    def _client_sent(self, event: ev.ClientSent) -> list[Effect]:
        ready = self._reading.sent(event.data)
        if self._work:
            return self._work.typed(event.data)
        if self._out and self._request.mode is Mode.INTERACTIVE:
            return self._out.unread(len(event.data), event.at)
        return self._next(event.at) if ready and self._phase is Phase.READING else []

    def _client_ended(self, event: ev.ClientEnded) -> list[Effect]:
        ready = self._reading.ended()
        if self._phase is Phase.READING:
            return self._next(event.at) if ready else []
        return self._work.input_ended() if self._work else []

    def _resized(self, event: ev.ClientResized) -> list[Effect]:
        pty = self._request.pty
        if not pty:
            return []
        if opening.too_large(event.size):
            return self._end(opening.TERMINAL_TOO_LARGE, event.at)
        self._request = replace(self._request, pty=replace(pty, size=event.size))
        drawn = self._out.resize(event.size, event.at) if self._out else []
        return [*(self._work.resized(event.size) if self._work else [do.ResizeEditor(event.size)]), *drawn]

    def _signalled(self, event: ev.ClientSignalled) -> list[Effect]:
        note = Note("client.signalled", {"signal": event.name[:32]})
        key = opening.SIGNAL_KEYS.get(event.name) if self._request.pty else None
        if key:
            return [note, *(self._work.typed(key) if self._work else [])]
        if event.name not in opening.ENDING_SIGNALS:
            return [note, *(self._out.own(opening.not_passed_on(event.name), event.at) if self._out else [])]
        self._signal = event.name
        if self._work and self._work.running:
            return [note, do.KillPod()]
        return [note, *self._end(Refusal("signalled", f"ended by signal {event.name}"), event.at)]

    def _gone(self, event: ev.ClientGone) -> list[Effect]:
        self._phase = Phase.OVER
        ended = Note("session.ended", {"why": event.why[:200], "status": EXIT_FAULT})
        return [*(self._work.withdraw() if self._work else []), do.KillPod(), ended, do.Exit(EXIT_FAULT)]

    def _aborted(self, event: ev.LineAborted) -> list[Effect]:
        if self._phase is Phase.WORKING and self._work:
            return self._work.withdraw()
        if not self._reading.editing:
            return []
        return self._close(event.at) if event.why == "eof" else self._next(event.at)

    # The house

    def _more_secrets(self, event: ev.SecretsAdded) -> list[Effect]:
        """At once for the hold, the screen and what is judged next; what is shown is drawn again."""
        if self._out is None:
            return []
        self._out.replace(event.patterns)
        self._threshold.learn(event.patterns)
        self._place = self._threshold.place if self._place else None
        if self._work:
            self._work.renew(patterns=event.patterns)
        return [opening.added(event), *self._out.tick(event.at)]

    def _policy_changed(self, event: ev.PolicyChanged) -> list[Effect]:
        """What runs goes on, but no session outlives a policy that asks for values it does not know."""
        self._policy = event.policy
        if self._work:
            self._work.renew(policy=event.policy)
        began = self._phase is not Phase.START
        return self._end(STRICTER, event.at) if began and self._threshold.outdated(event.policy) else []

    # The ends

    def _step(self, at: float, effects: list[Effect]) -> list[Effect]:
        done = self._work.done if self._work else None
        if done is None or self._out is None:
            return effects
        self._work, self._carried, self._status = None, done.carried, done.status
        if not done.ran:
            self._reading.drop()
        if done.line:
            effects += [do.Mark(done.mark or done.line[:160]), *self._out.own(done.line, at)]
        effects += self._out.unread(done.unread, at)
        goes_on = not done.over if done.ran else self._request.mode is Mode.INTERACTIVE
        return effects + (self._next(at) if goes_on and not self._signal else self._close(at))

    def _end(self, refusal: Refusal, at: float) -> list[Effect]:
        effects: list[Effect] = [Note("session.refused", {"code": refusal.code, "text": refusal.text})]
        if self._work or self._phase is Phase.PROBING:
            effects += [*(self._work.withdraw() if self._work else []), do.KillPod()]
        self._status = refusal.status
        line = texts.refused(self._frame.who.kind, refusal)
        if self._out and not self._out.failed:
            return [*effects, *self._out.own(line, at), *self._close(at)]
        self._phase = Phase.OVER
        return [*effects, *opening.last_line(line, self._request, self._status, refusal.code)]

    def _close(self, at: float) -> list[Effect]:
        self._phase = Phase.OVER
        ended = Note("session.ended", {"why": self._signal or "done", "status": self._status})
        return [*(self._out.close(at) if self._out else []), ended, do.Exit(self._status, self._signal)]
