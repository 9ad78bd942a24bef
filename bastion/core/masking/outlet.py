"""The maskers of one channel together: a terminal, or two streams and what they make joined.

It shares between them what was shown of each value, watches for guesses, and tells of both.
"""

from __future__ import annotations

from bastion.core.masking.exposure import Exposure
from bastion.core.masking.guesses import Guesses
from bastion.core.masking.joint import Joint, Piece
from bastion.core.masking.lessons import Lessons
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.stream import StreamMasker
from bastion.core.masking.terminal import TerminalMasker
from bastion.model.events import Stream
from bastion.model.masks import Alert, KnownValue, Masked
from bastion.model.request import Size

FISHED = "somebody goes on fishing for masked values"
MOST_STRICT = 64


class Outlet:
    """Lives as long as its channel. Every call answers with what may leave, in this order.

    `alerts` are taken by whoever tells of them; `failed` says why nothing more may leave.
    """

    def __init__(self, patterns: Patterns, size: Size | None) -> None:
        self._patterns = patterns
        self._terminal = TerminalMasker(patterns, size.cols, size.rows) if size else None
        self._streams: dict[Stream, StreamMasker] = {}
        if not size:
            self._streams = {"out": StreamMasker(patterns), "err": StreamMasker(patterns)}
        self._came, self._leaves = Joint(patterns), Joint(patterns)
        self._lessons = Lessons()
        self._guesses = Guesses(patterns.values)
        self._exposure = Exposure()
        self._strict: dict[bytes, KnownValue] = {}
        self._fished = ""
        self.alerts: list[Alert] = []

    @property
    def failed(self) -> str:
        """Why nothing more may be delivered, or empty."""
        return self._fished or (self._terminal.failed if self._terminal else "")

    @property
    def deadline(self) -> float | None:
        """When `tick` must be called."""
        if self._terminal:
            return self._terminal.deadline
        each = [part.deadline for part in self._parts]
        return min((at for at in each if at is not None), default=None)

    @property
    def released(self) -> int:
        """Bytes of undecided matches that left because a program talks both ways."""
        return sum(part.released for part in self._parts)

    def duplex(self, *, on: bool) -> None:
        """Whether the program that runs talks both ways, so that an endless hold would stop it."""
        for part in self._parts:
            part.duplex = on

    def feed(self, stream: Stream, data: bytes, at: float) -> list[Piece]:
        """Output of the pod, or of the line editor."""
        fished = self._guesses.feed(data, at)
        if fished:
            self._alert(fished.value, "guesses", fished.count, final=fished.final)
            self._fished = FISHED if fished.final else self._fished
        if self._fished:
            return []
        if self._terminal:
            pieces: list[Piece] = [("out", self._terminal.feed(data, at))]
        else:
            pieces = self._through(self._came.feed(stream, data, at, self._known_strict), at)
            self._share()
        self._count()
        return pieces

    def own(self, data: bytes, at: float) -> list[Piece]:
        """A line of the bastion itself on the terminal."""
        return [("out", self._terminal.feed(data, at))] if self._terminal else []

    def tick(self, at: float) -> list[Piece]:
        """Time passed."""
        if self._terminal:
            return [("out", self._terminal.tick(at))]
        pieces = self._through(self._came.tick(at), at)
        for name, masker in self._streams.items():
            pieces += self._join(name, masker.tick(at), at)
        pieces += self._leaves.tick(at)
        self._count()
        return pieces

    def resize(self, size: Size, at: float) -> list[Piece]:
        """The terminal has another size."""
        return [("out", self._terminal.resize(size.cols, size.rows, at))] if self._terminal else []

    def replace(self, patterns: Patterns) -> None:
        """More values are known from here on."""
        self._patterns = patterns
        self._guesses.replace(patterns.values)
        taught = self.taught
        for masker in self._maskers():
            masker.replace(taught)

    @property
    def taught(self) -> Patterns:
        """The patterns with what the streams learned."""
        return self._lessons.added_to(self._patterns)

    def _share(self) -> None:
        """What one stream learned holds on the other; the one that learned it knows it already."""
        for learner in self._streams.values():
            if self._lessons.hear(learner.lessons):
                taught = self.taught
                for masker in self._parts:
                    if masker is not learner:
                        masker.replace(taught)

    @property
    def exposure(self) -> Exposure:
        """What was shown of known values, over all maskers."""
        return self._exposure

    def remember(self, exposure: Exposure) -> None:
        """What this person was shown before; of values of which it was too much nothing is shown."""
        self._exposure = self._exposure.joined(exposure)
        if self._terminal:
            self._terminal.shown.exposure = self._exposure
        for masker in self._streams.values():
            masker.remember(exposure)
        for one in exposure.excess():
            self._alert(KnownValue(one.ref, one.origin), "pieces", exposure.pieces.get(one.origin, 0))

    def close(self, at: float) -> list[Piece]:
        """The end of output: one non-matching byte; what was held goes out or is masked."""
        if self._terminal:
            last = self._terminal.close(at)
            self._count()
            return [("out", last)]
        pieces = self._through(self._came.close(at), at)
        for name, masker in self._streams.items():
            pieces += self._join(name, masker.close(at), at)
        pieces += self._leaves.close(at)
        self._count()
        return pieces

    def value_of(self, stream: Stream, source: str) -> KnownValue | None:
        """The value that a mask event's source stands for; None for a detector."""
        known = self._patterns.value_of(source)
        masker = self._terminal or self._streams[stream]
        return known or next((value for value in masker.lessons if value.ref == source), None)

    @property
    def _known_strict(self) -> tuple[KnownValue, ...]:
        return tuple(self._strict.values())

    @property
    def _parts(self) -> list[StreamMasker | Joint]:
        return [*self._streams.values(), self._came, self._leaves] if self._streams else []

    def _maskers(self) -> list[StreamMasker | TerminalMasker | Joint]:
        return [self._terminal] if self._terminal else [*self._parts]

    def _through(self, pieces: list[Piece], at: float) -> list[Piece]:
        """What both streams together let pass, through the masker of each."""
        for stream, (start, end, source) in self._came.early():
            self._streams[stream].cover(start, end, source)
        done: list[Piece] = []
        for stream, masked in pieces:
            done += [(stream, Masked(b"", masked.events))] if masked.events else []
            done += self._join(stream, self._streams[stream].feed(masked.data, at), at)
        return done

    def _join(self, stream: Stream, masked: Masked, at: float) -> list[Piece]:
        told: list[Piece] = [(stream, Masked(b"", masked.events))] if masked.events else []
        return told + self._leaves.feed(stream, masked.data, at, self._known_strict)

    def _count(self) -> None:
        """What one masker showed counts for all of them."""
        if self._terminal:
            watch = self._terminal.shown
            self._exposure = watch.exposure
            for value in watch.strict:
                self._alert(value, "pieces", self._exposure.pieces.get(value.value, 0))
            return
        parts = self._parts
        if not any(part.exposure.symbols for part in parts):
            return
        for part in parts:
            self._exposure = self._exposure.joined(part.exposure)
        found = [strict for part in parts for strict in part.strict]
        for one in (*found, *self._exposure.excess()):
            value = KnownValue(one.ref, one.origin)
            self._alert(value, "pieces", self._exposure.pieces.get(one.origin, 0) + 1)

    def _alert(self, value: KnownValue, why: str, count: int, *, final: bool = False) -> None:
        """Tell of it once, and show nothing of the value anywhere from here on."""
        if value.value in self._strict and not final:
            return
        shown = self._exposure.spent(value.value)
        self.alerts.append(Alert(value.ref, why, count, shown, value.value, final=final))
        self._strict[value.value] = value
        if len(self._strict) > MOST_STRICT:
            self._fished = FISHED
        for masker in self._maskers():
            masker.tighten(value)
