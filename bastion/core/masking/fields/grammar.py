"""The grammar of JSON as expressions over bytes: tokens, strings, and what may still become a token.

RFC 8259, strictly: no comments, no NaN, no control characters in strings. A comma is read with the
token after it, a colon with the key before it. Nothing here backtracks (possessive quantifiers).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Final

from bastion.core.masking.fields.refused import RefusedBodyError

MAX_SCALAR: Final = 3 * 1024 * 1024
MAX_DEPTH: Final = 512
MAX_SPACE: Final = 4096
_WS: Final = rb"[ \t\n\r]"
_GAP: Final = _WS + rb"{0,4096}+"
_BODY: Final = rb'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+'
_NUMBER: Final = rb"-?(?:0|[1-9][0-9]{0,1000}+)(?:\.[0-9]{1,1000}+)?+(?:[eE][+-]?[0-9]{1,1000}+)?+"
_HEAD: Final = _WS + rb"*+(?:(,)" + _GAP + rb")?+"
_ESCAPE: Final = re.compile(
    rb"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))"
)


class Kind(IntEnum):
    """The last group that took part in a token's match."""

    STRING = 2
    KEY = 3
    MARK = 4
    NUMBER = 5
    WORD = 6


def _token(end: bytes) -> re.Pattern[bytes]:
    return re.compile(
        _HEAD
        + rb'(?:"(' + _BODY + rb')"(?:' + _GAP + rb"(:))?+"
        + rb"|([{}\[\]])"
        + rb"|(" + _NUMBER + rb")" + end
        + rb"|(true|false|null)" + end + rb")"
    )  # fmt: skip


_END: Final = rb"(?=[ \t\n\r,\]}])"
FIELD: Final = re.compile(
    _HEAD
    + rb'"([^"\\\x00-\x1f\x80-\xff]{0,4096}+)"' + _GAP + b":" + _GAP
    + rb'(?:"([^"\\\x00-\x1f\x80-\xff]{0,65535}+)"|(' + _NUMBER + rb")|(true|false|null))"
    + rb"(?=" + _GAP + rb"[,}])"
)  # fmt: skip
"""A whole member in plain ASCII: what most of a body is made of, read at once."""
TOKEN: Final = _token(_END)
LAST_TOKEN: Final = _token(rb"(?=[ \t\n\r,\]}]|\Z)")
OPEN_STRING: Final = re.compile(_HEAD + rb'"')
BODY: Final = re.compile(_BODY)
STRING: Final = re.compile(b'"(' + _BODY + b')"')
NUMBER: Final = re.compile(_NUMBER)
SPACE: Final = re.compile(_WS + b"*+")
HALF_ESCAPE: Final = re.compile(rb"(?:\\(?:u[0-9a-fA-F]{0,3})?)?\Z")
UNFINISHED: Final = re.compile(
    _HEAD + rb"(?:[-+0-9.eE]{1,3100}|t(?:r(?:ue?)?)?|f(?:a(?:l(?:se?)?)?)?|n(?:u(?:ll?)?)?)?\Z"
)


def text_of(raw: bytes) -> bytes:
    """The text of a string's body in UTF-8; a lone surrogate becomes `?`. RefusedBodyError: not UTF-8."""
    try:
        if b"\\" not in raw:
            if not raw.isascii():
                raw.decode()
            return raw
        text: str = json.loads(b'"' + raw + b'"')
    except UnicodeDecodeError:
        raise RefusedBodyError(
            "the body is not UTF-8 text, so it cannot be masked: ask for the objects one by one"
        ) from None
    return text.encode("utf-8", "replace")


def pieces(raw: bytes) -> Iterator[tuple[int, int, int, int]]:
    """(text start, text length, raw start, raw length) of each stretch of a body; an escape is a stretch."""
    text = at = 0
    for match in _ESCAPE.finditer(raw):
        if match.start() > at:
            yield text, match.start() - at, at, match.start() - at
            text += match.start() - at
        size = _size(match)
        yield text, size, match.start(), match.end() - match.start()
        text += size
        at = match.end()
    if at < len(raw):
        yield text, len(raw) - at, at, len(raw) - at


def spread(raw: bytes, ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """The stretches that `ranges` of the text touch, cut to them; escapes are whole. In one pass."""
    wanted = iter(sorted(ranges))
    found: list[tuple[int, int, int, int]] = []
    low, high = next(wanted, (-1, -1))
    for start, length, at, size in pieces(raw) if b"\\" in raw else ((0, len(raw), 0, len(raw)),):
        end = start + length
        while 0 <= low < end:
            first, last = max(low, start), min(high, end)
            if first < last:
                whole = length != size
                found.append(
                    (start, length, at, size)
                    if whole
                    else (first, last - first, at + first - start, last - first)
                )
            if high > end:
                break
            low, high = next(wanted, (-1, -1))
    return found


def written(text: bytes) -> bytes:
    """Text as the body of a JSON string, as short as it can be."""
    return json.dumps(text.decode(), ensure_ascii=False)[1:-1].encode()


def _size(match: re.Match[bytes]) -> int:
    if match[1]:
        return 4
    if match[3]:
        code = int(match[3], 16)
        return 1 if code < 0x80 or 0xD800 <= code < 0xE000 else 2 if code < 0x800 else 3
    return 1
