"""Known forms: one secret value as every encoding of it that output may carry.

Two lanes look for them. The *wide* lane compares folded text (lower case, `-_` as `+/`, without
whitespace, quotes and backslashes), so one form covers raw, caseless, JSON- and shell-escaped text,
line wraps and column dumps; runs of `window` symbols of a form are masked there. The *exact* lane
compares text as it stands and masks whole forms only; values under 12 symbols live there, because
fragments of so short a value would mask innocent words.
"""

from __future__ import annotations

import base64
import html
import json
import unicodedata
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

MIN_VALUE = 6
MIN_WIDE = 12
MAX_VALUE = 64 * 1024
MAX_EXACT = 64
MAX_COUNTED = 64
STRICT_WINDOW = 4
_DROP = bytes(range(0x21)) + b"\"'`\\\x7f"
_FOLD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ-_", b"abcdefghijklmnopqrstuvwxyz+/")
KEPT = bytes(b not in _DROP for b in range(256))


def fold(text: bytes) -> bytes:
    """`text` as the wide lane sees it; `KEPT[b]` tells whether byte `b` yields a symbol."""
    return text.translate(_FOLD, _DROP)


@dataclass(frozen=True, slots=True)
class Form:
    """One encoding of a value. `window` bytes in a row are masked, all but the first `shown`.

    Runs of `least` and more are reported (0: as many as are masked). `origin` is the value.
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


def window_of(symbols: int) -> int:
    """How many symbols in a row of a form of this length may not be shown."""
    if symbols >= 2 * MIN_WIDE:
        return MIN_WIDE
    return max(MIN_VALUE, -(-symbols // 2)) if symbols >= MIN_WIDE else symbols


def least_of(window: int) -> int:
    """From how many symbols on a run that is too short to be masked is counted."""
    return max(MIN_VALUE, window - 4)


def is_weak(value: bytes) -> bool:
    """Whether masking this value by text would mask innocent output: short or nearly one symbol."""
    text = value.strip()
    if len(text) < MIN_VALUE or len(set(text)) < 4 or len(value) > MAX_VALUE:
        return True
    return len(fold(text)) < MIN_WIDE and len(text) > MAX_EXACT


def forms_of(ref: str, value: bytes) -> tuple[list[Form], list[Form]]:
    """The (wide, exact) forms of one value that is not weak."""
    wide: dict[bytes, Form] = {}
    exact: dict[bytes, Form] = {}
    origin = value.strip()
    raw = fold(origin)
    short = len(raw) < MIN_WIDE
    for data in _encodings(origin, whole=short):
        folded = fold(data)
        if short or len(folded) < MIN_WIDE:
            if len(data) >= MIN_VALUE:
                exact.setdefault(data, Form(ref, data, len(data), min(4, len(data) // 3), 0, origin))
            continue
        window = window_of(len(folded))
        least = least_of(window) if folded == raw and len(raw) <= MAX_COUNTED else 0
        wide.setdefault(folded, Form(ref, folded, window, min(4, window // 3), least, origin))
    return list(wide.values()), list(exact.values())


def strict_forms(ref: str, value: bytes) -> tuple[list[Form], list[Form]]:
    """The same forms for a value that somebody fishes for: nothing shown, four of its symbols masked."""
    wide, exact = forms_of(ref, value)
    size = max(1, len(fold(value.strip())))
    narrow = [
        replace(form, window=least, shown=0, least=least)
        for form in wide
        for least in (min(form.window, max(STRICT_WINDOW, -(-STRICT_WINDOW * len(form.data) // size))),)
    ]
    return narrow, [replace(form, shown=0) for form in exact]


def _encodings(value: bytes, *, whole: bool) -> Iterator[bytes]:
    yield value
    yield from _binary(value, whole=whole)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    yield text[::-1].encode()
    yield from _textual(text)


def _binary(value: bytes, *, whole: bool) -> Iterator[bytes]:
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + value).rstrip(b"=")
        lead = -(-shift * 8 // 6)
        tail = 1 if whole and (shift + len(value)) % 3 else 0
        piece = coded[lead : len(coded) - tail]
        yield piece
        if whole:
            yield piece.replace(b"+", b"-").replace(b"/", b"_")
    digits = value.hex()
    pairs = [digits[i : i + 2] for i in range(0, len(digits), 2)]
    yield digits.encode()
    yield digits.upper().encode()
    yield ("\\x" + "\\x".join(pairs)).encode()
    yield ("%" + "%".join(pairs)).encode()
    yield ":".join(pairs).encode()


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
