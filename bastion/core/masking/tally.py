"""Covers joined into one mask event for each masked span, however the output was cut."""

from __future__ import annotations

from collections.abc import Iterable

from bastion.core.masking.finder import Cover
from bastion.model.masks import MaskEvent

MAX_TEXT = 4096


class Tally:
    """One for each stream. An event keeps the first `MAX_TEXT` bytes of what was masked, for its keyed id."""

    def __init__(self) -> None:
        self._start = self._end = -1
        self._source = ""
        self._text = bytearray()

    @property
    def idle(self) -> bool:
        """Whether no span is open."""
        return self._start < 0

    def note(self, covers: Iterable[Cover], upto: int, data: bytes = b"", base: int = 0) -> list[MaskEvent]:
        """Spans that ended. `covers` (sorted) were masked, output has reached `upto`, `data` is at `base`."""
        events: list[MaskEvent] = []
        for start, end, source in covers:
            if self._start < 0 or start > self._end:
                events += self.close()
                self._start, self._end, self._source = start, start, source
            if end > self._end:
                fresh = data[max(0, max(start, self._end) - base) : max(0, end - base)]
                self._text += fresh[: MAX_TEXT - len(self._text)]
                self._end = end
        if self._start >= 0 and self._end < upto:
            events += self.close()
        return events

    def close(self) -> list[MaskEvent]:
        """The span that was open."""
        if self._start < 0:
            return []
        start, self._start = self._start, -1
        text, self._text = bytes(self._text), bytearray()
        return [MaskEvent(self._source, self._end - start, start, text=text)]
