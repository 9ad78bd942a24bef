"""What both tiers of a terminal share: the patterns with what was learned, and what leaves.

The guard reads every byte that leaves in the order of sending (views V0 and V1): whatever the screens
say, bytes that spell a secret do not pass.
"""

from __future__ import annotations

from collections.abc import Sequence

from bastion.core.masking.exposure import Exposure, Shown, Strict
from bastion.core.masking.gate import KEPT, Gate
from bastion.core.masking.glyphs import in_place
from bastion.core.masking.guard import Guard
from bastion.core.masking.lessons import MAX_LESSONS
from bastion.core.masking.pair import Pair
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.sightings import Sightings
from bastion.model.masks import KnownValue

MAX_LATE = 64


class Watch:
    """One for each terminal. `failed` says why the output was stopped; empty while all is well."""

    def __init__(self, patterns: Patterns) -> None:
        self._given = self.patterns = patterns
        self._lessons: dict[bytes, KnownValue] = {}
        self.shown = Shown()
        self._out: list[bytes] = []
        self.guard = Guard(patterns)
        self.sightings = Sightings()
        self.failed = ""
        self._gate = Gate()
        self._late: list[bytes] = []
        self._quiet = False

    def __repr__(self) -> str:
        return f"Watch({len(self._lessons)} lessons)"

    def teach(self, lessons: tuple[KnownValue, ...]) -> None:
        """Values that their context gave away stay masked without it."""
        fresh = [lesson for lesson in lessons if lesson.value not in self._lessons]
        for lesson in fresh:
            self._lessons[lesson.value] = KnownValue(f"learned-{len(self._lessons) + 1}", lesson.value)
            if len(self._lessons) > MAX_LESSONS:
                del self._lessons[next(iter(self._lessons))]
        if fresh:
            self._compile()

    def replace(self, patterns: Patterns) -> None:
        """More values became known."""
        self._given = patterns
        self._compile()

    @property
    def lessons(self) -> tuple[KnownValue, ...]:
        """The values that detectors masked by their context."""
        return tuple(self._lessons.values())

    def count(self, exposure: Exposure, strict: Sequence[Strict]) -> bool:
        """What was shown counts; whether a value became strict by it (look at the screen anew)."""
        fresh = self.shown.count(exposure, strict)
        if fresh:
            self._compile()
        return fresh

    def tighten(self, value: KnownValue) -> bool:
        """The value is strict; whether it was not before."""
        fresh = self.shown.tighten(value)
        if fresh:
            self._compile()
        return fresh

    def _compile(self) -> None:
        lessons, strict = self.lessons, self.shown.strict
        self.patterns = self._given.taught(lessons) if lessons else self._given
        self.patterns = self.patterns.stricter(strict) if strict else self.patterns
        self.guard.replace(self.patterns)

    def send(self, data: bytes) -> None:
        """Send bytes that the guard has read."""
        self._out.append(data)
        self._gate.missed(data)

    @property
    def waits(self) -> bool:
        """Whether the last bytes that were sent may go on to be a secret, in the order of sending."""
        self._catch_up()
        return self.guard.waits

    def append(self, pair: Pair) -> None:
        """Text is appended from here on: `pair` has read what stands on the screen."""
        self._catch_up()
        pair.remember(self.shown.exposure)
        self.guard.append(pair)

    def passes(self, raw: bytes, text: bytes) -> bool:
        """Send bytes as they are, unless they spell a secret in the order they are sent.

        `text` is what they print. What the gate lets pass, the guard reads later, if ever.
        """
        if not raw:
            return True
        if self._quiet and self._gate.silent(self.patterns, raw, text):
            self._late.append(raw)
            if len(self._late) > MAX_LATE:
                self._late = [b"".join(self._late)[-4 * KEPT :]]
            self._out.append(raw)
            return True
        self._catch_up()
        pair = self.guard.copy()
        if pair.feed(raw).covers:
            return False
        self.guard, self._quiet = pair, pair.quiet
        self.send(raw)
        return True

    def draw(self, data: bytes) -> bytes:
        """Send a repaint, masked in place where it spells a secret; the bytes that were sent."""
        self._catch_up()
        reading = self.guard.feed(data)
        self._quiet = self.guard.quiet
        sent = in_place(data, reading) if reading.covers else data
        self.send(sent)
        return sent

    def _catch_up(self) -> None:
        if self._late:
            late, self._late = b"".join(self._late), []
            self.guard.feed(late)

    def taken(self) -> bytes:
        """What may leave now; nothing once the output was stopped."""
        data = b"" if self.failed else b"".join(self._out)
        self._out.clear()
        return data
