"""Mask events of a terminal: each masked stretch is reported once, not at every redraw."""

from __future__ import annotations

from collections import Counter

from bastion.core.masking.look import Look
from bastion.core.masking.pair import Reading
from bastion.core.masking.tally import Tally
from bastion.model.masks import MaskEvent


class Sightings:
    """Offsets count the bytes that the pod had sent when the mask was made.

    A stretch that was reported as appended text is not reported again when the screens are built.
    """

    def __init__(self) -> None:
        self._taken = 0
        self._seen: Counter[tuple[str, int]] = Counter()
        self._events: list[MaskEvent] = []
        self._tally = Tally()
        self._base = 0

    def rebase(self, position: int) -> None:
        """The linear tier starts again; its positions count from what was read into it."""
        self.end()
        self._base = self._taken - position

    def linear(self, reading: Reading, data: bytes) -> None:
        """Covers of appended text, whose last bytes are `data`; the parts of one stretch are joined."""
        start = reading.end - len(data)
        covers = sorted(
            (max(low, start), high, source) for low, high, source in reading.covers if high > start
        )
        if covers or not self._tally.idle:
            self._append(self._tally.note(covers, reading.end, data, start))

    def screen(self, look: Look) -> None:
        """The masks on a screen; those that stood there before are not reported again."""
        self.end()
        if not look.masks and not self._seen:
            return
        now: Counter[tuple[str, int]] = Counter()
        for mask in look.masks:
            key = (mask.source, mask.length)
            now[key] += 1
            if now[key] > self._seen[key]:
                self._events.append(
                    MaskEvent(mask.source, mask.length, self._taken, mask.row, mask.column, mask.text)
                )
        self._seen = now

    def end(self) -> None:
        """No text is appended any more: the stretch that was open is reported."""
        self._append(self._tally.close())

    def taken(self, count: int) -> tuple[MaskEvent, ...]:
        """The events since the last call; `count` more bytes came from the pod."""
        events, self._events = tuple(self._events), []
        self._taken += count
        return events

    def _append(self, events: list[MaskEvent]) -> None:
        for event in events:
            self._seen[event.source, event.length] += 1
            place = max(0, event.offset + self._base)
            self._events.append(MaskEvent(event.source, event.length, place, text=event.text))
