"""The reader of JSON bodies: bytes in any pieces to frames and readings, strictly, each token once.

    bytes ─▶ member or token ─▶ frames (rules), readings (text), a look inside of strings

What is no JSON is refused at its first wrong token, however it was cut: white space before a token is
always read, so where the reader stands depends on the text alone. A string is read on where it was
left, so one that comes byte by byte costs no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bastion.core.masking.fields import grammar
from bastion.core.masking.fields.frames import Coded, Frame, Frames
from bastion.core.masking.fields.grammar import MAX_SCALAR, MAX_SPACE, Kind, text_of
from bastion.core.masking.fields.names import Name, Names
from bastion.core.masking.fields.reading import END, Reading
from bastion.core.masking.fields.refused import RefusedBodyError

Look = Callable[[int, Name | None, bytes], None]
HOLD: Final = 4 * 1024 * 1024
_FAULT: Final = "the body is no valid JSON at byte {}: it cannot be masked; ask for the objects one by one"
_LONG: Final = f"a string of the body is longer than {MAX_SCALAR} bytes: it cannot be masked; ask for less"


class JsonParser:
    """Positions are counted from the start of the body: `base` is that of `buffer`, `at` is within it."""

    def __init__(self, frames: Frames, names: Names, readings: tuple[Reading, Reading], look: Look) -> None:
        self._frames = frames
        self._names = names
        self._text, self._sent_as = readings
        self._look = look
        self.buffer = bytearray()
        self.base = 0
        self.at = 0
        self._resume = 0
        self._open = 0
        self._stalled = False

    def __repr__(self) -> str:
        return f"JsonParser({self.base} bytes gone, {len(self.buffer)} held)"

    def feed(self, data: bytes) -> bool:
        """Read on; False: `data` changed nothing. RefusedBodyError: no JSON."""
        self.buffer += data
        if self._stalled and not data.strip(b" \t\r\n"):
            if len(self.buffer) - self.at > MAX_SCALAR + 2 * MAX_SPACE:
                raise self._fault()
            return False
        self._parse(final=False)
        return True

    def close(self) -> None:
        """The body ended. RefusedBodyError: inside a document."""
        self._parse(final=True)
        if self._frames.stack or self.at < len(self.buffer):
            raise RefusedBodyError("the body ended inside a JSON document: ask again")

    def drop(self, size: int) -> None:
        """The first `size` bytes have left."""
        del self.buffer[:size]
        self.base += size
        self.at -= size
        self._resume = max(0, self._resume - size)
        self._open -= size

    def _fault(self) -> RefusedBodyError:
        self._skip_space()
        return RefusedBodyError(_FAULT.format(self.base + self.at))

    def _skip_space(self) -> None:
        space = grammar.SPACE.match(self.buffer, self.at)
        self.at = space.end() if space else self.at

    def _parse(self, *, final: bool) -> None:
        """Read what can be read; `at` is then behind white space, also when the body is refused."""
        try:
            self._tokens(final=final)
        finally:
            self._skip_space()

    def _tokens(self, *, final: bool) -> None:
        buffer, frames, stack = self.buffer, self._frames, self._frames.stack
        match = (grammar.LAST_TOKEN if final else grammar.TOKEN).match
        field = grammar.FIELD.match
        if self._resume and not self._ends_string():
            return
        while True:
            top = frames.top
            if not top.array and top.key is None and stack and (token := field(buffer, self.at)):
                self._field(token, top)
            elif not (token := match(buffer, self.at)) or not self._token(token, final=final):
                break
            if frames.order and frames.top.key is None:
                self._check_hold()
        if not token:
            self._stall(final=final)

    def _token(self, token: re.Match[bytes], *, final: bool) -> bool:
        """One token; False: it must be read again when more has come."""
        frames, top = self._frames, self._frames.top
        comma = token[1] is not None
        if token[2] is not None and len(token[2]) > MAX_SCALAR:
            raise RefusedBodyError(_LONG)
        match token.lastindex:
            case Kind.MARK:
                self._mark(token[4], comma=comma)
            case Kind.KEY if frames.stack and not top.array and top.key is None:
                if top.after != comma:
                    raise self._fault()
                self._key(token)
            case _ if top.array or top.key is not None:
                if comma != (top.after and top.array):
                    raise self._fault()
                self._value(token)
            case _:
                if self._awaits_colon(token, final=final):
                    return False
                if frames.stack or top.after or comma:
                    raise self._fault()
                self._value(token)
        self.at = token.end()
        if token.lastindex == Kind.KEY and top.key is None:
            self.at = token.end(2) + 1
            self._check_hold()
            raise self._fault()
        return True

    def _field(self, token: re.Match[bytes], top: Frame) -> None:
        """A member at once: what `_key` and `_value` do, also when the value refuses the body."""
        if (token[1] is not None) != top.after:
            raise self._fault()
        top.after = True
        raw, text = token[2], token[3]
        key = self._names.key(raw)
        at = self.base + token.start(2) - 1
        if text is None:
            if token[5]:
                self._text.add(at, b"", key.text, b": " + END)
                self.at = token.end()
                return
            where, text, quote = self.base + token.start(4), token[4], b""
        else:
            where, quote = self.base + token.start(3) - 1, b'"'
        if top.owners or not key.plain or top.coded is not Coded.NOT:
            top.key = key
            try:
                self._frames.scalar(where, text, string=bool(quote))
            except RefusedBodyError:
                self._text.add(at, b"", key.text, b": ")
                self.at = self.buffer.index(b":", token.end(2)) + 1
                raise
            top.key = None
        self._text.member(at, key.text, where, quote, text)
        if quote:
            self._look(where, key, text)
        self.at = token.end()

    def _awaits_colon(self, token: re.Match[bytes], *, final: bool) -> bool:
        """A string where a key must be, and the end of what came: the colon may follow."""
        if final or not self._frames.stack or token.lastindex != Kind.STRING:
            return False
        self._stalled = not self.buffer[token.end() :].strip(b" \t\r\n")
        return self._stalled

    def _mark(self, mark: bytes, *, comma: bool) -> None:
        frames, top = self._frames, self._frames.top
        if mark in b"{[":
            if frames.stack:
                if (top.key is None and not top.array) or comma != (top.after and top.array):
                    raise self._fault()
            elif comma or (top.after and mark == b"["):
                raise self._fault()
            frames.open(array=mark == b"[")
            top.key, top.after = None, True
        else:
            if comma or top.key is not None or not frames.stack or top.array != (mark == b"]"):
                raise self._fault()
            frames.close()
        self._text.mark()

    def _key(self, token: re.Match[bytes]) -> None:
        raw, top = token[2], self._frames.top
        name = self._names.key(text_of(raw))
        top.key, top.after = name, True
        at = self.base + token.start(2) - 1
        self._text.add(at, b"", name.text, b": ")
        if b"\\" in raw:
            self._sent_as.add(at, END, raw, b": ")

    def _value(self, token: re.Match[bytes]) -> None:
        kind = token.lastindex
        top = self._frames.top
        key = top.key
        top.key, top.after = None, True
        if kind == Kind.WORD:
            self._text.mark()
            return
        string = kind in {Kind.STRING, Kind.KEY}
        raw = token[2] if string else token[5]
        at = self.base + (token.start(2) - 1 if string else token.start(5))
        text = raw
        if string:
            text = text_of(raw)
        top.key = key
        self._frames.scalar(at, text, string=string)
        top.key = None
        lead, tail = (b"", b" ") if top.array else (b'"', b'"' + END) if string else (b"", END)
        self._text.add(at, lead, text, tail)
        if string:
            self._look(at, key, text)
        if b"\\" in raw:
            self._sent_as.add(at, (key.text if key else b"") + b': "', raw, b'"' + END)

    def _check_hold(self) -> None:
        """Give up what waits too long. Asked after each value and mark, never between a key and its value."""
        oldest = self._frames.oldest()
        if oldest is not None and self.base + self.at - oldest > HOLD:
            self._frames.give_up()

    def _ends_string(self) -> bool:
        """Read on in a string that was cut; whether its end came."""
        body = grammar.BODY.match(self.buffer, self._resume)
        end = self._resume = body.end() if body else self._resume
        if end - self._open > MAX_SCALAR:
            raise RefusedBodyError(_LONG)
        if grammar.HALF_ESCAPE.match(self.buffer, end):
            return False
        self._resume = 0
        return True

    def _stall(self, *, final: bool) -> None:
        """No token begins here: the rest may still become one, or the body is refused."""
        buffer = self.buffer
        self._stalled = False
        space = grammar.SPACE.match(buffer, self.at)
        if space and space.end() == len(buffer):
            self.at = len(buffer)
        elif opening := grammar.OPEN_STRING.match(buffer, self.at):
            self._open = self._resume = opening.end()
            if self._ends_string():
                raise self._fault()
        elif final or not grammar.UNFINISHED.match(buffer, self.at):
            raise self._fault()
        else:
            self._stalled = buffer[-1:] in b" \t\r\n,"
