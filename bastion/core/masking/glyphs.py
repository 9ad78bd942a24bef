"""Masks in place: as many columns as the glyphs they replace."""

from __future__ import annotations

from bastion.core.masking.pair import Reading
from bastion.core.masking.row import width


def in_place(data: bytes, reading: Reading) -> bytes:
    """`data`, the last bytes that were read, with its covers masked at equal width."""
    base = reading.end - len(data)
    out: list[bytes] = []
    at = 0
    for start, end in _joined(reading, base):
        out += [data[at:start], _stars(data[start:end])]
        at = max(at, end)
    out.append(data[at:])
    return b"".join(out)


def _joined(reading: Reading, base: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for start, end, _ in sorted(reading.covers):
        low, high = max(start - base, 0), end - base
        if spans and low <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(high, spans[-1][1]))
        elif high > low:
            spans.append((low, high))
    return spans


def _stars(piece: bytes) -> bytes:
    text = piece.decode("utf-8", "ignore")
    return "".join([c if c in "\t\r\n " else "*" * width(c) for c in text]).encode()
