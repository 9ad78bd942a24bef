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
from bastion.core.masking.invisible import LEADS, ZERO, unfinished, visible, zero_width
from bastion.core.masking.mapping import Map
from bastion.core.masking.patterns import Patterns

_DROPPED = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
    + LEADS
    + rb"](?:(?<=[\x00-\x1f\x7f])[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*+|"
    + ZERO
    + b")"
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
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f" + LEADS + rb"](?:"
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
    rb"|(?!(?<=\xc2)[\x90\x98\x9b\x9d-\x9f])(?:" + ZERO + rb"))"
)
_INTRODUCERS = rb"\xc2[\x90\x98\x9b\x9d-\x9f]"
_OPEN = re.compile(rb"\x1b|" + _INTRODUCERS)
_COMMON = re.compile(rb"\x1b\[[\x20-\x3f]*+[\x40-\x7e]")


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
        cut = 0 if final else unfinished(data)
        self._cut = data[len(data) - cut :]
        text = self._read(data[: len(data) - cut], start)
        found = self.finder.feed(text, final=final)
        end = start + len(data)
        covers = [
            (a, b, source) for first, last, source in found.covers for a, b in self._map.spread(first, last)
        ]
        waits = not final and found.hold < self.finder.position
        hold = self._map.byte(found.hold) if waits else end
        self._map.forget(found.hold)
        return Found(covers, hold)

    def _read(self, data: bytes, start: int) -> bytes:
        """The text of `data`; how it maps back is worked out only when it is asked for."""
        texts: list[bytes] = []
        size = place = 0
        while place < len(data):
            if self._mode is not Mode.GROUND:
                place = self._sequence(data, place)
                continue
            text, end, after, dropped = self._ground(data, place, first=not texts)
            at = self.finder.position + size
            if len(text) == end - place:
                self._map.add(at, start + place, len(text))
            else:
                self._map.defer(at, start + place, data[place:end], dropped, len(text))
            texts.append(text)
            size += len(text)
            place = after
        return texts[0] if len(texts) == 1 else b"".join(texts)

    def _ground(self, data: bytes, at: int, *, first: bool) -> tuple[bytes, int, int, re.Pattern[bytes]]:
        """(text, where its bytes end, where to go on, what was dropped); may open a sequence."""
        if not self._escapes:
            return self._clean(data[at:]), len(data), len(data), _DROPPED
        if first:
            for end in (len(data), data.rfind(b"\x1b", at)):
                if end > at and (text := self._drop(data[at:end])) is not None:
                    return text, end, end, _SEQUENCES
        opening = _OPEN.search(data, at)
        if opening is None:
            return self._clean(data[at:]), len(data), len(data), _DROPPED
        self._mode = _C1.get(opening[0], Mode.ESCAPE)
        return self._clean(data[at : opening.start()]), opening.start(), opening.end(), _DROPPED

    def _clean(self, data: bytes) -> bytes:
        """Data without invisible characters."""
        return visible(data, plain=self.finder.patterns.plain)

    def _drop(self, data: bytes) -> bytes | None:
        """Data without sequences and invisible characters; None when it must be read step by step."""
        simple = _COMMON.sub(b"", data)
        plain = self.finder.patterns.plain
        if b"\x1b" not in simple and not zero_width(simple, plain=plain):
            return visible(simple, plain=plain)
        if b"\x00" in data:  # not made for a terminal: the next expression is slow and would fail
            return None
        text = _SEQUENCES.sub(b"", data)
        return None if _OPEN.search(text) else text

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


def text_of(data: bytes) -> bytes:
    """The text view of bytes; of a sequence that is not complete, everything is text."""
    return _SEQUENCES.sub(b"", data)
