"""What masking is told and what it reports: known values in, mask events out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A value that must never leave in clear. `ref` is opaque; it never names the Secret."""

    ref: str
    value: bytes

    def __repr__(self) -> str:
        """The value never stands in a log or a traceback."""
        return f"KnownValue(ref={self.ref!r}, {len(self.value)} bytes)"


@dataclass(frozen=True, slots=True)
class MaskEvent:
    """One masked span: `source` is a detector id or an opaque reference, `length` is in bytes.

    `offset` counts the bytes of this stream before the span (0-based).
    """

    source: str
    length: int
    offset: int


@dataclass(frozen=True, slots=True)
class Masked:
    """What may leave now, and what was masked in it."""

    data: bytes = b""
    events: tuple[MaskEvent, ...] = ()
