"""What a detector is: one row of the table, and the steps it compiles to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from bastion.core.masking.steps import Step, gate, mandatory, steps
from bastion.core.masking.validators import Validator

REACH = 48


@dataclass(frozen=True)
class Detector:
    r"""One kind of secret.

    A literal `anchor` (or an expression in `seeds`) proposes a place; `patterns` then follow the
    anchor (or start anywhere in the `REACH` bytes before a seed's end, where `starts` allows).
    The bytes beside the anchor and after the match must not be in `before` and `after`.
    `judge` sees the sensitive bytes. The `first` and `last` of them that are in `counted` may be
    shown. `learn`: the value stays masked for the rest of the session, without its context.
    `viable` says when the end of a text may still become a match of a seeded row. `ends` is a
    literal at which the last step stops. `lead` bytes of the body belong to the anchor (for anchors
    so short that they stand in innocent text); they are among the `first` that show.
    """

    id: str
    title: str
    patterns: tuple[bytes, ...]
    positive: tuple[bytes, ...]
    negative: tuple[bytes, ...]
    anchors: tuple[bytes, ...] = ()
    seeds: tuple[bytes, ...] = ()
    starts: bytes = b""
    viable: bytes = b""
    judge: Validator | None = None
    first: int = 0
    last: int = 0
    before: bytes = b""
    after: bytes = b""
    cased: bool = True
    learn: bool = False
    ends: bytes = b""
    lead: int = 0

    @cached_property
    def compiled(self) -> tuple[tuple[tuple[Step, ...], int], ...]:
        """Each pattern's steps with the index of its last mandatory step."""
        rows = [steps(pattern) for pattern in self.patterns]
        return tuple((row, mandatory(row)) for row in rows)

    @cached_property
    def gates(self) -> tuple[re.Pattern[bytes], ...]:
        """For each pattern: what the text from its start must match for it to match, now or later."""
        return tuple(re.compile(gate(row[: last + 1])) for row, last in self.compiled)

    @cached_property
    def entrance(self) -> re.Pattern[bytes]:
        """All gates in one: most places are refused by a single call."""
        return re.compile(b"|".join(b"(?:" + one.pattern + b")" for one in self.gates))

    @cached_property
    def firsts(self) -> bytes:
        """The bytes that may stand where a pattern starts."""
        return bytes(b for b in range(256) if self.entrance.match(bytes([b])))

    def prepare(self) -> None:
        """Compile now what is compiled at its first use: a millisecond or two, off the event loop."""
        if not self.firsts:
            raise ValueError(f"detector {self.id}: nothing can follow its anchors")

    def expression(self, anchor: bytes) -> bytes:
        """An anchor of this row with its surroundings, for the seeker."""
        before = b""
        if self.before[:1] == b"^":
            before = b"(?:^|[" + self.before[1:] + b"])"
        elif self.before:
            before = rb"(?:^|\\[nrt]|[^" + self.before + b"])"
        return before + re.escape(anchor) + self.compiled[0][0][0].kind + b"{%d}" % self.lead

    def __hash__(self) -> int:
        return hash(self.id)
