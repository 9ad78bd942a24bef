"""Known forms: one secret value as every encoding of it that output may carry.

Text is compared in three readings. *Folded* (lower case, `-_` as `+/`, without whitespace, controls,
quotes and backslashes), so one form covers raw, caseless, JSON- and shell-escaped text, line wraps,
column dumps and UTF-16. *Joined*: the same, but case counts. *Exact*: as it stands.

| form | reading | masked |
| --- | --- | --- |
| of a value of 12 symbols or more | folded | every run of `window` symbols |
| of a shorter value, 12 symbols or more when encoded | folded | the whole form |
| the same, shorter | joined | the whole form: half of it would be an innocent word |
| with fewer than 6 symbols beside its quotes and spaces | exact | the whole form |
"""

from __future__ import annotations

import base64
import html
import json
import unicodedata
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

MIN_VALUE = 6
MIN_WIDE = 12
MAX_VALUE = 1024 * 1024
MAX_EXACT = 64
MAX_COUNTED = 64
STRICT_WINDOW = 4
LONG = 4096
MAX_PIECES = 8192
PIECE = 8
_DROP = bytes(range(0x21)) + b"\"'`\\\x7f"
_FOLD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ-_", b"abcdefghijklmnopqrstuvwxyz+/")
KEPT = bytes(b not in _DROP for b in range(256))


def join(text: bytes) -> bytes:
    """`text` without whitespace, controls, quotes and backslashes; `KEPT[b]` says which bytes stay."""
    return text.translate(None, _DROP)


def fold(text: bytes) -> bytes:
    """`join(text)` in lower case, with one alphabet of base64."""
    return text.translate(_FOLD, _DROP)


@dataclass(frozen=True, slots=True)
class Form:
    """One encoding of a value. `window` bytes in a row are masked, all but the first `shown`.

    Runs of `least` and more are reported (0: as many as are masked). `origin` is the value, where
    what is shown of it is counted.
    """

    ref: str
    data: bytes = field(repr=False)
    window: int
    shown: int
    least: int = 0
    origin: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        """`least` is the window where nothing shorter is counted."""
        if not self.least:
            object.__setattr__(self, "least", self.window)


@dataclass(frozen=True, slots=True)
class Forms:
    """Forms by how they are compared (see the table above)."""

    fragments: Sequence[Form] = ()
    wholes: Sequence[Form] = ()
    joined: Sequence[Form] = ()
    exact: Sequence[Form] = ()

    def __iter__(self) -> Iterator[Form]:
        """Every form."""
        for lane in (self.fragments, self.wholes, self.joined, self.exact):
            yield from lane


def window_of(symbols: int) -> int:
    """How many symbols in a row of a form of this length may not be shown.

    Twelve; more only where a form would need more than `MAX_PIECES` pieces (from 40 KiB on).
    """
    if symbols >= 2 * MIN_WIDE:
        return max(MIN_WIDE, PIECE - 1 + -(-symbols // MAX_PIECES))
    return max(MIN_VALUE, -(-symbols // 2)) if symbols >= MIN_WIDE else symbols


def least_of(window: int) -> int:
    """From how many symbols on a run that is too short to be masked is counted.

    Six in a row stand in a hundred megabytes of base64 by chance.
    """
    return min(window, max(MIN_VALUE + 1, window - 4))


def is_weak(value: bytes) -> bool:
    """Whether masking this value by text would mask innocent output: short or nearly one symbol."""
    text = value.strip()
    if len(text) < MIN_VALUE or len(set(text)) < 4:
        return True
    return len(fold(text)) < MIN_WIDE and len(text) > MAX_EXACT


def forms_of(ref: str, value: bytes) -> Forms:
    """The forms of one value that is not weak. ValueError: it is longer than `MAX_VALUE`."""
    value = value.strip()
    if len(value) > MAX_VALUE:
        raise ValueError(f"masking: a known value of more than {MAX_VALUE} bytes")
    raw = fold(value)
    short = len(raw) < MIN_WIDE
    fragments: dict[bytes, Form] = {}
    wholes: dict[bytes, Form] = {}
    joined: dict[bytes, Form] = {}
    exact: dict[bytes, Form] = {}
    for data, scale in _encodings(value, whole=short):
        if len(folded := fold(data)) >= MIN_WIDE:
            if short:
                wholes.setdefault(folded, _whole(ref, folded))
            else:
                window = min(len(folded), round(window_of(len(folded)) * scale))
                least = least_of(window) if folded == raw and len(raw) <= MAX_COUNTED else 0
                fragments.setdefault(folded, Form(ref, folded, window, min(4, window // 3), least, value))
        elif len(kept := join(data)) >= MIN_VALUE:
            joined.setdefault(kept, _whole(ref, kept))
        elif len(data) >= MIN_VALUE:
            exact.setdefault(data, _whole(ref, data))
    lanes = (tuple(lane.values()) for lane in (fragments, wholes, joined, exact))
    return Forms(*lanes)


def strict_forms(ref: str, value: bytes) -> list[Form]:
    """The fragments of a value that somebody fishes for: nothing shown, four of its symbols masked."""
    size = max(1, len(fold(value.strip())))
    strict = []
    for form in forms_of(ref, value).fragments:
        least = min(form.window, max(STRICT_WINDOW, -(-STRICT_WINDOW * len(form.data) // size)))
        strict.append(replace(form, window=least, shown=0, least=least))
    return strict


def _whole(ref: str, data: bytes) -> Form:
    return Form(ref, data, len(data), min(4, len(data) // 3))


def _encodings(value: bytes, *, whole: bool) -> Iterator[tuple[bytes, float]]:
    """(bytes, how many times longer than usual its window is): a notation that writes more symbols
    for each digit of a hex dump shows as many digits as the dump itself.
    """
    yield value, 1
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + value).rstrip(b"=")
        lead = -(-shift * 8 // 6)
        tail = 1 if whole and (shift + len(value)) % 3 else 0
        piece = coded[lead : len(coded) - tail]
        yield piece, 1
        if whole:
            yield piece.replace(b"+", b"-").replace(b"/", b"_"), 1
    digits = value.hex()
    yield digits.encode(), 1
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = ""
    if text:
        yield text[::-1].encode(), 1
        for data in _textual(text):
            yield data, 1
    if len(value) <= LONG:
        yield from _dumps(digits)


def _dumps(digits: str) -> Iterator[tuple[bytes, float]]:
    pairs = [digits[i : i + 2] for i in range(0, len(digits), 2)]
    yield digits.upper().encode(), 1
    for mark in ("\\x", "%"):
        yield (mark + mark.join(pairs)).encode(), 1.5
    yield ":".join(pairs).encode(), 1.5
    for first in (0, 1):  # 16-bit words of a little-endian machine: od -x, hexdump
        swapped = "".join(b + a for a, b in zip(pairs[first::2], pairs[first + 1 :: 2], strict=False))
        yield swapped.encode(), 1


def _textual(text: str) -> Iterator[bytes]:
    for form in ("NFC", "NFD"):
        normal = unicodedata.normalize(form, text)
        yield normal.encode()
        yield "".join(c for c in normal if not unicodedata.combining(c)).encode()
    yield json.dumps(text)[1:-1].encode()
    yield json.dumps(text, ensure_ascii=False)[1:-1].encode()
    yield json.dumps(json.dumps(text)[1:-1])[1:-1].encode()
    for safe in ("", "/", "!'()*", "!$&'()*+,;=:@/?", "-._~!$&'()*+,;="):
        yield urllib.parse.quote(text, safe=safe).encode()
    yield urllib.parse.quote_plus(text).encode()
    yield html.escape(text).encode()
    yield html.escape(text).replace("&#x27;", "&apos;").encode()
    yield html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;").encode()
    yield html.escape(text, quote=False).encode()
    yield text.encode("unicode_escape")
    if not text.isascii():  # od -c, git, printf %q of bash
        yield "".join(c if c.isascii() else "".join(f"\\{b:03o}" for b in c.encode()) for c in text).encode()
