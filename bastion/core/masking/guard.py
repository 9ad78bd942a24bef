"""The guard of a terminal: it reads every byte that leaves, in the order of sending.

After a screen, appended text stands behind what the screen shows and behind what was sent before; these
may differ, so a second reading begins with the screen's text. It ends when both remember the same.
"""

from __future__ import annotations

from bastion.core.masking.exposure import Exposure, Strict
from bastion.core.masking.pair import Pair, Reading
from bastion.core.masking.patterns import Patterns
from bastion.model.masks import KnownValue


class Guard:
    """Positions count the bytes that were sent. `waits`: what was read last may go on to be a secret."""

    def __init__(self, patterns: Patterns) -> None:
        self._sent = Pair(patterns)
        self._screen: Pair | None = None
        self.waits = False

    def copy(self) -> Guard:
        """A guard that goes on from here by itself."""
        other = object.__new__(Guard)
        other._sent = self._sent.copy()
        other._screen = self._screen.copy() if self._screen else None
        other.waits = self.waits
        return other

    @property
    def end(self) -> int:
        """How many bytes were read."""
        return self._sent.end

    @property
    def quiet(self) -> bool:
        """Whether nothing is open and nothing waits."""
        return self._sent.quiet and (self._screen is None or self._screen.quiet)

    def append(self, screen: Pair) -> None:
        """What follows is read behind the text of a screen too, which `screen` has read."""
        self._screen = screen

    def draw(self) -> None:
        """What follows is drawn on a screen, which is looked at as a whole."""
        self._screen = None

    def feed(self, data: bytes) -> Reading:
        """Read bytes that leave next, unless the answer forbids it."""
        found = self._sent.feed(data)
        if self._screen is not None:
            other = self._screen.feed(data)
            shift = found.end - other.end
            covers = {*found.covers, *((low + shift, high + shift, by) for low, high, by in other.covers)}
            found = Reading(tuple(covers), min(found.hold, other.hold + shift), found.end)
            if self._sent.alike(self._screen):
                self._screen = None
        self.waits = found.hold < found.end
        return found

    def replace(self, patterns: Patterns) -> None:
        """Other patterns from the next byte on, and for what waits."""
        for pair in self._pairs:
            pair.replace(patterns)

    @property
    def exposure(self) -> Exposure:
        """What was shown of known values."""
        first, *rest = self._pairs
        return first.exposure.joined(rest[0].exposure) if rest else first.exposure

    @property
    def strict(self) -> tuple[Strict, ...]:
        """The values of which too much was shown."""
        return tuple(strict for pair in self._pairs for strict in pair.strict)

    @property
    def lessons(self) -> tuple[KnownValue, ...]:
        """The values that detectors masked by their context."""
        return tuple(lesson for pair in self._pairs for lesson in pair.lessons)

    @property
    def _pairs(self) -> tuple[Pair, ...]:
        return (self._sent, self._screen) if self._screen else (self._sent,)
