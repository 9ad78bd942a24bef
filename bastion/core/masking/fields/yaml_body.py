"""YAML bodies: read whole (bounded), masked scalar by scalar; everything between the scalars stays.

A scalar in which something is masked leaves in double quotes on one line, whatever its style was. A
mask in a comment is made in place; one in an anchor, a tag or a directive refuses the body. What leaves
is parsed once more: it must be the same document with the masked scalars, or it is refused.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

import yaml

from bastion.core.masking.fields import masks
from bastion.core.masking.fields.frames import OVERLONG, SECRET, Coded, Frames
from bastion.core.masking.fields.grammar import NUMBER
from bastion.core.masking.fields.json_body import looks_inside
from bastion.core.masking.fields.names import Names
from bastion.core.masking.fields.reading import END, Hit, Reading
from bastion.core.masking.fields.refused import RefusedBodyError
from bastion.core.masking.fields.rewrite import INNER, Facts
from bastion.core.masking.fields.yaml_events import MAX_BODY, Op, events, items, members, place
from bastion.core.masking.patterns import Patterns
from bastion.model.masks import Masked, MaskEvent

_PROPERTIES: Final = re.compile(r"(?:[&!]\S*\s+)*")
_GAPS: Final = re.compile(r"#[^\r\n\x85\u2028\u2029]*|[&*!%]\S+")
_NUMBERS: Final = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
_WORDS: Final = frozenset({"tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"})
_RESOLVER: Final = yaml.resolver.Resolver()
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff]')


class YamlMasker:
    """One YAML body of one or more documents."""

    def __init__(self, patterns: Patterns) -> None:
        self.refused = ""
        self._patterns = patterns
        self._body = bytearray()

    def __repr__(self) -> str:
        return f"YamlMasker({len(self._body)} bytes)"

    def replace(self, patterns: Patterns) -> None:
        """More values became known; nothing left yet."""
        self._patterns = patterns

    def feed(self, data: bytes, at: float) -> Masked:  # noqa: ARG002 - the maskers share one signature
        """Keep `data`. RefusedBodyError: the body is too long."""
        self._body += data
        if len(self._body) > MAX_BODY:
            raise RefusedBodyError(f"the YAML body is longer than {MAX_BODY} bytes: ask for JSON")
        return Masked()

    def close(self, at: float) -> Masked:
        """The whole body, masked. RefusedBodyError: it cannot be read, or not be masked safely."""
        try:
            text = self._body.decode()
        except UnicodeDecodeError:
            raise RefusedBodyError(
                "the body is not UTF-8 text, so it cannot be masked: ask for JSON"
            ) from None
        return _Document(self._patterns, text).masked(at)


class _Document:
    """One text, its scalars by the place where they begin, and what is to be masked in them."""

    def __init__(self, patterns: Patterns, text: str) -> None:
        self._patterns = patterns
        self._text = text
        self._events = events(text)
        self._frames = Frames(Names(patterns))
        self._names = Names(patterns)
        self._reading = Reading(patterns)
        self._facts: dict[int, Facts] = {}
        self._scalars = {
            place(event.start_mark): event for event in self._events if isinstance(event, yaml.ScalarEvent)
        }

    def masked(self, now: float) -> Masked:
        """The text with its masks, checked."""
        self._read()
        raws = self._read_raw()
        for hit in self._reading.settle(now, final=True):
            self._note(hit, raws)
        for at, source in self._frames.whole.items():
            self._fact(at).whole = source
        if not self._facts:
            return Masked(self._text.encode())
        return self._written()

    def _read(self) -> None:
        """Drive the rules and the reading with every member, aliases and merges written out."""
        frames = self._frames
        for op, scalar, is_key in members(items(self._events)):
            top = frames.top
            if op is Op.CLOSE:
                frames.close()
                self._reading.mark()
            elif scalar is None:
                frames.open(array=op is Op.LIST)
                top.key = None
                self._reading.mark()
            elif is_key:
                text = scalar.value.encode()
                top.key = self._names.key(text)
                self._reading.add(place(scalar.start_mark), b"", text, b": ")
            else:
                self._scalar(scalar)
                top.key = None

    def _scalar(self, scalar: yaml.ScalarEvent) -> None:
        at, text, top = place(scalar.start_mark), scalar.value.encode(), self._frames.top
        tag = _tag(scalar)
        if tag in _WORDS:
            self._reading.mark()
            return
        string = tag not in _NUMBERS
        self._frames.scalar(at, text, string=string)
        if tag.endswith(":binary"):
            self._frames.coded[at] = Coded.ALWAYS
        lead, tail = (b"", b" ") if top.array else (b'"', b'"' + END) if string else (b"", END)
        self._reading.add(at, lead, text, tail)
        coded = self._frames.coded.get(at, Coded.NOT)
        inner, whole = looks_inside(self._patterns, text, top.key, coded, 0)
        if whole:
            self._frames.whole.setdefault(at, whole)
        if inner is not None:
            self._fact(at).inner = inner

    def _read_raw(self) -> dict[int, str]:
        """Read what stands between the scalars, and double-quoted scalars as they are written."""
        raws: dict[int, str] = {}
        at = 0
        for start in [*sorted(self._scalars), len(self._text)]:
            scalar = self._scalars.get(start)
            stop = start + len(self._properties(start)) if scalar else start
            for match in _GAPS.finditer(self._text, at, stop):
                key = -1 - match.start()
                raws[key] = match[0]
                self._reading.add(key, END, match[0].encode(), END)
            if scalar:
                at = max(stop, place(scalar.end_mark))
                raw = self._text[stop:at]
                if "\\" in raw or scalar.style == "'":
                    key = -1 - stop
                    raws[key] = ""
                    self._reading.add(key, END, raw.encode(), END)
        return raws

    def _note(self, hit: Hit, raws: dict[int, str]) -> None:
        if hit.at >= 0:
            self._fact(hit.at).text.append(hit)
            return
        raw, where = raws[hit.at], -1 - hit.at
        if raw[:1] == "#":
            self._fact(where).text.append(hit)
        elif raw:
            raise RefusedBodyError("the YAML body has a secret in an anchor, tag or directive: ask for JSON")
        else:
            starts = sorted(self._scalars)
            start = starts[bisect_right(starts, where) - 1]
            if start not in self._facts:
                self._frames.whole.setdefault(start, hit.sources[0][0])

    def _written(self) -> Masked:
        pieces: list[str] = []
        found: list[MaskEvent] = []
        done = size = 0
        values: dict[int, str] = {}
        for at, facts in sorted(self._facts.items()):
            size += len(self._text[done:at].encode())
            scalar = self._scalars.get(at)
            end = place(scalar.end_mark) if scalar else at + len(_comment(self._text, at))
            new = self._new(scalar, facts, values) if scalar else _starred(_comment(self._text, at), facts)
            pieces += (self._text[done:at], new)
            length = len(self._text[at:end].encode())
            sources = dict.fromkeys(source for hit in facts.text for source, _, _ in hit.sources)
            names = [facts.whole] if facts.whole else list(sources) or [INNER]
            if new != self._text[at:end]:
                found += [MaskEvent(name, length, size) for name in names]
            size += length
            done = end
        text = "".join([*pieces, self._text[done:]])
        self._check(text, values)
        return Masked(text.encode(), tuple(found))

    def _new(self, scalar: yaml.ScalarEvent, facts: Facts, values: dict[int, str]) -> str:
        """The scalar as it leaves; its value is noted in `values`."""
        at = place(scalar.start_mark)
        raw = self._text[at : place(scalar.end_mark)]
        value = scalar.value.encode()
        coded = self._frames.coded.get(at, Coded.NOT)
        ranges = [part for hit in facts.text for part in hit.ranges]
        if not value:
            return raw
        if _tag(scalar) in _NUMBERS:
            whole = [(0, len(value))] if facts.whole else ranges
            values[at] = masks.number(value, whole).decode() if NUMBER.fullmatch(value) else "0"
            return self._properties(at) + values[at]
        new = _value(value, facts, ranges, coded)
        values[at] = new.decode("utf-8", "replace")
        block = scalar.style in {"|", ">"} and raw[-1:] == "\n"
        tail = raw[len(raw.rstrip("\n")) :] if block else ""
        return self._properties(at) + _quoted(values[at]) + tail

    def _check(self, text: str, values: dict[int, str]) -> None:
        """What leaves must be the same document but for the masked values."""
        before, after = self._events, events(text)
        same = len(before) == len(after)
        for old, new in zip(before, after, strict=False):
            same = same and type(old) is type(new)
            if isinstance(old, yaml.NodeEvent):
                same = same and old.anchor == getattr(new, "anchor", None)
            if isinstance(old, yaml.ScalarEvent):
                wanted = values.get(place(old.start_mark), old.value)
                same = same and (old.tag, wanted) == (getattr(new, "tag", None), getattr(new, "value", None))
        if not same:
            raise RefusedBodyError("the YAML body cannot be masked without changing it: ask for JSON")

    def _properties(self, at: int) -> str:
        match = _PROPERTIES.match(self._text, at)
        return match[0] if match else ""

    def _fact(self, at: int) -> Facts:
        return self._facts.setdefault(at, Facts())


def _tag(scalar: yaml.ScalarEvent) -> str:
    if scalar.tag is not None:
        return str(scalar.tag)
    if not scalar.implicit[0]:
        return "tag:yaml.org,2002:str"
    resolved = _RESOLVER.resolve(yaml.ScalarNode, scalar.value, (True, False))  # type: ignore[no-untyped-call]  # its stub says nothing
    return str(resolved)


def _value(value: bytes, facts: Facts, ranges: list[tuple[int, int]], coded: Coded) -> bytes:
    if facts.whole:
        always = coded is Coded.ALWAYS or (coded is Coded.IN_SECRETS and facts.whole in {SECRET, OVERLONG})
        return masks.coded(b"".join(value.split())) if always else masks.starred(value)
    if facts.inner is not None:
        return masks.over(facts.inner, value, ranges)
    if coded is Coded.ALWAYS:
        return masks.coded(b"".join(value.split()))
    out = bytearray(value)
    for low, high in ranges:
        out[low:high] = b"*" * (high - low)
    return bytes(out)


def _quoted(text: str) -> str:
    """A double-quoted scalar on one line (YAML 1.2 section 7.3.1)."""
    return '"' + "".join(c if _PLAIN.match(c) else _ESCAPES.get(c) or f"\\U{ord(c):08x}" for c in text) + '"'


_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _comment(text: str, at: int) -> str:
    match = _GAPS.match(text, at)
    return match[0] if match else ""


def _starred(comment: str, facts: Facts) -> str:
    out = bytearray(comment.encode())
    for hit in facts.text:
        for low, high in hit.ranges:
            out[low:high] = b"*" * (high - low)
    return out.decode("utf-8", "replace")
