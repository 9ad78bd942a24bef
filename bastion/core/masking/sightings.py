"""Mask events of a terminal: each masked stretch is reported once, not at every redraw."""

from __future__ import annotations

from collections import Counter

from bastion.core.masking.look import Look
from bastion.core.masking.pair import Reading
from bastion.model.masks import MaskEvent


class Sightings:
    """Offsets count the bytes that the pod had sent when the mask was made."""

    def __init__(self) -> None:
        self._taken = 0
        self._seen: Counter[tuple[str, int]] = Counter()
        self._events: list[MaskEvent] = []
        self._until = 0

    def rebase(self, position: int) -> None:
        """The linear tier starts again; its positions count from what was read into it."""
        self._until = position

    def linear(self, reading: Reading) -> None:
        """Covers of appended text; pieces of one stretch are joined."""
        last = self._until
        for start, end, source in sorted(reading.covers):
            if end > last:
                self._events.append(MaskEvent(source, end - max(start, last), self._taken))
                last = end
        self._until = max(last, self._until)

    def screen(self, look: Look) -> None:
        """The masks on a screen; those that stood there before are not reported again."""
        if not look.sources and not self._seen:
            return
        now = Counter(look.sources)
        for (source, length), count in (now - self._seen).items():
            self._events += [MaskEvent(source, length, self._taken)] * count
        self._seen = now

    def taken(self, count: int) -> tuple[MaskEvent, ...]:
        """The events since the last call; `count` more bytes came from the pod."""
        events, self._events = tuple(self._events), []
        self._taken += count
        return events
