"""Two views of one byte stream, read together: the bytes, and the text a terminal keeps of them."""

from __future__ import annotations

from dataclasses import dataclass
from sys import maxsize

from bastion.core.masking.exposure import Exposure, Strict
from bastion.core.masking.finder import Cover
from bastion.core.masking.invisible import zero_width
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.views import View
from bastion.model.masks import KnownValue


@dataclass(frozen=True, slots=True)
class Reading:
    """Byte positions: `covers` must be masked, output from `hold` on must wait; `end` was read."""

    covers: tuple[Cover, ...]
    hold: int
    end: int


class Pair:
    """The text view exists only while it differs from the byte view (after an escape sequence)."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._raw = View(patterns, escapes=False)
        self._text: View | None = None
        self.end = 0

    @property
    def quiet(self) -> bool:
        """Whether nothing is open and nothing waits."""
        return self._raw.idle and (self._text is None or self._text.idle)

    def alike(self, other: Pair) -> bool:
        """Whether two quiet pairs will answer alike, but for what each has learned."""
        return (
            self._text is None
            and other._text is None
            and self._raw.idle
            and other._raw.idle
            and self._raw.finder.same(other._raw.finder, learned=False)
        )

    def copy(self) -> Pair:
        """A pair that goes on from here by itself."""
        other = Pair(self._patterns)
        other._raw = self._raw.copy()
        other._text = self._text.copy() if self._text else None
        other.end = self.end
        return other

    def feed(self, data: bytes, *, final: bool = False) -> Reading:
        """Read more bytes; `final`: nothing follows."""
        start, self.end = self.end, self.end + len(data)
        if self._text is None and self._differ(data):
            self._text = self._raw.copy(escapes=True)
            self._raw.finder.account.skip(maxsize)
        found = [self._raw.feed(data, start, final=final)]
        if self._text is not None:
            found.append(self._text.feed(data, start, final=final))
            if self._text.idle and self._raw.idle and self._text.finder.same(self._raw.finder):
                self._raw.finder.account.adopt(self._text.finder.account, self._raw.finder.position)
                self._text = None
        hold = min(one.hold for one in found)
        half = max(view.half for view in (self._raw, self._text) if view is not None)
        if half and (self._patterns.beyond_ascii or hold < self.end):
            hold = min(hold, self.end - half)
        covers = found[0].covers if len(found) == 1 else {*found[0].covers, *found[1].covers}
        return Reading(tuple(covers), hold, self.end)

    def _differ(self, data: bytes) -> bool:
        """Whether a sequence may begin in `data`: ESC, or a C1 control (in UTF-8, maybe cut in two)."""
        return b"\x1b" in data or data.endswith(b"\xc2") or zero_width(data, plain=self._patterns.plain)

    def replace(self, patterns: Patterns) -> None:
        """Other patterns from the next byte on, and for what waits."""
        self._patterns = patterns
        for view in (self._raw, self._text):
            if view is not None:
                view.finder.replace(patterns)

    def tighten(self, value: KnownValue) -> None:
        """Show nothing of the value from the next byte on."""
        for view in (self._raw, self._text):
            if view is not None:
                view.finder.tighten(value)

    def remember(self, exposure: Exposure) -> None:
        """What was shown elsewhere in the session counts here too."""
        for view in (self._raw, self._text):
            if view is not None:
                account = view.finder.account
                account.exposure = account.exposure.joined(exposure)

    @property
    def exposure(self) -> Exposure:
        """What was shown of known values: the text view counts where there is one."""
        return (self._text or self._raw).finder.account.exposure

    @property
    def strict(self) -> tuple[Strict, ...]:
        """The values of which too much was shown."""
        return (self._text or self._raw).finder.account.strict

    @property
    def lessons(self) -> tuple[KnownValue, ...]:
        """The values that detectors masked by their context."""
        views = (self._raw, self._text)
        return tuple(value for view in views if view is not None for value, _ in view.finder.lessons)
