"""What masking is told and what it reports: known values in, mask events out."""

from __future__ import annotations

from dataclasses import dataclass

from bastion.model.refusal import Refusal


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A value that must never leave in clear. `ref` is opaque; it never names the Secret."""

    ref: str
    value: bytes

    def __repr__(self) -> str:
        """The value never stands in a log or a traceback."""
        return f"KnownValue(ref={self.ref!r}, {len(self.value)} bytes)"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the Secrets that a container can reach. It only ever grows.

    `weak` are the references of values that are too short or too common to be masked by value.
    `unread` of `secrets` Secrets could not be read, and `why` says so without their names.
    """

    values: tuple[KnownValue, ...] = ()
    weak: tuple[str, ...] = ()
    secrets: int = 0
    unread: int = 0
    why: Refusal | None = None


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
