"""What a masked scalar looks like: the same length and type, and for base64 still base64.

A mask that is shorter than the scalar (escapes go) is followed by spaces behind the closing quote, so
a body keeps its length.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from bastion.core.masking.fields.grammar import pieces, spread, text_of, written

Ranges = Sequence[tuple[int, int]]
_STAR = 0x2A
_CODED = b"Kioq"
_STRUCTURE = frozenset(b'{}[]:,"\\')


def starred(raw: bytes) -> bytes:
    """A whole string's body."""
    return b"*" * len(raw)


def coded(text: bytes) -> bytes:
    """Base64 of asterisks as long as the base64 `text` (RFC 4648 section 4), or a little shorter."""
    size, rest = divmod(len(text), 4)
    short = len(text) - len(text.rstrip(b"=")) if not rest else 0
    return base64.b64encode(b"*" * max(0, size * 3 - min(short, 2)))


def stars(raw: bytes, ranges: Ranges, *, base64_text: bool) -> bytes:
    """A string's body with ranges of its text masked; an escape is masked whole."""
    out = bytearray(raw)
    for _, _, at, size in spread(raw, ranges):
        out[at : at + size] = b"*" * size
    if base64_text:
        return bytes(
            _CODED[i % 4] if b == _STAR and old != _STAR else b
            for i, (b, old) in enumerate(zip(out, raw, strict=True))
        )
    return bytes(out)


def number(raw: bytes, ranges: Ranges) -> bytes:
    """A JSON number with masked digits as 0, its first as 1 where no number begins with 0."""
    out = bytearray(raw)
    for low, high in ranges:
        for i in range(low, high):
            if 0x30 <= out[i] <= 0x39:
                out[i] = 0x30
    first = 1 if out[:1] == b"-" else 0
    if out[first : first + 1] == b"0" and out[first + 1 : first + 2].isdigit():
        out[first] = 0x31
    return bytes(out)


def rewritten(raw: bytes, text: bytes) -> bytes:
    """A string's body that now says `text`, as long as its old text; what stays stays as written."""
    old = text_of(raw)
    out = []
    for start, size, at, length in pieces(raw) if b"\\" in raw else ((0, len(raw), 0, len(raw)),):
        new = text[start : start + size]
        same = new == old[start : start + size]
        out.append(raw[at : at + length] if same else _escaped(new))
    return b"".join(out)


def over(nested: bytes, old: bytes, ranges: Ranges) -> bytes:
    """A masked inner document, masked further where the outer search found more; still a document."""
    out = bytearray(nested)
    for low, high in ranges:
        for i in range(low, high):
            if out[i] == old[i] and out[i] not in _STRUCTURE and out[i] > 0x20:
                out[i] = 0x30 if 0x30 <= out[i] <= 0x39 else _STAR
    return bytes(out)


def padded(body: bytes, room: int) -> bytes:
    """A string scalar with its quotes in exactly `room` bytes, the rest of them spaces."""
    return (b'"' + body + b'"').ljust(room)


def _escaped(text: bytes) -> bytes:
    try:
        return written(text)
    except UnicodeDecodeError:
        return b"*" * len(text)
