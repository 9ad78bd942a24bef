"""Rewriting one JSON scalar in place: what is known about it in, bytes of the same length out, and events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bastion.core.masking.fields import masks
from bastion.core.masking.fields.frames import OVERLONG, SECRET, Coded
from bastion.core.masking.fields.grammar import NUMBER, STRING, pieces, spread, text_of
from bastion.core.masking.fields.reading import Hit
from bastion.model.masks import MaskEvent

INNER: Final = "field-inner"
_COLON: Final = re.compile(rb"[ \t\n\r]*+:")
_RUN: Final = re.compile(rb"\*++")
_MAX_KEYS: Final = 4096


@dataclass(slots=True)
class Facts:
    """What the rules and the readings say: masked whole for `whole`, masked within at `text` and `raw`."""

    whole: str = ""
    coded: Coded = Coded.NOT
    inner: bytes | None = None
    text: list[Hit] = field(default_factory=list)
    raw: list[Hit] = field(default_factory=list)


class Rewriter:
    """Of one body; it remembers masked keys, so that two of them stay two."""

    def __init__(self) -> None:
        self._keys: dict[bytes, int] = {}

    def rewrite(self, out: bytearray, at: int, place: int, facts: Facts) -> list[MaskEvent]:
        """Mask the scalar that begins at `at` of `out`; `place` is where that is in the body."""
        if out[at] != 0x22:
            return _number(out, at, place, facts)
        match = STRING.match(out, at)
        if match is None or not match[1]:
            return []
        raw, room = match[1], match.end() - at
        body = _string(raw, facts)
        if body == raw:
            return []
        if _COLON.match(out, match.end()):
            body = self._distinct(body)
        out[at : at + room] = masks.padded(body if len(body) <= len(raw) else masks.starred(raw), room)
        if facts.whole:
            return [MaskEvent(facts.whole, len(raw), place + 1)]
        if facts.inner is not None and not facts.text:
            return [MaskEvent(INNER, len(raw), place + 1)]
        return [MaskEvent(source, high - low, place + 1 + low) for source, low, high in _sources(raw, facts)]

    def _distinct(self, body: bytes) -> bytes:
        """A masked key that no other masked key of the body equals."""
        seen = self._keys.get(body, 0)
        if seen or len(self._keys) < _MAX_KEYS:
            self._keys[body] = seen + 1
        run = max(_RUN.finditer(body), key=lambda match: len(match[0]), default=None)
        number = str(seen).encode()
        if not seen or run is None or len(run[0]) <= len(number):
            return body
        return body[: run.end() - len(number)] + number + body[run.end() :]


def _number(out: bytearray, at: int, place: int, facts: Facts) -> list[MaskEvent]:
    match = NUMBER.match(out, at)
    if match is None:
        return []
    raw = match[0]
    ranges = [(0, len(raw))] if facts.whole else [part for hit in facts.text for part in hit.ranges]
    out[at : at + len(raw)] = masks.number(raw, ranges)
    if facts.whole:
        return [MaskEvent(facts.whole, len(raw), place)]
    return [
        MaskEvent(source, high - low, place + low) for hit in facts.text for source, low, high in hit.sources
    ]


def _string(raw: bytes, facts: Facts) -> bytes:
    if facts.whole:
        base64_text = facts.coded is Coded.ALWAYS or (
            facts.coded is Coded.IN_SECRETS and facts.whole in {SECRET, OVERLONG}
        )
        return masks.coded(text_of(raw)) if base64_text else masks.starred(raw)
    ranges = [part for hit in facts.text for part in hit.ranges]
    if facts.inner is not None:
        return masks.rewritten(raw, masks.over(facts.inner, text_of(raw), ranges))
    always = facts.coded is Coded.ALWAYS
    if always and b"\\" in raw:
        return masks.coded(text_of(raw))
    ranges += _as_text(raw, [part for hit in facts.raw for part in hit.ranges])
    return masks.stars(raw, ranges, base64_text=always)


def _as_text(raw: bytes, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges of a body as written, as ranges of its text; escapes whole."""
    if not ranges:
        return []
    found = []
    wanted = iter(sorted(ranges))
    low, high = next(wanted)
    for start, size, at, length in pieces(raw):
        while 0 <= low < at + length:
            first, last = max(low, at), min(high, at + length)
            if first < last:
                found.append(
                    (start, start + size) if size != length else (start + first - at, start + last - at)
                )
            if high > at + length:
                break
            low, high = next(wanted, (-1, -1))
    return found


def _sources(raw: bytes, facts: Facts) -> Iterator[tuple[str, int, int]]:
    """(source, start, end) in the body as written, each event once."""
    if not facts.text:
        for hit in facts.raw:
            yield from hit.sources
        return
    events = sorted(
        (low, high, source) for hit in facts.text for source, low, high in hit.sources if low < high
    )
    starts = [at for _, _, at, _ in spread(raw, [(low, low + 1) for low, _, _ in events])]
    ends = [
        at + size
        for _, _, at, size in spread(raw, [(high - 1, high) for _, high, _ in sorted(events, key=_end)])
    ]
    places = dict(zip(sorted(high for _, high, _ in events), ends, strict=True))
    for (_, high, source), start in zip(events, starts, strict=True):
        yield source, start, places[high]


def _end(event: tuple[int, int, str]) -> int:
    return event[1]
