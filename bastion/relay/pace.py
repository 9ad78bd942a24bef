"""Pace: how much output one turn takes, and what all floods together may take of the loop.

    Slices   one stream of a pod: pieces of a few milliseconds of work
    Share    the whole house: a costly turn waits for its place, and each is followed by a rest as long

A screen costs a thousand times what a line of text does, on the one loop that all sessions share. What
the next bytes cost cannot be known before, so a slice grows slowly and shrinks at once; on a terminal
it also holds few control bytes, because each of them may make the masker look at the whole screen.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

TURN_SECONDS = 0.004
LIGHT_SECONDS = TURN_SECONDS / 4
MAX_TURN = 0.5
MIN_SLICE, MAX_SLICE, TERMINAL_SLICE = 64, 64 * 1024, 4 * 1024
MAX_CONTROLS = 256
_CONTROLS = re.compile(rb"(?:[^\x00-\x1f]*+[\x00-\x1f]){%d}" % MAX_CONTROLS)


class Slices:
    """The size of the next piece of one stream, in bytes."""

    def __init__(self, *, terminal: bool) -> None:
        self._terminal = terminal
        self._most = TERMINAL_SLICE if terminal else MAX_SLICE
        self._next = self._most

    def cut(self, data: bytes) -> int:
        """How many bytes of `data` the next turn takes; at least one where there are any."""
        found = _CONTROLS.match(data, 0, self._next) if self._terminal else None
        return found.end() if found else min(self._next, len(data))

    def took(self, size: int, seconds: float) -> None:
        """A turn with `size` bytes took so long: the next one shrinks to fit, or grows to twice the size."""
        fits = int(size * TURN_SECONDS / max(seconds, 1e-6))
        wanted = fits if seconds > TURN_SECONDS else max(self._next, min(fits, 2 * self._next))
        self._next = min(self._most, max(MIN_SLICE, wanted))


class Share:
    """One for the house: costly turns come one after the other and take half of the time, however many."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._free = 0.0

    async def turn(self, seconds: float) -> None:
        """Wait for a place for that much work; at once where it is light."""
        if seconds <= LIGHT_SECONDS:
            return
        now = self._clock()
        start = max(now, self._free)
        self._free = start + 2 * min(seconds, MAX_TURN)
        await asyncio.sleep(start - now)

    def took(self, seconds: float) -> None:
        """Some work took so long: the next costly turn waits at least as long."""
        if seconds > LIGHT_SECONDS:
            self._free = max(self._free, self._clock() + min(seconds, MAX_TURN))
