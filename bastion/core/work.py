"""One text from verdict to exit: judged, approved where asked, run once, its state carried out.

start ─▶ deny ───────────────────────────────────────────────▶ DONE
      ├▶ allow ─▶ OPENING ─▶ RUNNING ─▶ exit / failure ───────▶ DONE
      └▶ approve ─▶ FILING ─▶ (CODE) ─▶ PENDING ─▶ judged again ─▶ CONSUMING ─▶ OPENING
                                          └▶ denied, expired, withdrawn, void ─▶ DONE
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto
from typing import assert_never

from bastion.core import argv, texts
from bastion.core.frame import Frame
from bastion.core.judging import Judged, Situation, ask, judge
from bastion.core.output import Output
from bastion.model.approval import Asked
from bastion.model.effects import (
    AskCode,
    ConsumeApproval,
    Effect,
    EndPodInput,
    FileApproval,
    KillPod,
    Mark,
    Note,
    OpenPod,
    ResizePod,
    SendPod,
    WithdrawApproval,
)
from bastion.model.events import (
    ApprovalConsumed,
    ApprovalFiled,
    ApprovalSettled,
    CodeEntered,
    PodExited,
    PodFailed,
    PodOpened,
    PodSent,
)
from bastion.model.grant import Grant
from bastion.model.principal import Kind
from bastion.model.refusal import EXIT_DENIED, EXIT_FAULT, EXIT_PENDING, Refusal
from bastion.model.request import Size
from bastion.model.verdict import Effect as Says


class Step(Enum):
    """Where a work stands."""

    FILING = auto()
    CODE = auto()
    PENDING = auto()
    CONSUMING = auto()
    OPENING = auto()
    RUNNING = auto()
    DONE = auto()


Event = (
    CodeEntered
    | ApprovalFiled
    | ApprovalSettled
    | ApprovalConsumed
    | PodOpened
    | PodSent
    | PodExited
    | PodFailed
)


@dataclass(frozen=True, slots=True)
class Done:
    """How a work ended. `line` is what the user reads; `over` ends the session, whatever its mode."""

    status: int
    carried: argv.Carried
    line: str = ""
    mark: str = ""
    over: bool = False
    ran: bool = False


class Work:
    """One text's way through the house. `done` stands once it is over."""

    def __init__(self, frame: Frame, situation: Situation, output: Output, size: Size | None) -> None:
        self._frame, self._now, self._out, self._size = frame, situation, output, size
        self._step = Step.DONE
        self._judged: Judged | None = None
        self._asked: Asked | None = None
        self._trailer: argv.Trailer | None = None
        self._input_ended = False
        self._rule = ""
        self.done: Done | None = None

    @property
    def running(self) -> bool:
        """Whether a program may be reading what the client types."""
        return self._step is Step.RUNNING

    @property
    def takes_input(self) -> bool:
        """Whether the client's bytes can go somewhere now."""
        waiting = self._size is not None and self._step in (Step.PENDING, Step.FILING, Step.CODE)
        return waiting or (self.running and self._attached())

    def receive(self, event: Event) -> list[Effect]:
        """An answer from a door."""
        match event:
            case CodeEntered():
                return self._code(event)
            case ApprovalFiled():
                return self._filed(event)
            case ApprovalSettled():
                return self._settled(event)
            case ApprovalConsumed():
                return self._consumed(event)
            case PodOpened():
                return self._opened()
            case PodSent():
                return self._sent(event)
            case PodExited():
                return self._exited(event)
            case PodFailed():
                return self._failed(event)
            case _:
                assert_never(event)

    def start(self) -> list[Effect]:
        """Judge, and do what the verdict says."""
        judged = self._judged = judge(self._now, self._frame.who)
        self._rule = judged.verdict.rule
        notes: list[Effect] = [Note("verdict", judged.facts), Mark(judged.label)]
        if judged.refusal:
            return [*notes, *self._refuse(judged.refusal)]
        if self._now.stored:
            return [*notes, *self._resume(self._now.stored)]
        if self._now.place.dry_run:
            return [*notes, *self._report()]
        if judged.verdict.terms is None:
            return [*notes, *self._open(self._now.allowed_text())]
        asked = ask(self._frame, self._now, judged)
        if isinstance(asked, Refusal):
            return [*notes, *self._refuse(asked)]
        self._asked, self._step = asked, Step.FILING
        return [*notes, FileApproval(asked)]

    def _filed(self, event: ApprovalFiled) -> list[Effect]:
        """The store holds the request: tell the requester who is awaited, or come back at once."""
        if self._step is not Step.FILING or not self._asked or not self._judged:
            return []
        clock = datetime.fromtimestamp(event.expires_wall, UTC).strftime("%H:%M:%S UTC")
        frame, verdict = self._frame, self._judged.verdict
        kind = Kind.HUMAN if self._asked.waits else Kind.AGENT
        line = texts.waiting(kind, event.id, verdict, event.expires_wall, clock, frame.host)
        if not self._asked.waits:
            return self._finish(Done(EXIT_PENDING, self._now.carried, line, over=True))
        if self._asked.terms.totp:
            self._step = Step.CODE
            return [AskCode(event.id, "bastion: one-time code: ")]
        self._step = Step.PENDING
        return self._out.own(line, event.at)

    def _code(self, event: CodeEntered) -> list[Effect]:
        """A code was checked. A wrong one may be tried again until its door says that it is final."""
        if self._step is not Step.CODE or not self._asked or not self._judged:
            return []
        if event.accepted:
            self._step = Step.PENDING
            if not self._asked.terms.peers:
                return []
            line = f"bastion: code accepted; now awaiting {', '.join(sorted(self._asked.terms.groups))}"
            return self._out.own(line, event.at)
        told = self._out.own(f"bastion: {event.message}", event.at)
        if event.final:
            refusal = Refusal("code-refused", event.message, "wait, then try again", EXIT_DENIED)
            return [*told, WithdrawApproval(self._asked.id), *self._refuse(refusal)]
        return [*told, AskCode(event.id, "bastion: one-time code: ")]

    def withdraw(self) -> list[Effect]:
        """The requester changed their mind (^C), or is gone."""
        pending = self._step in (Step.FILING, Step.CODE, Step.PENDING, Step.CONSUMING)
        return [WithdrawApproval(self._asked.id)] if pending and self._asked and self._asked.waits else []

    def _settled(self, event: ApprovalSettled) -> list[Effect]:
        """Decided. What was approved is judged again before it is consumed."""
        if not self._asked or event.id != self._asked.id or self._step in (Step.RUNNING, Step.DONE):
            return []
        if event.state != "approved":
            line, status = texts.settled(
                self._frame.who.kind, event.id, event.state, event.reason, self._rule
            )
            return self._finish(Done(status, self._now.carried, line, over=True))
        told = self._out.own(f"bastion: approved by {', '.join(event.by) or 'your code'}", event.at)
        return [*told, *self._resume(self._asked)]

    def _resume(self, asked: Asked) -> list[Effect]:
        again = judge(self._now, self._frame.who)
        self._asked, self._rule = asked, again.verdict.rule
        note = Note("verdict", {**again.facts, "approval": asked.id, "again": True})
        changed = again.verdict.policy != asked.policy
        if again.refusal or changed:
            why = again.refusal.text if again.refusal else "the policy changed after it was asked for"
            void = Refusal("approval-void", f"approval {asked.id} is void: {why}", "ask again")
            return [note, WithdrawApproval(asked.id), *self._refuse(void)]
        self._step = Step.CONSUMING
        return [note, ConsumeApproval(asked.id)]

    def _consumed(self, event: ApprovalConsumed) -> list[Effect]:
        """The one consumption: only now may the stored bytes run."""
        if self._step is not Step.CONSUMING or not self._asked:
            return []
        if not event.ok:
            return self._refuse(Refusal("approval-used", f"approval {event.id}: {event.why}", "ask again"))
        return self._open(self._asked.text)

    def _open(self, text: bytes) -> list[Effect]:
        now, frame = self._now, self._frame
        approved = self._asked is not None
        unit, nonce = frame.fresh(), frame.fresh() if now.tracks_state() else ""
        words = argv.build(
            unit, text, now.carried, term=now.place.term, nonce=nonce, assigns=now.assigns(),
            no_input=approved and self._size is not None, setup=now.place.setup,
        )  # fmt: skip
        if words is None:
            return self._refuse(
                Refusal("too-long", "the command is too long for one exec", "put it in a file")
            )
        self._trailer = argv.Trailer(nonce) if nonce else None
        grant = Grant(
            session=frame.session, unit=unit, pod=now.place.pod, argv=words, tty=self._size is not None,
            stdin=self._attached(), identity=frame.who.key, user=frame.user, groups=frame.groups,
            rule=self._rule, approval=self._asked.id if self._asked else "",
        )  # fmt: skip
        self._step = Step.OPENING
        return [OpenPod(grant, self._size, check_uid=approved)]

    def _attached(self) -> bool:
        return self._size is not None or (self._now.stdin == "client" and self._asked is None)

    def _opened(self) -> list[Effect]:
        """The exec is up. A script's unit reads /dev/null."""
        self._step = Step.RUNNING
        return [EndPodInput()] if self._input_ended and self._attached() else []

    def _sent(self, event: PodSent) -> list[Effect]:
        """Output of the unit, less its trailer."""
        data = event.data
        if self._trailer and event.stream == "out":
            data = self._trailer.feed(data)
        return self._out.pod(event.stream, data, event.at) if data else []

    def typed(self, data: bytes) -> list[Effect]:
        """The client's bytes: to the program, or ^C while an approval is pending."""
        if self.running:
            return [SendPod(data)] if self._attached() else []
        return self.withdraw() if b"\x03" in data else []

    def input_ended(self) -> list[Effect]:
        """The client's EOF."""
        self._input_ended = True
        return [EndPodInput()] if self.running and self._attached() else []

    def resized(self, size: Size) -> list[Effect]:
        """The client's terminal has another size."""
        self._size = size
        return [ResizePod(size)]

    def _exited(self, event: PodExited) -> list[Effect]:
        """The unit is over; read what it carries out."""
        effects: list[Effect] = [Note("exec.ended", {"status": event.code})]
        if any(unit.background for unit in self._now.line.units):
            effects.append(KillPod())
        carried, over, line = self._now.carried, False, ""
        if self._trailer:
            rest = self._trailer.rest()
            effects += self._out.pod("out", rest, event.at) if rest else []
            state = self._trailer.read(carried)
            if state == "ended":
                over = True
            elif state == "torn":
                over, line = True, "bastion: the shell's state could not be read back, so nothing more runs"
            else:
                carried = replace(state, options=state.options + self._now.options())
        status = EXIT_FAULT if line else event.code
        return [*effects, *self._finish(Done(status, carried, line, over=over, ran=True))]

    def _failed(self, event: PodFailed) -> list[Effect]:
        """The exec was refused or broke off: never a success."""
        if self._step is Step.DONE:
            return []
        note = Note("exec.failed", {"code": event.refusal.code})
        return [note, *self._refuse(event.refusal, over=True)]

    def _report(self) -> list[Effect]:
        verdict = self._judged.verdict if self._judged else None
        if verdict is None:
            return []
        allowed = verdict.effect is Says.ALLOW
        status = 0 if allowed else EXIT_PENDING
        answer = texts.Answer(
            verdict.effect.value, "", verdict.rule, "; ".join(verdict.reasons), hint="dry-run"
        )
        return self._finish(Done(status, self._now.carried, answer.line(), over=True))

    def _refuse(self, refusal: Refusal, *, over: bool = False) -> list[Effect]:
        line = texts.refused(self._frame.who.kind, refusal, self._rule)
        return self._finish(Done(refusal.status, self._now.carried, line, over=over))

    def _finish(self, done: Done) -> list[Effect]:
        self._step, self.done = Step.DONE, done
        return []
