"""Guesses: somebody prints the start of a value with ever another symbol, and looks what is held.

Output that rests shows whether its end waits as the start of a secret. So when it rests, the symbol
at its end is a try for the place after the known symbols before it. Whoever types a value tries one
symbol a place; who tries many at one place fishes. Only rests count: a program's words do not rest.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from bastion.core.masking.forms import fold
from bastion.model.masks import KnownValue

REST = 0.1
KNOWN = 4
TRIES = 8
WORD_TRIES = 24
FINAL_TRIES = 64
MOST_PLACES = 4096
TAIL, BURST = 64, 256
_CONTROLS = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[^\[]?|[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Fished:
    """A value at which `count` symbols were tried; `final` when it is time to stop."""

    value: KnownValue
    count: int
    final: bool


class Guesses:
    """Of one session. The clock is that of `at`; memory is bounded."""

    def __init__(self, values: Sequence[KnownValue]) -> None:
        self._values = tuple(values)
        self._blob: bytes | None = None
        self._starts: list[int] = []
        self._tries: dict[int, set[int]] = {}
        self._counts: dict[bytes, int] = {}
        self._burst = b""
        self._tail = b""
        self._at: float | None = None

    def replace(self, values: Sequence[KnownValue]) -> None:
        """More values became known; what was tried at the others is forgotten with their places."""
        self._values, self._blob, self._tries = tuple(values), None, {}

    def feed(self, data: bytes, at: float) -> Fished | None:
        """Output of the pod came; what its rest before tells."""
        found = None
        if self._at is not None and at - self._at >= REST and self._values and self._burst:
            found = self._rested()
        self._at = at
        self._burst = (self._burst + data[-BURST:])[-BURST:]
        return found

    def _rested(self) -> Fished | None:
        text, self._burst = fold(_CONTROLS.sub(b"", self._burst)), b""
        self._tail = (self._tail + text)[-TAIL:]
        known, tried = self._tail[:-1], self._tail[-1:]
        blob = self._text()
        length = KNOWN
        if len(known) < KNOWN or known[-KNOWN:] not in blob:
            return None
        while length < len(known) and known[-length - 1 :] in blob:
            length += 1
        prefix = known[-length:]
        place = blob.index(prefix) + length
        return self._try(place, tried[0], prefix)

    def _try(self, place: int, symbol: int, prefix: bytes) -> Fished | None:
        value = self._values[bisect_right(self._starts, place - 1) - 1]
        tried = self._tries.setdefault(place, set())
        if symbol in tried:
            return None
        tried.add(symbol)
        if len(self._tries) > MOST_PLACES:
            del self._tries[next(iter(self._tries))]
        count = self._counts[value.value] = self._counts.get(value.value, 0) + (len(tried) > 1)
        if count >= FINAL_TRIES:
            return Fished(value, count, final=True)
        limit = WORD_TRIES if prefix.isalpha() else TRIES
        return Fished(value, count, final=False) if len(tried) >= limit or count >= 2 * limit else None

    def _text(self) -> bytes:
        if self._blob is None:
            parts = [fold(value.value) for value in self._values]
            self._starts = [0]
            for part in parts:
                self._starts.append(self._starts[-1] + len(part) + 1)
            self._blob = b"\0".join(parts)
        return self._blob
