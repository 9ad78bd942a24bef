"""What masking is told and what it reports: known values in; mask events and alerts out."""

from __future__ import annotations

from dataclasses import dataclass, field

from bastion.model.refusal import Refusal


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A value that must never leave in clear. `ref` is opaque; it never names the Secret.

    `mounted`: the pod itself can read the value; else it is known from elsewhere in its namespace.
    """

    ref: str
    value: bytes
    mounted: bool = True

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

    `offset` counts the bytes of this stream before the span (0-based). On a screen, where text has no
    order, `row` and `column` (0-based) say where it stood, and `offset` what had been read until then.
    `text` is what was masked, for a keyed id: it never leaves the core.
    """

    source: str
    length: int
    offset: int
    row: int | None = None
    column: int | None = None
    text: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Alert:
    """Somebody fishes for a value: `why` is "pieces" or "guesses", `count` how many there were.

    `symbols` counts those of the value that were shown; from here on the value is strict. `final`:
    it went on for so long that nothing more may leave.
    """

    ref: str
    why: str
    count: int
    symbols: int
    value: bytes = field(default=b"", repr=False)
    final: bool = False


@dataclass(frozen=True, slots=True)
class Masked:
    """What may leave now, and what was masked in it."""

    data: bytes = b""
    events: tuple[MaskEvent, ...] = ()
