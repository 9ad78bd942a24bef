"""A reading of a body as lines of text for the detectors, and the way back to its scalars.

    {"user": "a", "args": ["-p", "b"]}     user: "a"⏎}⏎args: ⏎}⏎-p b ⏎}⏎

A closing brace on a line of its own ends whatever a detector follows, so one scalar's text never
changes another's; elements of an array stand on one line, as arguments of a command do.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Final

from bastion.core.masking.patterns import Patterns
from bastion.core.masking.stream import StreamMasker
from bastion.model.masks import MaskEvent

END: Final = b"\n}\n"
BLOCK: Final = 8 * 1024
"""Many matches in one long text cost a finder more than in short ones."""
JOINED: Final = "joined"
_CHANGED: Final = re.compile(b"\x01+")


@dataclass(frozen=True, slots=True)
class Hit:
    """What is masked in the scalar at `at`: ranges of its text, and (source, start, end) of its events."""

    at: int
    ranges: tuple[tuple[int, int], ...]
    sources: tuple[tuple[str, int, int], ...]


class Reading:
    """One view of one body: a stream masker that keeps lengths, and which scalar stands where in it."""

    def __init__(self, patterns: Patterns) -> None:
        self._masker = StreamMasker(patterns)
        self._parts: list[bytes] = []
        self._size = 0
        self._ended = True
        self._fed = bytearray()
        self._out = bytearray()
        self._from = 0
        self._events: list[MaskEvent] = []
        self._scalars: deque[tuple[int, int, int]] = deque()

    @property
    def first(self) -> int | None:
        """Where the first scalar stands whose text is not decided yet."""
        return self._scalars[0][1] if self._scalars else None

    def replace(self, patterns: Patterns) -> None:
        """More values became known."""
        self._masker.replace(patterns)

    def add(self, at: int, lead: bytes, text: bytes, tail: bytes) -> None:
        """The scalar that stands at `at`."""
        self._ended = tail.endswith(END)
        self._scalars.append((self._size + len(lead), at, len(text)))
        self._size += len(lead) + len(text) + len(tail)
        self._parts += (lead, text, tail)

    def member(self, at: int, key: bytes, where: int, quote: bytes, text: bytes) -> None:
        """A key and its value: as two calls of `add`, in one."""
        self._ended = True
        start = self._size
        first = start + len(key) + 2 + len(quote)
        self._scalars.append((start, at, len(key)))
        self._scalars.append((first, where, len(text)))
        self._size = first + len(text) + len(quote) + len(END)
        self._parts += (key, b": ", quote, text, quote, END)

    def mark(self) -> None:
        """Something ended that is no text."""
        if not self._ended:
            self._ended = True
            self._parts.append(END)
            self._size += len(END)

    def settle(self, now: float, *, final: bool) -> list[Hit]:
        """Search what was added; the scalars in which something is masked, as far as that is decided."""
        text = b"".join(self._parts)
        self._parts.clear()
        if not text and not final:
            return []
        self._fed += text
        masked = [self._masker.feed(text[at : at + BLOCK], now) for at in range(0, len(text), BLOCK)]
        if final:
            masked.append(self._masker.close(now))
        for one in masked:
            self._out += one.data
            self._events += one.events
        return self._decided(final=final)

    def _decided(self, *, final: bool) -> list[Hit]:
        hits = []
        same = self._out == self._fed[: len(self._out)]
        done = self._from + len(self._out) + final
        while self._scalars and self._scalars[0][0] + self._scalars[0][2] < done:
            start, at, size = self._scalars.popleft()
            if not same:
                low = start - self._from
                ranges = _differences(self._fed[low : low + size], self._out[low : low + size])
                if ranges:
                    hits.append(Hit(at, ranges, self._sources(start, start + size, ranges)))
        upto = min(self._scalars[0][0], done) if self._scalars else done - final
        del self._fed[: upto - self._from], self._out[: upto - self._from]
        self._from = upto
        self._events = [event for event in self._events if event.offset + event.length > upto]
        return hits

    def _sources(
        self, start: int, end: int, ranges: tuple[tuple[int, int], ...]
    ) -> tuple[tuple[str, int, int], ...]:
        found = []
        for event in self._events:
            low, high = max(event.offset, start), min(event.offset + event.length, end)
            if low < high:
                found.append((event.source, low - start, high - start))
        return tuple(found) or tuple((JOINED, low, high) for low, high in ranges)


def _differences(old: bytearray, new: bytearray) -> tuple[tuple[int, int], ...]:
    if old == new:
        return ()
    changed = bytes(a != b for a, b in zip(old, new, strict=True))
    return tuple(match.span() for match in _CHANGED.finditer(changed))
