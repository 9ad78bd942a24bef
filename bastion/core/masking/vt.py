"""A strict VT parser: bytes in any chunks, tokens out (ECMA-48 and xterm's strings).

Only well-formed sequences come out, in their 7-bit form; everything else is dropped. A sequence is
4 KiB at most; a longer one is discarded to its end. Controls inside a sequence are executed first,
CAN and SUB end it, ESC starts another (as DEC terminals do).
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

LIMIT = 4096


class Kind(Enum):
    """What a token is."""

    TEXT = 0
    CONTROL = 1
    ESCAPE = 2
    CSI = 3
    OSC = 4
    STRING = 5


class Token(NamedTuple):
    """`raw` is what may be forwarded. `name`: the final byte with its prefix and intermediates.

    `text` is decoded text (TEXT), the payload (OSC) or the parameters (CSI).
    """

    kind: Kind
    raw: bytes
    name: str
    text: str


_TEXT = re.compile(rb"[\x20-\x7e\x80-\xff]+")
_CSI = re.compile(rb"\x1b\[([<=>?]?)([0-9:;]*)([ -/]*)([@-~])")
_SHORT = re.compile(rb"\x1b([ -/]*)([0-OQ-WYZ\\`-~])")
_STRING = re.compile(rb"\x1b([\]PX^_])([^\x07\x18\x1a\x1b]*)(\x07|\x1b\\)")
_PART = re.compile(rb"\x1b(?:\[[ -?]*|[ -/]*|[\]PX^_][^\x18\x1a\x1b]*\x1b?)\Z")
_BODY = re.compile(rb"\x1b(?:\[[ -?]*|[\]PX^_][^\x18\x1a\x1b]*|[ -/]*)")
_STRING_END = re.compile(rb"[\x07\x18\x1a]|\x1b\\?")
_C1 = re.compile(rb"\xc2[\x80-\x9f]")


class Parser:
    """Keeps at most one unfinished sequence or character between chunks."""

    def __init__(self) -> None:
        self._rest = b""
        self._discarding = False

    @property
    def idle(self) -> bool:
        """Whether no sequence or character is unfinished."""
        return not self._rest and not self._discarding

    def feed(self, data: bytes) -> list[Token]:
        """The tokens that `data` completes."""
        buffer = self._rest + data
        self._rest = b""
        if b"\xc2" in buffer:
            buffer = _C1.sub(lambda match: b"\x1b" + bytes((match[0][1] - 0x40,)), buffer)
        tokens: list[Token] = []
        at = 0
        while at < len(buffer):
            if self._discarding:
                at = self._discard(buffer, at)
                continue
            if match := _TEXT.match(buffer, at):
                at = self._text(buffer, at, match.end(), tokens)
            elif buffer[at] != 0x1B:
                tokens.append(Token(Kind.CONTROL, buffer[at : at + 1], chr(buffer[at]), ""))
                at += 1
            else:
                buffer, at = self._sequence(buffer, at, tokens)
        return tokens

    def _discard(self, buffer: bytes, at: int) -> int:
        match = _STRING_END.search(buffer, at)
        if match is None:
            return len(buffer)
        self._discarding = False
        return match.start() if match[0] == b"\x1b" else match.end()

    def _text(self, buffer: bytes, at: int, end: int, tokens: list[Token]) -> int:
        keep = _unfinished(buffer, at, end) if end == len(buffer) else 0
        raw = buffer[at : end - keep]
        self._rest = buffer[end - keep :] if keep else b""
        if raw:
            text = raw.decode("utf-8", "replace")
            if "\ufffd" in text:
                raw = text.encode()
            tokens.append(Token(Kind.TEXT, raw, "", text))
        return end

    def _sequence(self, buffer: bytes, at: int, tokens: list[Token]) -> tuple[bytes, int]:
        if match := _CSI.match(buffer, at):
            prefix, params, between, final = (part.decode("ascii") for part in match.groups())
            if len(match[0]) <= LIMIT:
                tokens.append(Token(Kind.CSI, match[0], prefix + between + final, params))
            return buffer, match.end()
        if match := _STRING.match(buffer, at):
            kind = Kind.OSC if match[1] == b"]" else Kind.STRING
            if len(match[0]) <= LIMIT and (kind is Kind.OSC or match[3] != b"\x07"):
                tokens.append(
                    Token(kind, match[0], match[1].decode("ascii"), match[2].decode("utf-8", "replace"))
                )
            return buffer, match.end()
        if match := _SHORT.match(buffer, at):
            tokens.append(Token(Kind.ESCAPE, match[0], (match[1] + match[2]).decode("ascii"), ""))
            return buffer, match.end()
        return self._broken(buffer, at, tokens)

    def _broken(self, buffer: bytes, at: int, tokens: list[Token]) -> tuple[bytes, int]:
        """An unfinished, overlong or malformed sequence at `at`."""
        if _PART.match(buffer, at):
            if len(buffer) - at <= LIMIT:
                self._rest = buffer[at:]
            else:
                self._discarding = buffer[at + 1 : at + 2] in {b"]", b"P", b"X", b"^", b"_"}
            return buffer, len(buffer)
        body = _BODY.match(buffer, at)
        end = body.end() if body else at + 1
        if end >= len(buffer) or buffer[end] in b"\x18\x1a":
            return buffer, end + 1
        if buffer[end] < 0x20 and buffer[end] != 0x1B:
            tokens.append(Token(Kind.CONTROL, buffer[end : end + 1], chr(buffer[end]), ""))
            return buffer[at:end] + buffer[end + 1 :], 0
        return buffer, end + (buffer[end] == 0x7F or end == at)


def _unfinished(buffer: bytes, start: int, end: int) -> int:
    """How many bytes at the end are the beginning of a UTF-8 character."""
    for back in range(1, min(4, end - start + 1)):
        byte = buffer[end - back]
        if byte >= 0xC0:
            need = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if back < need and byte < 0xF8 else 0
        if byte < 0x80:
            return 0
    return 0
