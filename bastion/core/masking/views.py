"""Views of a byte stream: what stands in the bytes, and what a terminal would keep of them as text.

Both drop control characters and zero-width characters (they hide inside words); the text view drops
escape sequences too (ECMA-48, both C1 forms in UTF-8). A view maps its text back to the bytes.

    GROUND ─ESC▶ ESCAPE ─[▶ CSI ─final▶ GROUND
                    └─]PX^_▶ STRING ─BEL (OSC), ST, CAN, SUB▶ GROUND;   ESC restarts anywhere
"""

from __future__ import annotations

import re
from bisect import bisect_right
from copy import copy
from enum import Enum

from bastion.core.masking.finder import Finder, Found
from bastion.core.masking.patterns import Patterns

CONTROLS = bytes(b for b in range(0x20) if b not in b"\t\n\r") + b"\x7f"
_ZERO = (
    rb"\xc2[\x80-\x9f\xad]|\xcc[\x80-\xbf]|\xcd[\x80-\xaf]|\xe1\xa0\x8e|\xe1\xaa[\xb0-\xbf]|\xe1\xb7[\x80-\xbf]"
    rb"|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xe2\x83[\x90-\xbf]|\xef\xb8[\x80-\x8f\xa0-\xaf]"
    rb"|\xef\xbb\xbf|\xf3\xa0[\x80-\x87][\x80-\xbf]"
)
_DROPPED = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+|" + _ZERO)
_HIDDEN = re.compile(_ZERO)
_CUT = re.compile(
    rb"(?:[\xc2\xcc\xcd]|\xe1[\xa0\xaa\xb7]?|\xe2[\x80\x81\x83]?|\xef[\xb8\xbb]?|\xf3(?:\xa0[\x80-\x87]?)?)\Z"
)
_CSI_BODY = re.compile(rb"[\x00-\x17\x19\x1c-\x3f\x7f]*")
_STRING_END = {
    True: re.compile(rb"[\x07\x18\x1a\x1b]|\xc2\x9c"),
    False: re.compile(rb"[\x18\x1a\x1b]|\xc2\x9c"),
}


class Mode(Enum):
    """Where in a sequence the text view stands."""

    GROUND = 0
    ESCAPE = 1
    BETWEEN = 2
    CSI = 3
    OSC = 4
    STRING = 5


_C1 = {b"\xc2\x9b": Mode.CSI, b"\xc2\x9d": Mode.OSC} | dict.fromkeys(
    (b"\xc2\x90", b"\xc2\x98", b"\xc2\x9e", b"\xc2\x9f"), Mode.STRING
)


class View:
    """One reading of one stream, with its finder. Byte positions count from the stream's start."""

    def __init__(self, patterns: Patterns, *, escapes: bool) -> None:
        self.finder = Finder(patterns)
        self._escapes = escapes
        self._mode = Mode.GROUND
        self._cut = b""
        self._texts: list[int] = []
        self._bytes: list[tuple[int, int]] = []

    @property
    def idle(self) -> bool:
        """Whether nothing waits and no sequence is open."""
        return self._mode is Mode.GROUND and not self._cut and self.finder.quiet

    @property
    def half(self) -> int:
        """How many bytes at the end are the first part of a character that may be invisible."""
        return len(self._cut)

    def copy(self, *, escapes: bool | None = None) -> View:
        """A view that goes on from here by itself; with `escapes`, reading sequences from now on."""
        other = copy(self)
        other.finder = self.finder.copy()
        other._escapes = self._escapes if escapes is None else escapes  # noqa: SLF001 - the same class
        other._texts, other._bytes = list(self._texts), list(self._bytes)  # noqa: SLF001 - the same class
        return other

    def feed(self, data: bytes, start: int, *, final: bool = False) -> Found:
        """Read bytes that stand at `start`; the answer's positions are byte positions."""
        if self._cut:
            data, start = self._cut + data, start - len(self._cut)
            self._cut = b""
        if self._mode is Mode.GROUND and _is_plain(data):
            return self._found(self._take(data, start, final=final), start + len(data), final=final)
        pieces = self._kept(data, final=final)
        at = self.finder.position
        for a, b in pieces:
            self._note(at, start + a, b - a)
            at += b - a
        text = b"".join([data[a:b] for a, b in pieces])
        end = start + len(data)
        return self._found(self.finder.feed(text, final=final), end, final=final)

    def _take(self, data: bytes, start: int, *, final: bool) -> Found:
        self._note(self.finder.position, start, len(data))
        return self.finder.feed(data, final=final)

    def _note(self, text: int, byte: int, length: int) -> None:
        if self._texts and byte == sum(self._bytes[-1]):
            self._bytes[-1] = (self._bytes[-1][0], self._bytes[-1][1] + length)
        elif length:
            self._texts.append(text)
            self._bytes.append((byte, length))

    def _found(self, found: Found, end: int, *, final: bool) -> Found:
        covers = [
            (a, b, source) for first, last, source in found.covers for a, b in self._spread(first, last)
        ]
        hold = end if final or found.hold >= self.finder.position else self._byte(found.hold)
        keep = bisect_right(self._texts, found.hold) - 1
        if keep > 0:
            del self._texts[:keep], self._bytes[:keep]
        return Found(covers, hold)

    def _byte(self, text: int) -> int:
        piece = max(0, bisect_right(self._texts, text) - 1)
        return self._bytes[piece][0] + text - self._texts[piece]

    def _spread(self, first: int, last: int) -> list[tuple[int, int]]:
        out = []
        piece = max(0, bisect_right(self._texts, first) - 1)
        while piece < len(self._texts) and self._texts[piece] < last:
            text, (byte, length) = self._texts[piece], self._bytes[piece]
            low, high = max(first, text), min(last, text + length)
            if low < high:
                out.append((byte + low - text, byte + high - text))
            piece += 1
        return out

    def _kept(self, data: bytes, *, final: bool) -> list[tuple[int, int]]:
        pieces: list[tuple[int, int]] = []
        at = 0
        while at < len(data):
            at = (
                self._ground(data, at, pieces, final=final)
                if self._mode is Mode.GROUND
                else self._sequence(data, at)
            )
        return pieces

    def _ground(self, data: bytes, at: int, pieces: list[tuple[int, int]], *, final: bool) -> int:
        for match in _DROPPED.finditer(data, at):
            if match.start() > at:
                pieces.append((at, match.start()))
            at = match.end()
            if self._escapes:
                escape = data.find(b"\x1b", match.start(), at)
                self._mode = Mode.ESCAPE if escape >= 0 else _C1.get(match[0], Mode.GROUND)
                if self._mode is not Mode.GROUND:
                    return escape + 1 if escape >= 0 else at
        end = len(data)
        cut = None if final else _CUT.search(data, max(at, end - 3))
        if cut:
            self._cut = cut[0]
            end = cut.start()
        if end > at:
            pieces.append((at, end))
        return len(data)

    def _sequence(self, data: bytes, at: int) -> int:
        if self._mode in {Mode.OSC, Mode.STRING}:
            match = _STRING_END[self._mode is Mode.OSC].search(data, at)
            if match is None:
                return len(data)
            self._mode = Mode.ESCAPE if match[0] == b"\x1b" else Mode.GROUND
            return match.end()
        if self._mode is Mode.CSI:
            body = _CSI_BODY.match(data, at)
            at = body.end() if body else at
            if at == len(data):
                return at
        byte = data[at]
        if byte in b"\x18\x1a" or byte >= 0x80:
            self._mode = Mode.GROUND
            return at + (byte < 0x80)
        if byte == 0x1B:
            self._mode = Mode.ESCAPE
        elif self._mode is Mode.CSI:
            self._mode = Mode.GROUND
        elif byte >= 0x20 and byte != 0x7F:
            self._mode = self._after_escape(byte)
        return at + 1

    def _after_escape(self, byte: int) -> Mode:
        if byte < 0x30:
            return Mode.BETWEEN
        if self._mode is Mode.BETWEEN:
            return Mode.GROUND
        return {0x5B: Mode.CSI, 0x5D: Mode.OSC}.get(byte, Mode.STRING if byte in b"PX^_" else Mode.GROUND)


def _is_plain(data: bytes) -> bool:
    if len(data.translate(None, CONTROLS)) != len(data):
        return False
    return data.isascii() or not (_HIDDEN.search(data) or _CUT.search(data, max(0, len(data) - 3)))
