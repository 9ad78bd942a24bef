"""One attempt of one pattern at one place: resumable, so chunks do not matter."""

from __future__ import annotations

import re
from copy import copy
from enum import Enum
from functools import lru_cache

from bastion.core.masking.detector import Detector

VALUE_LIMIT = 4096
PROBE = 64
_ESCAPES = frozenset((rb"\n", rb"\r", rb"\t"))


class State(Enum):
    """OPEN: may become a match. SURE: is one, and goes on. DONE: is one, and ended. FAILED: is none."""

    OPEN = 0
    SURE = 1
    DONE = 2
    FAILED = 3


@lru_cache(maxsize=256)
def _set(kind: bytes) -> re.Pattern[bytes]:
    return re.compile(b"[" + kind + b"]")


def stands_apart(row: Detector, text: bytes, start: int) -> bool:
    r"""Whether the byte before `start` lets the row begin there; a letter of an escaped `\n` always does."""
    if not (row.before and start and _set(row.before).match(text, start - 1)):
        return True
    return start > 1 and row.before[:1] != b"^" and text[start - 2 : start] in _ESCAPES


class Candidate:
    """Positions are absolute in the finder's text. The value is kept up to `VALUE_LIMIT` bytes."""

    __slots__ = (
        "_index",
        "_last",
        "_steps",
        "_taken",
        "_waits",
        "at",
        "key",
        "row",
        "spans",
        "start",
        "state",
        "value",
    )

    def __init__(self, row: Detector, pattern: int, start: int, at: int) -> None:
        self.row = row
        self.key = (row.id, pattern, at)
        self.start = start
        self.at = at
        self.state = State.OPEN
        self.spans: list[tuple[int, int]] = []
        self.value = b""
        self._steps, self._last = row.compiled[pattern]
        self._index = 0
        self._taken = 0
        self._waits = False

    def advance(self, text: bytes, base: int, *, final: bool) -> None:
        """Take what it can of `text`, whose first byte is at `base`; `final`: nothing follows."""
        while self._index < len(self._steps):
            step = self._steps[self._index]
            here = self.at - base
            stop = step.take(text, here, self._taken)
            ended = False
            if self.row.ends and self._index == len(self._steps) - 1:
                stop, ended = self._until(text, here, stop)
            if stop > here:
                self._keep(text[here:stop], secret=step.secret)
            self._waits = not final and self._taken < step.most - 1 and step.waits(text, stop)
            if (stop == len(text) or self._waits) and self._taken < step.most and not final and not ended:
                self._settle(ended=False)
                return
            if self._taken < step.least:
                self.state = State.FAILED
                return
            self._index += 1
            self._taken = 0
        self._finish(text, base, final=final)

    def copy(self) -> Candidate:
        """One that goes on from here by itself."""
        other = copy(self)
        other.spans = list(self.spans)
        return other

    @property
    def place(self) -> tuple[str, int, int, int]:
        """Two sure candidates at the same place mask the same bytes from now on."""
        return (self.row.id, self.key[1], self._index, self.at)

    def hold(self) -> int | None:
        """Where an undecided match begins to be sensitive; None when nothing must wait."""
        if self.state is not State.OPEN:
            return self.at if self._waits else None
        return _skip(self.spans, self.row.first)

    def masked(self) -> list[tuple[int, int]]:
        """The spans to mask, without what may be shown."""
        if self.state not in {State.SURE, State.DONE}:
            return []
        return _trim(self.spans, self.row.first, self.row.last if self.state is State.DONE else 0)

    def _until(self, text: bytes, here: int, stop: int) -> tuple[int, bool]:
        mark = self.row.ends
        tail = self.value[1 - len(mark) :]
        found = (tail + text[here:stop]).find(mark)
        if found < 0:
            return stop, False
        return here + found + len(mark) - len(tail), True

    def _keep(self, taken: bytes, *, secret: bool) -> None:
        if secret:
            if self.spans and self.spans[-1][1] == self.at:
                self.spans[-1] = (self.spans[-1][0], self.at + len(taken))
            else:
                self.spans.append((self.at, self.at + len(taken)))
            self.value = (
                (self.value + taken)[:VALUE_LIMIT] if not self.row.ends else (self.value + taken)[-64:]
            )
        self._taken += len(taken)
        self.at += len(taken)

    def _settle(self, *, ended: bool) -> None:
        """Decide as far as what was seen allows."""
        certain = ended or (
            not self.row.after
            and self._index >= self._last
            and (self._index > self._last or self._taken >= self._steps[self._index].least)
        )
        if not certain or self.state is State.SURE:
            return
        over = len(self.value) >= PROBE
        verdict = self.row.judge is None or self.row.judge(self.value[:PROBE], ended or over)
        if verdict is not None:
            self.state = State.SURE if verdict else State.FAILED

    def _finish(self, text: bytes, base: int, *, final: bool) -> None:
        here = self.at - base
        if self.row.after and self.state is State.OPEN:
            if here >= len(text) and not final:
                return
            if here < len(text) and _set(self.row.after).match(text, here):
                self.state = State.FAILED
                return
        self._settle(ended=True)
        if self.state is State.SURE:
            self.state = State.DONE


def _skip(spans: list[tuple[int, int]], shown: int) -> int | None:
    for start, end in spans:
        if end - start > shown:
            return start + shown
        shown -= end - start
    return None


def _trim(spans: list[tuple[int, int]], first: int, last: int) -> list[tuple[int, int]]:
    start = _skip(spans, first)
    if start is None:
        return []
    kept = [(max(a, start), b) for a, b in spans if b > start]
    while last and kept:
        a, b = kept[-1]
        cut = min(last, b - a)
        last -= cut
        kept[-1] = (a, b - cut)
        if a == b - cut:
            kept.pop()
    return kept
