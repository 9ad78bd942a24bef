"""JSON bodies: bytes in any pieces, the same bytes out with masked scalars, as soon as they are decided.

    bytes ─▶ tokens ─┬─▶ frames (rules about fields) ────┐
                     ├─▶ reading (decoded text) ─────────┼─▶ decided up to ─▶ masks in place ─▶ out
                     └─▶ reading (escaped text as sent) ─┘

Every mask has the length of what it hides. Several documents may follow each other, as the frames of a
watch do. A fault in the grammar refuses the rest: what cannot be read cannot be masked.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from bastion.core.masking.fields import grammar
from bastion.core.masking.fields.frames import Coded, Frames
from bastion.core.masking.fields.grammar import MAX_SCALAR, MAX_SPACE, Kind, text_of
from bastion.core.masking.fields.names import Name, Names, Role
from bastion.core.masking.fields.reading import END, Reading
from bastion.core.masking.fields.refused import RefusedBodyError
from bastion.core.masking.fields.rewrite import INNER, Facts, Rewriter
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.scan import find
from bastion.model.masks import Masked, MaskEvent

HOLD: Final = 4 * 1024 * 1024
MAX_INNER: Final = 3
MANIFEST, BYTES = "field-manifest", "field-bytes"
_FAULT: Final = "the body is no valid JSON at byte {}: it cannot be masked; ask for the objects one by one"
_LONG: Final = f"a string of the body is longer than {MAX_SCALAR} bytes: it cannot be masked; ask for less"
_RICH: Final = re.compile(rb'\\|[\x80-\xff]|(?i:data|"value|token|secret|opaque)')
_MANIFEST: Final = re.compile(rb"""(?m)^[ \t-]*["']?kind["']?[ \t]*:[ \t]*["']?(?:Secret|SecretList)\b""")


class JsonMasker:
    """One JSON body. `level` counts the documents around this one."""

    def __init__(self, patterns: Patterns, level: int = 0) -> None:
        self._patterns = patterns
        self._level = level
        self._names = Names(patterns)
        self._frames = Frames(self._names)
        self._text = Reading(patterns)
        self._sent_as = Reading(patterns)
        self._buffer = bytearray()
        self._base = 0
        self._at = 0
        self._resume = 0
        self._stalled = False
        self._open = 0
        self._rewriter = Rewriter()
        self._facts: dict[int, Facts] = {}

    def __repr__(self) -> str:
        return f"JsonMasker({self._base} bytes sent, {len(self._buffer)} held)"

    def replace(self, patterns: Patterns) -> None:
        """More values became known; they apply to what is not decided yet."""
        self._patterns = patterns
        self._text.replace(patterns)
        self._sent_as.replace(patterns)

    def feed(self, data: bytes, at: float) -> Masked:
        """Mask `data`; what is undecided is kept back. RefusedBodyError: nothing of the rest may leave."""
        self._buffer += data
        if self._stalled and not data.strip(b" \t\r\n"):
            if len(self._buffer) - self._at > MAX_SCALAR + 2 * MAX_SPACE:
                raise self._fault()
            return Masked()
        self._parse(final=False)
        return self._emit(at, final=False)

    def close(self, at: float) -> Masked:
        """The body ended. RefusedBodyError: inside a document."""
        self._parse(final=True)
        if self._frames.stack or self._at < len(self._buffer):
            raise RefusedBodyError("the body ended inside a JSON document: ask again")
        return self._emit(at, final=True)

    def _fault(self) -> RefusedBodyError:
        return RefusedBodyError(_FAULT.format(self._base + self._at))

    def _parse(self, *, final: bool) -> None:
        buffer, frames = self._buffer, self._frames
        match = (grammar.LAST_TOKEN if final else grammar.TOKEN).match
        if self._resume and not self._ends_string():
            return
        while token := match(buffer, self._at):
            kind = token.lastindex
            top = frames.top
            after = top.after
            comma = token[1] is not None
            if kind == Kind.MARK:
                self._mark(token[4], comma=comma)
            elif kind == Kind.KEY:
                if top.array or not frames.stack or top.key is not None or after != comma:
                    raise self._fault()
                self._key(token)
            else:
                if not (top.array or top.key is not None):
                    if self._awaits_colon(token, final=final):
                        return
                    if frames.stack or after or comma:
                        raise self._fault()
                elif comma != (after and top.array):
                    raise self._fault()
                self._value(token, kind)
            self._at = token.end()
        self._stall(final=final)

    def _awaits_colon(self, token: re.Match[bytes], *, final: bool) -> bool:
        """A string where a key must be, and the end of what came: the colon may follow."""
        if final or not self._frames.stack or token.lastindex != Kind.STRING:
            return False
        self._stalled = not self._buffer[token.end() :].strip(b" \t\r\n")
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
        self._check_hold()

    def _key(self, token: re.Match[bytes]) -> None:
        raw, top = token[2], self._frames.top
        self._check_size(raw)
        name = self._names.key(text_of(raw))
        top.key, top.after = name, True
        at = self._base + token.start(2) - 1
        self._text.add(at, b"", name.text, b": ")
        if b"\\" in raw:
            self._sent_as.add(at, END, raw, b": ")

    def _value(self, token: re.Match[bytes], kind: int | None) -> None:
        top = self._frames.top
        key = top.key
        top.key, top.after = None, True
        if kind == Kind.WORD:
            self._text.mark()
            return
        string = kind == Kind.STRING
        raw = token[2] if string else token[5]
        at = self._base + (token.start(2) - 1 if string else token.start(5))
        text = raw
        if string:
            self._check_size(raw)
            text = text_of(raw)
        top.key = key
        self._frames.scalar(at, text, string=string)
        top.key = None
        lead, tail = (b"", b" ") if top.array else (b'"', b'"' + END) if string else (b"", END)
        self._text.add(at, lead, text, tail)
        if string and len(text) >= 8:
            self._look_inside(at, key, text)
        if b"\\" in raw:
            self._sent_as.add(at, (key.text if key else b"") + b': "', raw, b'"' + END)
        self._check_hold()

    def _look_inside(self, at: int, key: Name | None, text: bytes) -> None:
        coded = self._frames.coded.get(at, Coded.NOT)
        inner, whole = looks_inside(self._patterns, text, key, coded, self._level)
        if whole:
            self._frames.whole.setdefault(at, whole)
        if inner is not None:
            self._fact(at).inner = inner

    def _fact(self, at: int) -> Facts:
        return self._facts.setdefault(at, Facts())

    def _check_size(self, raw: bytes) -> None:
        if len(raw) > MAX_SCALAR:
            raise RefusedBodyError(_LONG)

    def _check_hold(self) -> None:
        oldest = self._frames.oldest()
        if oldest is not None and self._base + self._at - oldest > HOLD:
            self._frames.give_up()

    def _ends_string(self) -> bool:
        """Read on in a string that was cut; whether its end came."""
        body = grammar.BODY.match(self._buffer, self._resume)
        end = self._resume = body.end() if body else self._resume
        if grammar.HALF_ESCAPE.match(self._buffer, end):
            if end - self._open > MAX_SCALAR:
                raise RefusedBodyError(_LONG)
            return False
        self._resume = 0
        return True

    def _stall(self, *, final: bool) -> None:
        """No token begins here: the rest may still become one, or the body is refused."""
        buffer = self._buffer
        self._stalled = False
        space = grammar.SPACE.match(buffer, self._at)
        if space and space.end() == len(buffer):
            self._at = len(buffer)
        elif opening := grammar.OPEN_STRING.match(buffer, self._at):
            self._open = self._resume = opening.end()
            if self._ends_string():
                raise self._fault()
        elif final or not grammar.UNFINISHED.match(buffer, self._at):
            raise self._fault()
        else:
            self._stalled = buffer[-1:] in b" \t\r\n,"

    def _emit(self, now: float, *, final: bool) -> Masked:
        for hit in self._text.settle(now, final=final):
            self._fact(hit.at).text.append(hit)
        for hit in self._sent_as.settle(now, final=final):
            self._fact(hit.at).raw.append(hit)
        places = (self._text.first, self._sent_as.first, self._frames.oldest())
        decided = min((place for place in places if place is not None), default=self._base + self._at)
        if decided == self._base:
            return Masked()
        out = self._buffer[: decided - self._base]
        events: list[MaskEvent] = []
        whole, coded = self._frames.whole, self._frames.coded
        for at in sorted(at for at in {*whole, *self._facts} if at < decided):
            facts = self._facts.pop(at, None) or Facts()
            facts.whole, facts.coded = whole.pop(at, ""), coded.get(at, Coded.NOT)
            events += self._rewriter.rewrite(out, at - self._base, at, facts)
        if coded:
            self._frames.coded = {at: kind for at, kind in coded.items() if at >= decided}
        size = len(out)
        del self._buffer[:size]
        self._base += size
        self._at -= size
        self._resume = max(0, self._resume - size)
        self._open -= size
        return Masked(bytes(out), tuple(events))


def looks_inside(
    patterns: Patterns, text: bytes, key: Name | None, coded: Coded, level: int
) -> tuple[bytes | None, str]:
    """A string may be a document. (the document masked, at the same length; why all of it is masked).

    JSON is masked by the rules of a body, a Secret's manifest and telling base64 as a whole.
    """
    applied = key is not None and key.role is Role.APPLIED
    if coded is Coded.ALWAYS and _hides(patterns, text):
        return None, BYTES
    if text.lstrip()[:1] in {b"{", b"["} and (applied or _RICH.search(text)):
        inner = masked_document(patterns, text, level + 1)
        if inner is None:
            return None, INNER if applied or level >= MAX_INNER else ""
        return (inner if inner != text else None), ""
    if applied:
        return None, INNER
    return None, MANIFEST if b"kind" in text and _MANIFEST.search(text) else ""


def masked_document(patterns: Patterns, text: bytes, level: int) -> bytes | None:
    """A JSON document that stands in a string, masked at the same length; None: it is none, or too deep."""
    if level > MAX_INNER:
        return None
    masker = JsonMasker(patterns, level)
    try:
        return masker.feed(text, 0.0).data + masker.close(0.0).data
    except RefusedBodyError:
        return None


def _hides(patterns: Patterns, text: bytes) -> bool:
    """Whether base64 text holds something to mask."""
    try:
        return bool(find(patterns, base64.b64decode(text)))
    except binascii.Error:
        return False
