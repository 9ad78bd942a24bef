"""The maskers of one channel together: a terminal, or two streams and what they make joined.

It shares between them what was shown of each value, watches for guesses, and tells of both.
"""

from __future__ import annotations

from bastion.core.masking.exposure import Exposure, Strict
from bastion.core.masking.guesses import Guesses
from bastion.core.masking.joint import Joint, Piece
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.stream import StreamMasker
from bastion.core.masking.terminal import TerminalMasker
from bastion.model.events import Stream
from bastion.model.masks import Alert, KnownValue, Masked
from bastion.model.request import Size

FISHED = "somebody goes on guessing at a masked value"


class Outlet:
    """Lives as long as its channel. Every call answers with what may leave, in this order.

    `alerts` are taken by whoever tells of them; `failed` says why nothing more may leave.
    """

    def __init__(self, patterns: Patterns, size: Size | None) -> None:
        self._patterns = patterns
        self._terminal = TerminalMasker(patterns, size.cols, size.rows) if size else None
        self._streams = {} if size else {"out": StreamMasker(patterns), "err": StreamMasker(patterns)}
        self._joint = Joint(patterns)
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
        each = (*(masker.deadline for masker in self._streams.values()), self._joint.deadline)
        return min((at for at in each if at is not None), default=None)

    @property
    def released(self) -> int:
        """Bytes of undecided matches that left because a program talks both ways."""
        joint = self._joint.masker.released if self._joint.masker else 0
        return joint + sum(masker.released for masker in self._streams.values())

    def duplex(self, *, on: bool) -> None:
        """Whether the program that runs talks both ways, so that an endless hold would stop it."""
        self._joint.duplex = on
        for masker in (*self._streams.values(), *((self._joint.masker,) if self._joint.masker else ())):
            masker.duplex = on

    def feed(self, stream: Stream, data: bytes, at: float) -> list[Piece]:
        """Output of the pod, or of the line editor."""
        fished = self._guesses.feed(data, at)
        if fished:
            self._alert(fished.value, "guesses", fished.count, final=fished.final)
            self._fished = FISHED if fished.final else ""
        if self._fished:
            return []
        if self._terminal:
            pieces: list[Piece] = [("out", self._terminal.feed(data, at))]
        else:
            pieces = self._join(stream, self._streams[stream].feed(data, at), at)
        self._count()
        return pieces

    def own(self, data: bytes, at: float) -> list[Piece]:
        """A line of the bastion itself on the terminal."""
        return [("out", self._terminal.feed(data, at))] if self._terminal else []

    def tick(self, at: float) -> list[Piece]:
        """Time passed."""
        if self._terminal:
            return [("out", self._terminal.tick(at))]
        parts = [self._join(name, self._streams[name].tick(at), at) for name in self._names]
        return [*(piece for part in parts for piece in part), *self._joint.tick(at)]

    def resize(self, size: Size, at: float) -> list[Piece]:
        """The terminal has another size."""
        return [("out", self._terminal.resize(size.cols, size.rows, at))] if self._terminal else []

    def replace(self, patterns: Patterns) -> None:
        """More values are known from here on."""
        self._patterns = patterns
        self._guesses.replace(patterns.values)
        self._joint.replace(patterns)
        for masker in self._maskers():
            masker.replace(patterns)

    def close(self, at: float) -> list[Piece]:
        """The end of output: one non-matching byte; what was held goes out or is masked."""
        if self._terminal:
            return [("out", self._terminal.close(at))]
        parts = [self._join(name, self._streams[name].close(at), at) for name in self._names]
        return [*(piece for part in parts for piece in part), *self._joint.close(at)]

    def value_of(self, stream: Stream, source: str) -> KnownValue | None:
        """The value that a mask event's source stands for; None for a detector."""
        known = self._patterns.value_of(source)
        masker = self._terminal or self._streams[stream]
        return known or next((value for value in masker.lessons if value.ref == source), None)

    @property
    def _names(self) -> tuple[Stream, ...]:
        return ("out", "err") if self._streams else ()

    def _maskers(self) -> list[StreamMasker | TerminalMasker]:
        return [self._terminal] if self._terminal else list(self._streams.values())

    def _join(self, stream: Stream, masked: Masked, at: float) -> list[Piece]:
        told: list[Piece] = [(stream, Masked(b"", masked.events))] if masked.events else []
        return told + self._joint.feed(stream, masked.data, at, tuple(self._strict.values()))

    def _count(self) -> None:
        """What one masker showed counts for all of them."""
        if self._terminal:
            watch = self._terminal.watch
            self._exposure = watch.exposure
            for value in watch.strict:
                self._alert(value, "pieces", self._exposure.pieces.get(value.value, 0))
            return
        parts = [masker.exposure for masker in self._streams.values()] + [self._joint.exposure]
        if not any(part.symbols for part in parts):
            return
        for part in parts:
            self._exposure = self._exposure.joined(part)
        found: list[Strict] = [*self._joint.strict, *self._exposure.excess()]
        for masker in self._streams.values():
            found += masker.strict
        for one in found:
            value = KnownValue(one.ref, one.origin)
            self._alert(value, "pieces", self._exposure.pieces.get(one.origin, 0) + 1)

    def _alert(self, value: KnownValue, why: str, count: int, *, final: bool = False) -> None:
        """Tell of it once, and show nothing of the value anywhere from here on."""
        if value.value in self._strict and not final:
            return
        shown = self._exposure.spent(value.value)
        self.alerts.append(Alert(value.ref, why, count, shown, value.value, final=final))
        self._strict[value.value] = value
        for masker in self._maskers():
            masker.tighten(value)
        if self._joint.masker:
            self._joint.masker.tighten(value)
