"""An approval from its filing to its one consumption; it decides nothing about the text itself.

FILING ─▶ (CODE) ─▶ PENDING ─▶ settled: "judge" ─▶ CONSUMING ─▶ consumed: "run"
   └────────┴──────────┴─────▶ denied, expired, withdrawn, void, wrong codes: an Ending
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Literal, assert_never

from bastion.core import texts
from bastion.core.frame import Frame
from bastion.core.output import Output
from bastion.model import effects as do
from bastion.model.approval import Asked
from bastion.model.events import ApprovalConsumed, ApprovalFiled, ApprovalSettled, CodeEntered
from bastion.model.principal import Kind
from bastion.model.refusal import EXIT_DENIED, EXIT_PENDING, Refusal
from bastion.model.verdict import Verdict

CODE_PROMPT = "bastion: one-time code: "
Event = CodeEntered | ApprovalFiled | ApprovalSettled | ApprovalConsumed


class Step(Enum):
    """Where an approval stands, as its requester sees it."""

    FILING = auto()
    CODE = auto()
    PENDING = auto()
    CONSUMING = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Ending:
    """Nothing runs: the line that says so, its marker and the exit status."""

    status: int
    line: str
    mark: str


Then = Literal["wait", "judge", "run"] | Ending | Refusal


class Consent:
    """One approval. `receive` gives effects and what follows; an event of another id changes nothing."""

    def __init__(self, frame: Frame, verdict: Verdict, asked: Asked, output: Output) -> None:
        self._frame, self._verdict, self.asked, self._out = frame, verdict, asked, output
        self._step = Step.FILING

    @property
    def waits(self) -> bool:
        """Whether the requester sits there and may type ^C."""
        return self._step in (Step.FILING, Step.CODE, Step.PENDING)

    @property
    def edits(self) -> bool:
        """Whether the line editor asks for a code."""
        return self._step is Step.CODE

    def receive(self, event: Event) -> tuple[list[do.Effect], Then]:
        """An answer from the queue."""
        if event.id != self.asked.id:
            return [], "wait"
        match event:
            case ApprovalFiled() if self._step is Step.FILING:
                return self._filed(event)
            case CodeEntered() if self._step is Step.CODE:
                return self._code(event)
            case ApprovalSettled() if self.waits:
                return self._settled(event)
            case ApprovalConsumed() if self._step is Step.CONSUMING:
                return self._consumed(event)
            case ApprovalFiled() | CodeEntered() | ApprovalSettled() | ApprovalConsumed():
                return [], "wait"
            case _:
                assert_never(event)

    def consume(self) -> list[do.Effect]:
        """It was approved and judged again: use it up."""
        self._step = Step.CONSUMING
        return [do.ConsumeApproval(self.asked.id)]

    def withdraw(self) -> list[do.Effect]:
        """The requester changed their mind (^C), or is gone. An agent's request outlives its session."""
        mine = self._step is not Step.OVER and self.asked.waits
        return [do.WithdrawApproval(self.asked.id)] if mine else []

    def void(self, why: str) -> tuple[list[do.Effect], Refusal]:
        """What was approved is not what would run now."""
        self._step = Step.OVER
        refusal = Refusal("approval-void", f"approval {self.asked.id} is void: {why}", "ask again")
        return [do.WithdrawApproval(self.asked.id)], refusal

    def _filed(self, event: ApprovalFiled) -> tuple[list[do.Effect], Then]:
        """The store holds the request: tell the requester who is awaited, or come back at once."""
        clock = datetime.fromtimestamp(event.expires_wall, UTC).strftime("%H:%M:%S UTC")
        kind = Kind.HUMAN if self.asked.waits else Kind.AGENT
        line = texts.waiting(
            kind, event.id, self._verdict, expires=event.expires_wall, clock=clock, host=self._frame.host
        )
        if not self.asked.waits:
            self._step = Step.OVER
            return [], Ending(EXIT_PENDING, line, f"approval: asked for as {event.id}")
        if self.asked.terms.totp:
            self._step = Step.CODE
            return [do.AskCode(event.id, CODE_PROMPT)], "wait"
        self._step = Step.PENDING
        return self._out.own(line, event.at), "wait"

    def _code(self, event: CodeEntered) -> tuple[list[do.Effect], Then]:
        """A code was checked. A wrong one may be tried again until its door says that it is final."""
        if event.accepted:
            self._step = Step.PENDING
            if not self.asked.terms.peers:
                return [], "wait"
            groups = ", ".join(sorted(self.asked.terms.groups))
            return self._out.own(f"bastion: code accepted; now awaiting {groups}", event.at), "wait"
        if event.final:
            self._step = Step.OVER
            refusal = Refusal("code-refused", event.message, "wait, then try again", EXIT_DENIED)
            return [do.WithdrawApproval(self.asked.id)], refusal
        told = self._out.own(f"bastion: {event.message}", event.at)
        return [*told, do.AskCode(event.id, CODE_PROMPT)], "wait"

    def _settled(self, event: ApprovalSettled) -> tuple[list[do.Effect], Then]:
        """Decided. What was approved is judged again before it is consumed."""
        if event.state == "approved":
            names = ", ".join(event.by) or "your code"
            mark = do.Mark(f"approval: approved by {names}")
            return [mark, *self._out.own(f"bastion: approved by {names}", event.at)], "judge"
        self._step = Step.OVER
        kind, rule = self._frame.who.kind, self._verdict.rule
        line, status = texts.settled(kind, event.id, event.state, event.reason, rule)
        by = f" by {event.reason}" if event.state == "denied" and event.reason else ""
        return [], Ending(status, line, texts.plain(f"approval: {event.state}{by}")[:160])

    def _consumed(self, event: ApprovalConsumed) -> tuple[list[do.Effect], Then]:
        """The one consumption: only now may the stored bytes run."""
        self._step = Step.OVER
        if event.ok:
            return [], "run"
        return [], Refusal("approval-used", f"approval {event.id}: {event.why}", "ask again")
