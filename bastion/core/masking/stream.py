"""Masking a byte stream without a terminal: stdout, stderr or a log, at equal length.

Two views are searched: the bytes themselves, and the text that a terminal would keep of them. Where
neither finds or awaits anything, the bytes leave as they came. What may still become a secret waits
for the next byte, without a limit in time; memory is bounded by what a match needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from bastion.core.masking.finder import Cover
from bastion.core.masking.pair import Pair
from bastion.core.masking.patterns import Patterns
from bastion.model.masks import KnownValue, Masked, MaskEvent

HOLD_LIMIT = 64 * 1024
STARS = bytes(b if b in b"\t\n\r " else 0x2A for b in range(256))


class Tally:
    """Joins covers into one event for each masked span, however the output was cut."""

    def __init__(self) -> None:
        self._open: tuple[int, int, str] | None = None

    def note(self, covers: Sequence[Cover], upto: int) -> tuple[MaskEvent, ...]:
        """Covers that were masked, sorted; output has reached `upto`."""
        events = []
        for start, end, source in covers:
            if self._open is not None and start <= self._open[1]:
                self._open = (self._open[0], max(self._open[1], end), self._open[2])
            else:
                events += self._flush()
                self._open = (start, end, source)
        if self._open is not None and self._open[1] < upto:
            events += self._flush()
        return tuple(events)

    def close(self) -> tuple[MaskEvent, ...]:
        """The span that was open."""
        return tuple(self._flush())

    def _flush(self) -> list[MaskEvent]:
        if self._open is None:
            return []
        start, end, source = self._open
        self._open = None
        return [MaskEvent(source, end - start, start)]


class StreamMasker:
    """One for each stream. Same bytes out for the same bytes in, however they are cut (P5)."""

    def __init__(self, patterns: Patterns) -> None:
        self._pair = Pair(patterns)
        self._held = b""
        self._sent = 0
        self._covers: list[Cover] = []
        self._tally = Tally()

    def __repr__(self) -> str:
        return f"StreamMasker({self._sent} bytes sent, {len(self._held)} held)"

    def feed(self, data: bytes, at: float) -> Masked:  # noqa: ARG002 - the maskers share one signature
        """Mask `data`; what is undecided is kept back."""
        return self._run(data, final=False)

    def close(self, at: float) -> Masked:  # noqa: ARG002 - the maskers share one signature
        """The stream ended (one byte that matches nothing): everything held leaves, masked or clear."""
        done = self._run(b"", final=True)
        return Masked(done.data, done.events + self._tally.close())

    def replace(self, patterns: Patterns) -> None:
        """More values became known; they apply to what is held and to what comes."""
        self._pair.replace(patterns)

    @property
    def lessons(self) -> tuple[KnownValue, ...]:
        """The values that detectors masked by their context."""
        return self._pair.lessons

    def _run(self, data: bytes, *, final: bool) -> Masked:
        reading = self._pair.feed(data, final=final)
        self._covers += [cover for cover in reading.covers if cover[1] > self._sent]
        if reading.hold >= reading.end and not self._held and not self._covers:
            self._sent += len(data)
            return Masked(data, self._tally.note((), self._sent))
        return self._emit(self._held + data, reading.hold)

    def _emit(self, pending: bytes, waiting: int) -> Masked:
        if len(pending) - (waiting - self._sent) > HOLD_LIMIT:
            end = self._sent + len(pending)
            self._covers.append((waiting, end, "overlong"))
            waiting = end
        out = bytearray(pending[: waiting - self._sent])
        covers = sorted({(max(a, self._sent), min(b, waiting), s) for a, b, s in self._covers if a < waiting})
        for start, end, _ in covers:
            low, high = start - self._sent, end - self._sent
            out[low:high] = out[low:high].translate(STARS)
        self._held = pending[len(out) :]
        self._sent = waiting
        self._covers = [cover for cover in self._covers if cover[1] > waiting]
        return Masked(bytes(out), self._tally.note(covers, waiting))
