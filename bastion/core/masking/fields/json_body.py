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

from bastion.core.masking.fields.frames import Coded, Frames
from bastion.core.masking.fields.json_parser import JsonParser
from bastion.core.masking.fields.names import Name, Names, Role
from bastion.core.masking.fields.reading import Reading
from bastion.core.masking.fields.refused import RefusedBodyError
from bastion.core.masking.fields.rewrite import INNER, Facts, Rewriter
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.scan import find
from bastion.model.masks import Masked, MaskEvent

MAX_INNER: Final = 3
_OPENERS: Final = frozenset({b"{", b"[", b" ", b"\t", b"\n", b"\r"})
MANIFEST, BYTES = "field-manifest", "field-bytes"
_RICH: Final = re.compile(
    rb"\\|[\x80-\xff]|(?i:data|value|token|secret|opaque|pass|pwd|key|cred|auth)|[0-9]{9}"
)
_MANIFEST: Final = re.compile(rb"""(?m)^[ \t-]*["']?kind["']?[ \t]*:[ \t]*["']?(?:Secret|SecretList)\b""")
_DATA: Final = re.compile(rb"""(?m)^[ \t-]*["']?(?:stringD|d)ata["']?[ \t]*:""")


class JsonMasker:
    """One JSON body. `level` counts the documents around this one."""

    def __init__(self, patterns: Patterns, level: int = 0) -> None:
        self.refused = ""
        self._patterns = patterns
        self._level = level
        self._names = Names(patterns)
        self._frames = Frames(self._names)
        self._text = Reading(patterns)
        self._sent_as = Reading(patterns)
        self._parser = JsonParser(self._frames, self._names, (self._text, self._sent_as), self._look_inside)
        self._rewriter = Rewriter()
        self._facts: dict[int, Facts] = {}

    def __repr__(self) -> str:
        return f"JsonMasker({self._parser!r})"

    def replace(self, patterns: Patterns) -> None:
        """More values became known; they apply to what is not decided yet."""
        self._patterns = patterns
        self._text.replace(patterns)
        self._sent_as.replace(patterns)

    def feed(self, data: bytes, at: float) -> Masked:
        """Mask `data`; what is undecided is kept back. When `refused` is set nothing more will leave."""
        if self.refused:
            return Masked()
        try:
            read = self._parser.feed(data)
        except RefusedBodyError as refused:
            self.refused = str(refused)
            read = True
        return self._emit(at, final=False) if read else Masked()

    def close(self, at: float) -> Masked:
        """The body ended; `refused` is set when it ended inside a document."""
        if self.refused:
            return Masked()
        try:
            self._parser.close()
        except RefusedBodyError as refused:
            self.refused = str(refused)
        return self._emit(at, final=not self.refused)

    def _look_inside(self, at: int, key: Name | None, text: bytes) -> None:
        if (
            text[:1] not in _OPENERS
            and b"kind" not in text
            and not self._frames.coded
            and (key is None or key.role is not Role.APPLIED)
        ):
            return
        coded = self._frames.coded.get(at, Coded.NOT)
        inner, whole = looks_inside(self._patterns, text, key, coded, self._level)
        if whole:
            self._frames.whole.setdefault(at, whole)
        if inner is not None:
            self._fact(at).inner = inner

    def _fact(self, at: int) -> Facts:
        return self._facts.setdefault(at, Facts())

    def _emit(self, now: float, *, final: bool) -> Masked:
        for hit in self._text.settle(now, final=final):
            self._fact(hit.at).text.append(hit)
        for hit in self._sent_as.settle(now, final=final):
            self._fact(hit.at).raw.append(hit)
        parser, base = self._parser, self._parser.base
        places = (self._text.first, self._sent_as.first, self._frames.oldest(), base + parser.at)
        decided = min(place for place in places if place is not None)
        if decided == base:
            return Masked()
        out = parser.buffer[: decided - base]
        events: list[MaskEvent] = []
        whole, coded = self._frames.whole, self._frames.coded
        for at in sorted(at for at in {*whole, *self._facts} if at < decided):
            facts = self._facts.pop(at, None) or Facts()
            facts.whole, facts.coded = whole.pop(at, ""), coded.get(at, Coded.NOT)
            events += self._rewriter.rewrite(out, at - base, at, facts)
        if coded:
            self._frames.coded = {at: kind for at, kind in coded.items() if at >= decided}
        parser.drop(len(out))
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
    manifest = b"kind" in text and _MANIFEST.search(text) and _DATA.search(text)
    return None, MANIFEST if manifest else ""


def masked_document(patterns: Patterns, text: bytes, level: int) -> bytes | None:
    """A JSON document that stands in a string, masked at the same length; None: it is none, or too deep."""
    if level > MAX_INNER:
        return None
    masker = JsonMasker(patterns, level)
    masked = masker.feed(text, 0.0).data + masker.close(0.0).data
    return None if masker.refused else masked


def _hides(patterns: Patterns, text: bytes) -> bool:
    """Whether base64 text holds something to mask."""
    try:
        return bool(find(patterns, base64.b64decode(text)))
    except binascii.Error:
        return False
