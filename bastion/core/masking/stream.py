"""Masking a byte stream without a terminal: stdout, stderr or a log, at equal length.

Two views are searched: the bytes themselves, and the text that a terminal would keep of them. Where
neither finds or awaits anything, the bytes leave as they came. What may still become a secret waits
for the next byte, without a limit in time; memory is bounded by what a match needs.
"""

from __future__ import annotations

from bastion.core.masking.exposure import Exposure, Strict
from bastion.core.masking.finder import Cover
from bastion.core.masking.pair import Pair
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.tally import Tally
from bastion.model.masks import KnownValue, Masked

HOLD_LIMIT = 64 * 1024
DUPLEX_WAIT = 0.2
DUPLEX_BYTES = 4
STARS = bytes(b if b in b"\t\n\r " else 0x2A for b in range(256))


class StreamMasker:
    """One for each stream. Same bytes out for the same bytes in, however they are cut (P5).

    `duplex`: a program that talks both ways; where it waits for an answer to what is held, an endless
    hold would be a deadlock. Then at most `DUPLEX_BYTES` of any match leave `DUPLEX_WAIT` seconds after
    they came; the match goes on, and `released` counts them. `early` are covers of the text before.
    """

    def __init__(self, patterns: Patterns) -> None:
        self._pair = Pair(patterns)
        self._held = b""
        self._sent = self._began = 0
        self.early: list[Cover] = []
        self._covers: list[Cover] = []
        self._tally = Tally()
        self._fresh = True
        self.duplex = False
        self.deadline: float | None = None
        self.released = 0

    @classmethod
    def after(cls, patterns: Patterns, text: bytes) -> StreamMasker:
        """A masker for what follows `text`, which has left already."""
        masker = cls(patterns)
        masker._pair.feed(text)
        masker._sent = masker._began = len(text)
        return masker

    def __repr__(self) -> str:
        return f"StreamMasker({self._sent} bytes sent, {len(self._held)} held)"

    @property
    def quiet(self) -> bool:
        """Whether nothing is held."""
        return not self._held

    def feed(self, data: bytes, at: float) -> Masked:
        """Mask `data`; what is undecided is kept back."""
        done = self._run(data, final=False)
        if not (self._held and self.duplex):
            self.deadline = None
        elif self._fresh and self.deadline is None:
            self.deadline = at + DUPLEX_WAIT
        return done

    def tick(self, at: float) -> Masked:
        """Time passed: of a duplex program's match a few bytes leave, once for each match."""
        if not self.duplex or self.deadline is None or at < self.deadline:
            return Masked()
        self.deadline, self._fresh = None, False
        out, self._held = self._held[:DUPLEX_BYTES], self._held[DUPLEX_BYTES:]
        self._sent += len(out)
        self.released += len(out)
        return Masked(out)

    def close(self, at: float) -> Masked:  # noqa: ARG002 - the maskers share one signature
        """The stream ended (one byte that matches nothing): everything held leaves, masked or clear."""
        done = self._run(b"", final=True)
        return Masked(done.data, (*done.events, *self._tally.close()))

    def cover(self, start: int, end: int, source: str) -> None:
        """Somebody else found that these bytes of the stream are secret; those still held are masked."""
        if end > self._sent and start < self._sent + len(self._held):
            self._covers.append((start, min(end, self._sent + len(self._held)), source))

    def replace(self, patterns: Patterns) -> None:
        """More values became known; they apply to what is held and to what comes."""
        self._pair.replace(patterns)

    def tighten(self, value: KnownValue) -> None:
        """Nothing is shown of the value from the next byte on, and output waits for the end of its line."""
        self._pair.tighten(value)

    def remember(self, exposure: Exposure) -> None:
        """What was shown elsewhere in the session counts here too."""
        self._pair.remember(exposure)

    @property
    def exposure(self) -> Exposure:
        """What this stream showed of known values."""
        return self._pair.exposure

    @property
    def strict(self) -> tuple[Strict, ...]:
        """The values of which too much was shown."""
        return self._pair.strict

    @property
    def lessons(self) -> tuple[KnownValue, ...]:
        """The values that detectors masked by their context."""
        return self._pair.lessons

    def _run(self, data: bytes, *, final: bool) -> Masked:
        reading = self._pair.feed(data, final=final)
        self._covers += [cover for cover in reading.covers if cover[1] > self._sent]
        if self._began:
            self.early += [(a, min(b, self._began), s) for a, b, s in reading.covers if a < self._began]
        if reading.hold >= reading.end and not (self._held or self._covers or self._pair.strict):
            self._sent += len(data)
            self._fresh = True
            return Masked(data, tuple(self._tally.note((), self._sent)))
        waiting = max(reading.hold, self._sent)
        pending = self._held + data
        if self._pair.strict and not (final or self.duplex):
            waiting = self._whole_lines(pending, waiting)
        return self._emit(pending, waiting)

    def _whole_lines(self, pending: bytes, waiting: int) -> int:
        """Of a session that is fished in, whole lines leave: when a line waits tells nothing."""
        end = pending.rfind(b"\n", 0, waiting - self._sent)
        return waiting if len(pending) > HOLD_LIMIT // 2 else self._sent + end + 1

    def _emit(self, pending: bytes, waiting: int) -> Masked:
        if len(pending) - (waiting - self._sent) > HOLD_LIMIT:
            end = self._sent + len(pending)
            self._covers.append((waiting, end, "overlong"))
            waiting = end
        self._fresh = self._fresh or waiting > self._sent
        out = bytearray(pending[: waiting - self._sent])
        covers = sorted({(max(a, self._sent), min(b, waiting), s) for a, b, s in self._covers if a < waiting})
        for start, end, _ in covers:
            low, high = start - self._sent, end - self._sent
            out[low:high] = out[low:high].translate(STARS)
        base, self._held = self._sent, pending[len(out) :]
        self._sent = waiting
        self._covers = [cover for cover in self._covers if cover[1] > waiting]
        return Masked(bytes(out), tuple(self._tally.note(covers, waiting, pending, base)))
