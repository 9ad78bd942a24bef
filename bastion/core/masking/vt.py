"""A strict VT parser: bytes in any chunks, tokens out (ECMA-48 and xterm's strings).

Only well-formed sequences come out, in their 7-bit form; everything else is dropped. A sequence is
`LIMIT` bytes at most; a longer one is discarded to its end. Controls inside a sequence are executed
first, CAN and SUB end it, ESC starts another (as DEC terminals do).

    GROUND ─ESC▶ a whole sequence, by one expression ─▶ GROUND
              ├─ unfinished at the chunk's end: kept, at most LIMIT bytes
              ├─ longer: discarded to its end (CSI: final byte; string: BEL, ST; both: CAN, SUB, ESC)
              └─ malformed: dropped up to the byte that cannot belong to it
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from bastion.core.masking.sequence_table import TABLE
from bastion.core.masking.sequences import Kind, Token

LIMIT = 4096
_SHARED = 48
_TOKEN = re.compile(
    rb"([\x20-\x7e\x80-\xff]+)"
    rb"|((?:\x1b\[[0-9;:]{0,64}m|\x1b\(B){1,6})"
    rb"|(\x1b\[[<=>?]?[0-9:;]*[ -/]*[@-~])"
    rb"|([\x00-\x1a\x1c-\x1f\x7f])"
    rb"|(\x1b[\]PX^_][^\x07\x18\x1a\x1b]*(?:\x07|\x1b\\))"
    rb"|(\x1b(?:[ -/]+[0-~]|[0-OQ-WYZ\\`-~]))"
)
_TEXT, _PEN, _CSI, _CONTROL, _STRING, _SHORT = range(1, 7)
_PARTS = re.compile(rb"\x1b\[([<=>?]?)([0-9:;]*)([ -/]*)([@-~])")
_PART = re.compile(rb"\x1b(?:\[[<=>?]?[0-9:;]*[ -/]*|[ -/]*|[\]PX^_][^\x07\x18\x1a\x1b]*\x1b?)\Z")
_BODY = re.compile(rb"\x1b(?:\[[ -?]*|[\]PX^_][^\x07\x18\x1a\x1b]*|[ -/]*)")
_INTRODUCERS: Final = {b"]", b"P", b"X", b"^", b"_"}
_STRING_ENDS = re.compile(rb"[\x07\x18\x1a]|\x1b")
_CSI_ENDS = re.compile(rb"[@-~\x18\x1a]|[\x1b\x80-\xff]|[\x00-\x1f\x7f]")
_C1 = re.compile(rb"\xc2[\x80-\x9f]")


class Parser:
    """Keeps at most one unfinished sequence or character between chunks.

    `dropped` counts the bytes of sequences that were longer than `LIMIT`.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._discards: re.Pattern[bytes] | None = None
        self.dropped = 0

    @property
    def idle(self) -> bool:
        """Whether no sequence or character is unfinished."""
        return not self._rest and self._discards is None

    def feed(self, data: bytes) -> list[Token]:
        """The tokens that `data` completes."""
        buffer = self._rest + data
        self._rest = b""
        if b"\xc2" in buffer:
            buffer = _C1.sub(lambda match: b"\x1b" + bytes((match[0][1] - 0x40,)), buffer)
        tokens: list[Token] = []
        at = 0
        while at < len(buffer):
            if self._discards is not None:
                at = self._discard(buffer, at, tokens)
                continue
            at = self._whole(buffer, at, tokens)
            if at < len(buffer):
                buffer, at = self._broken(buffer, at, tokens)
        return tokens

    def _whole(self, buffer: bytes, at: int, tokens: list[Token]) -> int:
        """Read whole sequences and text; where something else begins."""
        for match in _TOKEN.finditer(buffer, at):
            if match.start() != at:
                break
            which, raw, at = match.lastindex, match[0], match.end()
            if which == _TEXT:
                if raw.isascii():
                    tokens.append(Token(Kind.TEXT, raw, "", raw.decode("ascii")))
                else:
                    self._text(raw, tokens, last=at == len(buffer))
            elif len(raw) <= _SHARED and which != _STRING:
                tokens.append(_known(raw))
            elif len(raw) <= LIMIT or which == _PEN:
                tokens.append(_made(raw))
            else:
                self.dropped += len(raw)
        return at

    def _discard(self, buffer: bytes, at: int, tokens: list[Token]) -> int:
        """Skip what belongs to an overlong sequence; controls in one that is no string are executed."""
        ends = self._discards or _STRING_ENDS
        match = ends.search(buffer, at)
        end = match.start() if match else len(buffer)
        self.dropped += end - at
        if match is None:
            if buffer[-1:] == b"\xc2":
                self._rest = b"\xc2"
            return len(buffer)
        byte = match[0]
        if ends is _CSI_ENDS and byte not in b"\x18\x1a\x1b" and (byte < b" " or byte == b"\x7f"):
            tokens.append(_known(byte))
            return end + 1
        self._discards = None
        return end if byte == b"\x1b" or byte >= b"\x80" else end + 1

    def _text(self, raw: bytes, tokens: list[Token], *, last: bool) -> None:
        keep = _unfinished(raw) if last else 0
        if keep:
            raw, self._rest = raw[:-keep], raw[-keep:]
        if raw:
            text = raw.decode("utf-8", "replace")
            tokens.append(Token(Kind.TEXT, text.encode() if "\ufffd" in text else raw, "", text))

    def _broken(self, buffer: bytes, at: int, tokens: list[Token]) -> tuple[bytes, int]:
        """An unfinished, overlong or malformed sequence at `at`."""
        if _PART.match(buffer, at):
            if len(buffer) - at <= LIMIT:
                self._rest = buffer[at:]
                return buffer, len(buffer)
            string = buffer[at + 1 : at + 2] in _INTRODUCERS
            self._discards = _STRING_ENDS if string else _CSI_ENDS
            return buffer, at + 2
        body = _BODY.match(buffer, at)
        end = body.end() if body else at + 1
        if end >= len(buffer):
            if end - at > LIMIT:
                self._discards = _CSI_ENDS
            else:
                self._rest = buffer[at:]
            return buffer, end
        byte = buffer[end]
        if byte in b"\x18\x1a":
            return buffer, end + 1
        if (byte < 0x20 and byte != 0x1B) or byte == 0x7F:
            tokens.append(_known(buffer[end : end + 1]))
            return buffer[at:end] + buffer[end + 1 :], 0
        return buffer, end + (0x40 <= byte <= 0x7E and buffer[at + 1 : at + 2] == b"[")


def _made(raw: bytes) -> Token:
    match = _TOKEN.match(raw)
    if match is None or match.end() != len(raw):
        raise ValueError("not one whole sequence")
    if match.lastindex == _PEN:
        return Token(Kind.PEN, raw, "m", raw.decode("ascii"))
    if match.lastindex == _CONTROL:
        kind, name, text = Kind.CONTROL, chr(raw[0]), ""
    elif match.lastindex == _SHORT:
        kind, name, text = Kind.ESCAPE, raw[1:].decode("ascii"), ""
    elif match.lastindex == _CSI:
        parts = _PARTS.fullmatch(raw)
        prefix, text, between, final = (
            (part.decode("ascii") for part in parts.groups()) if parts else ("",) * 4
        )
        kind, name = Kind.CSI, prefix + between + final
    else:
        kind = Kind.OSC if raw[1:2] == b"]" else Kind.STRING
        name = raw[1:2].decode("ascii")
        text = raw[2 : -1 if raw[-1:] == b"\x07" else -2].decode("utf-8", "replace")
        if kind is Kind.STRING and raw[-1:] == b"\x07":
            name = "bell"
    use, cut = TABLE.judge(kind, name, text)
    return Token(kind, raw, name, text, use, cut)


@lru_cache(maxsize=4096)
def _known(raw: bytes) -> Token:
    """A short sequence, read once and shared; never text or a string, which may hold a secret."""
    return _made(raw)


def _unfinished(raw: bytes) -> int:
    """How many bytes at the end are the beginning of a UTF-8 character."""
    for back in range(1, min(4, len(raw) + 1)):
        byte = raw[-back]
        if byte >= 0xC0:
            need = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if back < need and byte < 0xF8 else 0
        if byte < 0x80:
            return 0
    return 0
