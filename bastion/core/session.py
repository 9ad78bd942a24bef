"""One channel from request to close: the state machine. Events come in, effects come out.

    Requested ─▶ RESOLVING ─▶ PROBING ─▶ FEEDING ─▶ PARSING ─▶ WORKING ─▶ FEEDING … ─▶ OVER
                     │            │         (script: reads, interactive: edits)
                     └─ refused ──┴─▶ OVER

Every refusal, of whatever room, ends in `_end` or in a work's `Done`: one line, a leaf, a status.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto
from typing import assert_never

from bastion.core import argv, opening, texts
from bastion.core.feed import Feed, Then
from bastion.core.frame import Frame
from bastion.core.judging import Situation
from bastion.core.output import Output
from bastion.core.policy import Policy
from bastion.core.script import MAX_UNIT
from bastion.core.shell.facts import Line
from bastion.core.shell.understand import understand
from bastion.core.work import Work
from bastion.model import events as ev
from bastion.model.approval import Asked
from bastion.model.effects import (
    Edit,
    Effect,
    Exit,
    KillPod,
    Mark,
    Note,
    OpenPod,
    Parse,
    ResizeEditor,
    Resolve,
)
from bastion.model.refusal import EXIT_FAULT, Refusal
from bastion.model.request import Mode, Request


class Phase(Enum):
    """Where a session stands."""

    START = auto()
    RESOLVING = auto()
    PROBING = auto()
    FEEDING = auto()
    PARSING = auto()
    WORKING = auto()
    OVER = auto()


class Session:
    """The machine. `receive` is its only input; `deadline` and `wants_input` tell when to call it."""

    def __init__(self, frame: Frame, policy: Policy, stored: Asked | None = None) -> None:
        self._frame, self._policy, self._stored = frame, policy, stored
        self._phase = Phase.START
        self._request = Request(Mode.EXEC)
        self._feed = Feed(Mode.EXEC, b"", str)
        self._place: opening.Place | None = None
        self._out: Output | None = None
        self._work: Work | None = None
        self._probe = bytearray()
        self._carried = argv.Carried()
        self._editing = False
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
        if self._phase is Phase.FEEDING:
            return self._editing or self._feed.hungry
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

    def _handle(self, event: ev.Event) -> list[Effect]:  # noqa: C901 - one closed match over the union
        match event:
            case ev.Requested():
                return self._requested(event)
            case ev.Resolved():
                return self._resolved(event)
            case ev.Refused() if event.refusal.code == "unknown-target":
                return self._end(opening.unknown(self._frame.target), event.at)
            case ev.Refused() | ev.Ended():
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
                return self._parse(event.text.encode("utf-8", "replace"), event.at)
            case ev.LineAborted():
                return self._aborted(event)
            case ev.PodSent() | ev.PodExited() | ev.PodFailed() if self._phase is Phase.PROBING:
                return self._probed(event)
            case (
                ev.CodeEntered() | ev.ApprovalFiled() | ev.ApprovalSettled() | ev.ApprovalConsumed()
                | ev.PodOpened() | ev.PodSent() | ev.PodExited() | ev.PodFailed()
            ):  # fmt: skip
                return self._step(event.at, self._work.receive(event)) if self._work else []
            case ev.SecretsAdded():
                return self._more_secrets(event)
            case ev.PolicyChanged():
                self._policy = event.policy
                return []
            case ev.TimePassed():
                return self._out.tick(event.at) if self._out else []
            case _:
                assert_never(event)

    # Opening: target, probe

    def _requested(self, event: ev.Requested) -> list[Effect]:
        self._request = event.request
        notes: list[Effect] = [Note("session.started", opening.facts(self._frame, event.request))]
        target = self._frame.target
        if not self._policy.may_reach(self._frame.who, target):
            return [*notes, *self._end(opening.unknown(target), event.at)]
        self._phase = Phase.RESOLVING
        return [*notes, Resolve(target, self._policy.known_values(self._frame.who, target))]

    def _resolved(self, event: ev.Resolved) -> list[Effect]:
        place = opening.settle(self._frame, self._request, self._policy, event, self._stored)
        if isinstance(place, Refusal):
            return self._end(place, event.at)
        self._place, pty = place, self._request.pty
        self._out = Output(event.patterns, pty.size if pty else None)
        effects: list[Effect] = [Note("pod.resolved", opening.pod_facts(event))]
        for line in place.notices:
            effects += self._out.own(line, event.at)
        stored = self._stored
        text = stored.text if stored else self._request.line
        self._feed = Feed(self._request.mode, text, self._prompt)
        self._carried = argv.Carried(exports=dict(place.environment))
        if stored:
            self._place = replace(place, dialect=stored.dialect)
            self._carried = argv.Carried(cwd=stored.cwd, exports=dict(stored.environment))
            return effects + self._next(event.at)
        self._phase = Phase.PROBING
        return [*effects, OpenPod(opening.probe(self._frame, event.pod), None)]

    def _probed(self, event: ev.PodSent | ev.PodExited | ev.PodFailed) -> list[Effect]:
        match event:
            case ev.PodFailed():
                return self._end(event.refusal, event.at)
            case ev.PodSent():
                if event.stream == "out":
                    self._probe += event.data[: opening.MAX_PROBE - len(self._probe)]
                return []
            case ev.PodExited():
                found = argv.read_probe(bytes(self._probe)) if event.code == 0 else None
                if found is None or self._place is None:
                    return self._end(opening.NO_SHELL, event.at)
                self._place = replace(self._place, dialect=found[0])
                self._carried = replace(self._carried, cwd=found[1])
                return self._next(event.at)

    # Texts: from the client to the judge

    def _next(self, at: float) -> list[Effect]:
        self._phase, self._editing = Phase.FEEDING, False
        match self._feed.next():
            case Edit() as edit:
                self._editing = True
                return [edit]
            case Then.WAIT:
                return []
            case Then.END:
                return self._close(at)
            case Then.CUT:
                return self._malformed(ev.Parsed(at, b"", None, "incomplete", "the script is over"))
            case bytes() as text:
                return self._parse(text, at)

    def _parse(self, text: bytes, at: float) -> list[Effect]:
        if self._phase is not Phase.FEEDING or self._place is None:
            return []
        self._phase, self._editing = Phase.PARSING, False
        return (
            [Parse(text, self._place.dialect)] if len(text) <= MAX_UNIT else self._end(opening.TOO_LONG, at)
        )

    def _parsed(self, event: ev.Parsed) -> list[Effect]:
        if self._phase is not Phase.PARSING or self._place is None:
            return []
        if event.problem == "incomplete":
            more = self._feed.incomplete(event.text)
            if isinstance(more, Edit):
                self._phase, self._editing = Phase.FEEDING, True
                return [more]
            return self._next(event.at) if more else self._malformed(event)
        if event.problem or event.tree is None:
            return self._malformed(event)
        line = understand(
            event.tree,
            event.text,
            cwds=(self._carried.cwd,),
            dialect=self._place.dialect,
            stdin=self._stdin(),
        )
        if not line.units:
            return self._next(event.at)
        if self._request.mode is not Mode.EXEC and len(line.units) > 1:
            self._feed.several(line.units)
            return self._next(event.at)
        return self._start(line, event, self._place)

    def _start(self, line: Line, event: ev.Parsed, place: opening.Place) -> list[Effect]:
        pty = self._request.pty
        if self._out is None:
            return []
        now = Situation(
            mode=self._request.mode, text=event.text, line=line, place=place, carried=self._carried,
            policy=self._policy, stdin=self._stdin(), stored=self._stored, can_ask=pty is not None,
        )  # fmt: skip
        self._work, self._phase = Work(self._frame, now, self._out, pty.size if pty else None), Phase.WORKING
        return self._step(event.at, self._work.start())

    def _stdin(self) -> opening.Stdin:
        if self._request.pty:
            return "tty"
        return "client" if self._request.mode is Mode.EXEC and not self._stored else "null"

    def _malformed(self, event: ev.Parsed) -> list[Effect]:
        refusal = opening.malformed(event)
        note = Note("verdict", {"effect": "deny", "refused": refusal.code, "bytes": len(event.text)})
        if self._request.mode is Mode.INTERACTIVE and self._out:
            self._feed.drop()
            return [note, *self._out.own(refusal.line(), event.at), *self._next(event.at)]
        return [note, *self._end(refusal, event.at)]

    def _prompt(self) -> str:
        pod = self._place.pod if self._place else None
        where = f"{pod.namespace}/{pod.name}" if pod else ""
        return f"{self._frame.who.name}@{where}:{self._carried.cwd}$ "

    # The client

    def _client_sent(self, event: ev.ClientSent) -> list[Effect]:
        self._feed.sent(event.data)
        if self._phase is Phase.FEEDING:
            return self._next(event.at) if self._request.mode is Mode.SCRIPT else []
        return self._work.typed(event.data) if self._work else []

    def _client_ended(self, event: ev.ClientEnded) -> list[Effect]:
        self._feed.ended()
        if self._phase is Phase.FEEDING:
            return self._next(event.at)
        return self._work.input_ended() if self._work else []

    def _resized(self, event: ev.ClientResized) -> list[Effect]:
        pty = self._request.pty
        if not pty or not self._out:
            return []
        self._request = replace(self._request, pty=replace(pty, size=event.size))
        drawn = self._out.resize(event.size, event.at)
        return [*(self._work.resized(event.size) if self._work else [ResizeEditor(event.size)]), *drawn]

    def _signalled(self, event: ev.ClientSignalled) -> list[Effect]:
        note = Note("client.signalled", {"signal": event.name})
        key = opening.SIGNAL_KEYS.get(event.name) if self._request.pty else None
        if key:
            return [note, *(self._work.typed(key) if self._work else [])]
        if event.name not in opening.ENDING_SIGNALS:
            return [note, *(self._out.own(opening.not_passed_on(event.name), event.at) if self._out else [])]
        self._signal = event.name
        if self._work and self._work.running:
            return [note, KillPod()]
        return [note, *self._end(Refusal("signalled", f"ended by signal {event.name}"), event.at)]

    def _gone(self, event: ev.ClientGone) -> list[Effect]:
        effects: list[Effect] = self._work.withdraw() if self._work else []
        self._phase = Phase.OVER
        ended = Note("session.ended", {"why": event.why, "status": EXIT_FAULT})
        return [*effects, KillPod(), ended, Exit(EXIT_FAULT)]

    def _aborted(self, event: ev.LineAborted) -> list[Effect]:
        if self._phase is Phase.WORKING and self._work:
            return self._work.withdraw()
        return self._close(event.at) if event.why == "eof" else self._next(event.at)

    def _more_secrets(self, event: ev.SecretsAdded) -> list[Effect]:
        if self._out and self._place:
            self._out.replace(event.patterns)
            self._place = replace(self._place, patterns=event.patterns)
        return []

    # The ends

    def _step(self, at: float, effects: list[Effect]) -> list[Effect]:
        done = self._work.done if self._work else None
        if done is None or self._out is None:
            return effects
        self._work, self._carried, self._status = None, done.carried, done.status
        if not done.ran:
            self._feed.drop()
        if done.line:
            effects += [Mark(done.mark or done.line[:160]), *self._out.own(done.line, at)]
        interactive = self._request.mode is Mode.INTERACTIVE
        goes_on = done.ran and not done.over if not interactive else not (done.ran and done.over)
        return effects + (self._next(at) if goes_on and not self._signal else self._close(at))

    def _end(self, refusal: Refusal, at: float) -> list[Effect]:
        effects: list[Effect] = [Note("session.refused", {"code": refusal.code, "text": refusal.text})]
        if self._work:
            effects += [*self._work.withdraw(), KillPod()]
        self._status = refusal.status
        line = texts.refused(self._frame.who.kind, refusal)
        if self._out and not self._out.failed:
            return [*effects, *self._out.own(line, at), *self._close(at)]
        self._phase = Phase.OVER
        return [*effects, *opening.last_line(line, self._request, self._status, refusal.code)]

    def _close(self, at: float) -> list[Effect]:
        self._phase = Phase.OVER
        held = self._out.close(at) if self._out else []
        ended = Note("session.ended", {"why": self._signal or "done", "status": self._status})
        return [*held, ended, Exit(self._status, self._signal)]
