"""One text from verdict to exit: judged, approved where asked, run once, its state carried out.

start ─▶ deny ───────────────────────────────────────▶ done
      ├▶ allow ─▶ OpenPod ─▶ run ─▶ exit / failure ──▶ done
      └▶ approve ─▶ consent ─▶ judged again ─▶ consumed ─▶ OpenPod
                       └▶ denied, expired, withdrawn, void ─▶ done
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from bastion.core import argv, texts
from bastion.core.consent import Consent, Ending, Then
from bastion.core.consent import Event as Answer
from bastion.core.frame import Frame
from bastion.core.judging import Judged, Situation, ask, judge
from bastion.core.masking.patterns import Patterns
from bastion.core.output import Output
from bastion.core.policy import Policy
from bastion.core.run import Run
from bastion.core.shell.duplex import talks_both_ways
from bastion.model import effects as do
from bastion.model.approval import Asked
from bastion.model.events import PodExited, PodFailed, PodOpened, PodSent
from bastion.model.grant import Grant
from bastion.model.refusal import EXIT_NOT_UNDERSTOOD, EXIT_PENDING, Refusal
from bastion.model.request import Mode, Size
from bastion.model.verdict import Effect as Says

TOO_LONG = Refusal("too-long", "the command is too long for one exec", "put it in a file")
EMPTY = Refusal(
    "not-understood", "not understood, so it does not run", "write it plainly", EXIT_NOT_UNDERSTOOD
)


@dataclass(frozen=True, slots=True)
class Done:
    """How a work ended. `line` is what the user reads; `ran` says that an exec ended with a status;
    `over` that nothing can follow it. `unread` counts typed bytes that went nowhere.
    """

    status: int
    carried: argv.Carried
    line: str = ""
    mark: str = ""
    over: bool = False
    ran: bool = False
    unread: int = 0


class Work:
    """One text's way through the house. `done` stands once it is over."""

    def __init__(self, frame: Frame, situation: Situation, output: Output, size: Size | None) -> None:
        self._frame, self._now, self._out, self._size = frame, situation, output, size
        self._consent: Consent | None = None
        self._run: Run | None = None
        self._rule = ""
        self._input_ended = False
        self._unread = 0
        self.done: Done | None = None

    @property
    def running(self) -> bool:
        """Whether a program may be reading what the client types."""
        return self.done is None and self._run is not None and self._run.up

    @property
    def takes_input(self) -> bool:
        """Whether the client's bytes can go somewhere now: to a program, or ^C to an approval."""
        if self._run is not None:
            return self.running and self._run.attached
        return self._size is not None and self._consent is not None and self._consent.waits

    def start(self) -> list[do.Effect]:
        """Judge, and do what the verdict says."""
        judged, stored = judge(self._now, self._frame.who), self._now.stored
        notes = self._noted(judged)
        if judged.refusal:
            return [*notes, *self._refuse(judged.refusal, judged.carried)]
        if self._now.place.dry_run:
            return [*notes, *self._report(judged)]
        if stored:
            self._consent = Consent(self._frame, judged.verdict, stored, self._out)
            return [*notes, *self._settle(judged, self._consent)]
        if judged.verdict.effect is Says.ALLOW:
            return [*notes, *self._open(self._now.allowed_text(), None)]
        asked = ask(self._frame, self._now, judged)
        if isinstance(asked, Refusal):
            return [*notes, *self._refuse(asked)]
        self._consent = Consent(self._frame, judged.verdict, asked, self._out)
        return [*notes, do.FileApproval(asked)]

    def answered(self, event: Answer) -> list[do.Effect]:
        """An answer from the queue of approvals."""
        if self._consent is None or self._run is not None or self.done:
            return []
        effects, then = self._consent.receive(event)
        return [*effects, *self._go_on(then, self._consent)]

    def pod(self, event: PodOpened | PodSent | PodExited | PodFailed) -> list[do.Effect]:
        """Something came from the exec."""
        run = self._run
        if run is None or self.done:
            return []
        match event:
            case PodOpened():
                return run.opened(event, self._size, input_ended=self._input_ended)
            case PodSent():
                return run.sent(event)
            case PodExited():
                return self._exited(event, run)
            case PodFailed():
                return [*run.failed(event), *self._refuse(event.refusal)]
            case _:
                assert_never(event)

    def renew(self, *, policy: Policy | None = None, patterns: Patterns | None = None) -> None:
        """What the next judgement goes by; what runs already goes on."""
        place = replace(self._now.place, patterns=patterns or self._now.place.patterns)
        self._now = replace(self._now, place=place, policy=policy or self._now.policy)

    @property
    def asks(self) -> bool:
        """Whether it waits for the queue of approvals."""
        return self._consent is not None and self._run is None and not self.done

    def unfiled(self, refusal: Refusal) -> list[do.Effect]:
        """The queue of approvals does not take the request: this text is refused, no more."""
        if self._consent is None:
            return []
        note = do.Note("approval.unfiled", {"approval": self._consent.asked.id, "code": refusal.code})
        return [note, *self._consent.withdraw(), *self._refuse(refusal)]

    def withdraw(self) -> list[do.Effect]:
        """The requester changed their mind (^C), or is gone."""
        if self._consent is None or self._run is not None or self.done:
            return []
        return self._consent.withdraw()

    def typed(self, data: bytes) -> list[do.Effect]:
        """The client's bytes: to the program, or ^C while an approval is pending."""
        if self._run is not None and self.running:
            return self._run.typed(data)
        if b"\x03" in data:
            return self.withdraw()
        self._unread += len(data) if self._size is not None else 0
        return []

    def input_ended(self) -> list[do.Effect]:
        """The client's EOF."""
        self._input_ended = True
        return self._run.input_ended() if self._run is not None and self.running else []

    def resized(self, size: Size) -> list[do.Effect]:
        """The client's terminal has another size."""
        self._size = size
        edits = self._run is None and self._consent is not None and self._consent.edits
        return [do.ResizeEditor(size) if edits else do.ResizePod(size)]

    def _noted(self, judged: Judged, *, approval: str = "") -> list[do.Effect]:
        self._rule = judged.verdict.rule
        if approval:
            return [do.Note("verdict", {**judged.facts, "approval": approval, "again": True})]
        return [do.Note("verdict", judged.facts), do.Mark(judged.label)]

    def _go_on(self, then: Then, consent: Consent) -> list[do.Effect]:
        match then:
            case "wait":
                return []
            case "judge":
                return self._settle(judge(self._now, self._frame.who), consent)
            case "run":
                void = self._void(judge(self._now, self._frame.who), consent)
                return void if void is not None else self._open(consent.asked.text, consent.asked)
            case Ending():
                return self._finish(Done(then.status, self._now.carried, then.line, then.mark))
            case Refusal():
                return self._refuse(then)
            case _:
                assert_never(then)

    def _settle(self, again: Judged, consent: Consent) -> list[do.Effect]:
        """Approved: what would run now has to be what was approved, under the same policy."""
        noted = self._noted(again, approval=consent.asked.id)
        void = self._void(again, consent)
        return [*noted, *(consent.consume() if void is None else void)]

    def _void(self, again: Judged, consent: Consent) -> list[do.Effect] | None:
        if not again.refusal and again.verdict.policy == consent.asked.policy:
            return None
        changed = "the policy changed after it was asked for"
        effects, refusal = consent.void(again.refusal.text if again.refusal else changed)
        return [*effects, *self._refuse(refusal)]

    def _open(self, text: bytes, approved: Asked | None) -> list[do.Effect]:
        now, frame = self._now, self._frame
        unit, nonce = frame.fresh(), frame.fresh() if now.tracks_state() else ""
        types = now.mode is Mode.INTERACTIVE and self._size is not None and approved is None
        keys = frame.fresh() if types else ""
        words = argv.build(
            unit, text, now.carried, keys=keys, term=now.place.term, nonce=nonce, assigns=now.assigns(),
            no_input=approved is not None and self._size is not None, setup=now.place.setup,
        )  # fmt: skip
        if words is None or not text.strip():
            return self._refuse(TOO_LONG if words is None else EMPTY)
        attached = self._size is not None or (now.stdin == "client" and approved is None)
        self._out.duplex(on=attached and self._size is None and talks_both_ways(now.line))
        grant = Grant(
            session=frame.session, unit=unit, pod=now.place.pod, argv=words, tty=self._size is not None,
            stdin=attached, identity=frame.who.key, user=frame.user, groups=frame.groups,
            rule=self._rule, approval=approved.id if approved else "",
        )  # fmt: skip
        self._run = Run(unit, self._out, nonce=nonce, attached=attached, size=self._size, keys=keys)
        return [do.OpenPod(grant, self._size, check_uid=approved is not None)]

    def _exited(self, event: PodExited, run: Run) -> list[do.Effect]:
        self._out.duplex(on=False)
        effects, ran = run.exited(event, self._now.carried, self._now.options())
        self._unread += ran.unread
        if any(unit.background for unit in self._now.line.units):
            effects.append(do.KillPod())
        return [*effects, *self._finish(Done(ran.status, ran.carried, ran.line, over=ran.over, ran=True))]

    def _report(self, judged: Judged) -> list[do.Effect]:
        verdict = judged.verdict
        status = 0 if verdict.effect is Says.ALLOW else EXIT_PENDING
        reason = "; ".join(verdict.reasons)
        answer = texts.Answer(verdict.effect.value, "", verdict.rule, reason, hint="dry-run")
        mark = f"note: dry run, {verdict.effect.value}"
        return self._finish(Done(status, self._now.carried, answer.line(), mark))

    def _refuse(self, refusal: Refusal, carried: argv.Carried | None = None) -> list[do.Effect]:
        line = texts.refused(self._frame.who.kind, refusal, self._rule)
        mark = f"refused: {refusal.code}"
        return self._finish(Done(refusal.status, carried or self._now.carried, line, mark))

    def _finish(self, done: Done) -> list[do.Effect]:
        self.done = replace(done, unread=self._unread)
        return []
