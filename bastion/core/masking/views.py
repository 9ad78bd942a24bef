"""Views of a byte stream: what stands in the bytes, and what a terminal would keep of them as text.

Both drop control characters and zero-width characters (they hide inside words); the text view drops
escape sequences too (ECMA-48, both C1 forms in UTF-8). A view maps its text back to the bytes.

    GROUND ─ESC▶ ESCAPE ─[▶ CSI ─final▶ GROUND
                    └─]PX^_▶ STRING ─BEL (OSC), ST, CAN, SUB▶ GROUND;   ESC restarts anywhere
"""

from __future__ import annotations

import re
from enum import Enum

from bastion.core.masking.finder import Finder, Found
from bastion.core.masking.mapping import Map
from bastion.core.masking.patterns import Patterns

CONTROLS = bytes(b for b in range(0x20) if b not in b"\t\n\r") + b"\x7f"
_LEADS = rb"\xc2\xcc\xcd\xe1\xe2\xef\xf3"
_ZERO = (
    rb"(?<=\xc2)[\x80-\x9f\xad]|(?<=\xcc)[\x80-\xbf]|(?<=\xcd)[\x80-\xaf]"
    rb"|(?<=\xe1)(?:\xa0\x8e|\xaa[\xb0-\xbf]|\xb7[\x80-\xbf])"
    rb"|(?<=\xe2)(?:\x80[\x8b-\x8f\xaa-\xae]|\x81[\xa0-\xaf]|\x83[\x90-\xbf])"
    rb"|(?<=\xef)(?:\xb8[\x80-\x8f\xa0-\xaf]|\xbb\xbf)|(?<=\xf3)\xa0[\x80-\x87][\x80-\xbf]"
)
_HIDDEN = re.compile(b"[" + _LEADS + b"](?:" + _ZERO + b")")
_DROPPED = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
    + _LEADS
    + rb"](?:(?<=[\x00-\x1f\x7f])[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*+|"
    + _ZERO
    + b")"
)
_CUT = re.compile(
    rb"(?:[\xc2\xcc\xcd]|\xe1[\xa0\xaa\xb7]?|\xe2[\x80\x81\x83]?|\xef[\xb8\xbb]?|\xf3(?:\xa0[\x80-\x87]?)?)\Z"
)
_CSI_BODY = re.compile(rb"[\x00-\x17\x19\x1c-\x3f\x7f]*")
_STRING_END = {
    True: re.compile(rb"[\x07\x18\x1a\x1b]|\xc2\x9c"),
    False: re.compile(rb"[\x18\x1a\x1b]|\xc2\x9c"),
}
_C0 = rb"[\x00-\x17\x19\x1c-\x1f\x7f]*+"
_CSI = rb"[\x00-\x17\x19\x1c-\x3f\x7f]*+(?:[\x40-\x7e\x18\x1a]|(?=[\x1b\x80-\xff]))"
_OSC = rb"(?:[^\x07\x18\x1a\x1b\xc2]++|\xc2(?!\x9c))*+(?:[\x07\x18\x1a]|\xc2\x9c|(?=\x1b))"
_OTHER = rb"(?:[^\x18\x1a\x1b\xc2]++|\xc2(?!\x9c))*+(?:[\x18\x1a]|\xc2\x9c|(?=\x1b))"
_SEQUENCES = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f" + _LEADS + rb"](?:"
    rb"(?<=\x1b)"
    + _C0
    + rb"(?:\["
    + _CSI
    + rb"|\]"
    + _OSC
    + rb"|[PX^_]"
    + _OTHER
    + rb"|[\x18\x1a]|(?=[\x1b\x80-\xff])"
    rb"|[\x20-\x2f][\x00-\x17\x19\x1c-\x2f\x7f]*+(?:[\x30-\x7e\x18\x1a]|(?=[\x1b\x80-\xff]))"
    rb"|[\x30-\x4f\x51-\x57\x59\x5a\x5c\x60-\x7e])"
    rb"|(?<=\xc2)(?:\x9b" + _CSI + rb"|\x9d" + _OSC + rb"|[\x90\x98\x9e\x9f]" + _OTHER + rb")"
    rb"|(?<=[\x00-\x1a\x1c-\x1f\x7f])[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]*+"
    rb"|(?!(?<=\xc2)[\x90\x98\x9b\x9d-\x9f])(?:" + _ZERO + rb"))"
)
_INTRODUCERS = rb"\xc2[\x90\x98\x9b\x9d-\x9f]"
_OPEN = re.compile(rb"\x1b|" + _INTRODUCERS)


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
        self._map = Map()

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
        other = object.__new__(View)
        other.__dict__.update(self.__dict__)
        other.finder = self.finder.copy()
        other._escapes = self._escapes if escapes is None else escapes
        other._map = self._map.copy()
        return other

    def feed(self, data: bytes, start: int, *, final: bool = False) -> Found:
        """Read bytes that stand at `start`; the answer's positions are byte positions."""
        if self._cut:
            data, start = self._cut + data, start - len(self._cut)
            self._cut = b""
        text = self._read(data, start, final=final)
        found = self.finder.feed(text, final=final)
        end = start + len(data)
        covers = [
            (a, b, source) for first, last, source in found.covers for a, b in self._map.spread(first, last)
        ]
        waits = not final and found.hold < self.finder.position
        hold = self._map.byte(found.hold) if waits else end
        self._map.forget(found.hold)
        return Found(covers, hold)

    def _read(self, data: bytes, start: int, *, final: bool) -> bytes:
        """The text of `data`; how it maps back is worked out only when it is asked for."""
        at = self.finder.position
        if self._mode is Mode.GROUND and _is_plain(data):
            self._map.add(at, start, len(data))
            return data
        cut = None if final else _CUT.search(data, max(0, len(data) - 3))
        body = data[: cut.start()] if cut else data
        head = b""
        if self._mode is Mode.GROUND:
            for end in (len(body), body.rfind(b"\x1b")):
                text = self._drop(body[:end]) if end >= 0 else None
                if text is not None:
                    self._map.defer(at, start, body[:end], self._dropped, len(text))
                    head, at, data, start = text, at + len(text), data[end:], start + end
                    break
        return head + self._walk(data, at, start, final=final)

    @property
    def _dropped(self) -> re.Pattern[bytes]:
        return _SEQUENCES if self._escapes else _DROPPED

    def _drop(self, data: bytes) -> bytes | None:
        """Data without what is not text; None when a sequence in it is not complete."""
        text = self._dropped.sub(b"", data)
        return None if self._escapes and _OPEN.search(text) else text

    def _walk(self, data: bytes, at: int, start: int, *, final: bool) -> bytes:
        pieces = self._kept(data, final=final)
        for low, high in pieces:
            self._map.add(at, start + low, high - low)
            at += high - low
        return b"".join([data[low:high] for low, high in pieces])

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


def visible(data: bytes) -> bytes:
    """The byte view of whole characters and sequences."""
    plain = data.translate(None, CONTROLS)
    return plain if plain.isascii() else _HIDDEN.sub(b"", plain)


def text_of(data: bytes) -> bytes:
    """The text view of bytes; of a sequence that is not complete, everything is text."""
    return _SEQUENCES.sub(b"", data)
