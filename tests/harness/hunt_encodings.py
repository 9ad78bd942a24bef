"""How a value may be printed: encoders for generated streams, and what may not be read of a value.

The encoders and the first list are written by the standard library and the tools' own layouts, not by
the masker's tables; the second list and the encoder "form" are the table of forms itself.
"""

from __future__ import annotations

import base64
import html
import json
import shlex
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from bastion.core.masking.forms import Forms, forms_of
from bastion.core.masking.invisible import visible

Encoder = Callable[[bytes, Random], bytes]
_GLUE = b"kqwzKQWZ0189"


def _some(random: Random, most: int) -> bytes:
    return bytes(random.choice(_GLUE) for _ in range(random.randint(0, most)))


def _base64(value: bytes, random: Random) -> bytes:
    return base64.b64encode(_some(random, 5) + value + _some(random, 5))


def _base64_url(value: bytes, random: Random) -> bytes:
    return base64.urlsafe_b64encode(_some(random, 5) + value + _some(random, 5)).rstrip(b"=")


def _wrapped(value: bytes, random: Random) -> bytes:
    width = random.randint(1, 20)
    end = random.choice([b"\n", b"\r\n", b" ", b"\n    ", b"'\\\n'"])
    return end.join(value[at : at + width] for at in range(0, len(value), width))


def _json(value: bytes, _random: Random) -> bytes:
    return json.dumps(value.decode()).encode()


def _json_twice(value: bytes, _random: Random) -> bytes:
    return json.dumps(json.dumps({"v": value.decode()})).encode()


def _od_c(value: bytes, _random: Random) -> bytes:
    lines = []
    for at in range(0, len(value), 16):
        cells = "".join(f"   {chr(b)}" if 0x20 < b < 0x7F else f" {b:03o}" for b in value[at : at + 16])
        lines.append(f"{at:07o}{cells}")
    return "\n".join(lines).encode()


def _xxd(value: bytes, _random: Random) -> bytes:
    lines = []
    for at in range(0, len(value), 16):
        row = value[at : at + 16]
        pairs = " ".join(row[i : i + 2].hex() for i in range(0, len(row), 2))
        shown = "".join(chr(b) if 0x20 <= b < 0x7F else "." for b in row)
        lines.append(f"{at:08x}: {pairs:40} {shown}")
    return "\n".join(lines).encode()


def _od_x(value: bytes, _random: Random) -> bytes:
    padded = value + b"\0" * (len(value) % 2)
    return b" ".join(bytes([padded[i + 1], padded[i]]).hex().encode() for i in range(0, len(padded), 2))


def _fragment(value: bytes, random: Random) -> bytes:
    start = random.randint(0, len(value) - 1)
    return value[start : start + random.randint(1, len(value))]


@lru_cache(maxsize=64)
def _table(value: bytes) -> tuple[bytes, ...]:
    return tuple(form.data for form in forms_of("", value))


def _form(value: bytes, random: Random) -> bytes:
    """A form of the table, or most of it."""
    form = random.choice(_table(value))
    start = random.choice((0, 0, random.randint(0, len(form) // 3)))
    return form[start : len(form) - random.choice((0, 0, random.randint(0, len(form) // 3)))]


ENCODERS: dict[str, Encoder] = {
    "raw": lambda value, _: value,
    "upper": lambda value, _: value.upper(),
    "swapped case": lambda value, _: value.swapcase(),
    "reversed": lambda value, _: value.decode()[::-1].encode(),
    "base64": _base64,
    "base64 url": _base64_url,
    "base64 wrapped": lambda value, random: _wrapped(_base64(value, random), random),
    "hex": lambda value, _: value.hex().encode(),
    "hex upper": lambda value, _: value.hex().upper().encode(),
    "hex wrapped": lambda value, random: _wrapped(value.hex().encode(), random),
    "hex \\x": lambda value, _: "".join(f"\\x{b:02x}" for b in value).encode(),
    "hex %": lambda value, _: "".join(f"%{b:02X}" for b in value).encode(),
    "hex :": lambda value, _: value.hex(":").encode(),
    "wrapped": _wrapped,
    "JSON": _json,
    "JSON in JSON": _json_twice,
    "URL": lambda value, _: urllib.parse.quote(value, safe="").encode(),
    "URL plus": lambda value, _: urllib.parse.quote_plus(value).encode(),
    "XML": lambda value, _: html.escape(value.decode()).encode(),
    "shell": lambda value, _: shlex.quote(value.decode()).encode(),
    "UTF-16": lambda value, _: value.decode().encode("utf-16-le"),
    "spaced": lambda value, _: b" ".join(bytes([b]) for b in value),
    "od -c": _od_c,
    "od -x": _od_x,
    "xxd": _xxd,
    "fragment": _fragment,
    "form": _form,
}
_FOLD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ-_", "abcdefghijklmnopqrstuvwxyz+/")
_GONE = dict.fromkeys([*range(0x21), 0x7F, *map(ord, "\"'`\\")])
WIDE = 12
LEAST = 6


def joined(text: bytes) -> str:
    """Text without what a projection leaves out."""
    return text.decode("latin-1").translate(_GONE)


def folded(text: bytes) -> str:
    """The same in one case and one base64 alphabet."""
    return joined(text).translate(_FOLD)


def forbidden(value: bytes) -> tuple[frozenset[str], frozenset[str]]:
    """(windows that must not stand in folded text, wholes that must not stand in joined text).

    A value with fewer than six characters beside its quotes is known as it stands, and as a hex dump.
    """
    if len(folded(value)) < WIDE:
        kept = joined(value)
        return frozenset(), frozenset({kept, value.hex()} if len(kept) >= LEAST else {value.hex()})
    windows: set[str] = set()
    for form in _forms(value):
        text = folded(form)
        size = WIDE if len(text) >= 2 * WIDE else max(6, -(-len(text) // 2))
        windows |= {text[at : at + size] for at in range(len(text) - size + 1)}
    return frozenset(windows), frozenset()


def _forms(value: bytes) -> list[bytes]:
    text = value.decode()
    coded = []
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + value).rstrip(b"=")
        coded.append(whole[-(-shift * 8 // 6) : len(whole) - ((shift + len(value)) % 3 > 0)])
    return [
        value,
        text[::-1].encode(),
        value.hex().encode(),
        *coded,
        json.dumps(text)[1:-1].encode(),
        urllib.parse.quote(text, safe="").encode(),
        html.escape(text).encode(),
    ]


@dataclass(frozen=True)
class Needles:
    """What may not be read: `windows` by size in folded text, `wholes` in joined text, `exact` in text.

    `starts` are the first `LEAST` symbols of every window: mostly none of them is there.
    """

    starts: frozenset[str]
    windows: dict[int, frozenset[str]]
    wholes: frozenset[str]
    exact: frozenset[bytes]


def needles(values: Sequence[bytes]) -> Needles:
    """By the judge's own list of forms, and by the table of forms that the masker has."""
    windows: dict[int, set[str]] = {}
    wholes: set[str] = set()
    exact: set[bytes] = set()
    for value in values:  # no window is shorter than LEAST: neither the list nor the table has one
        low, whole = forbidden(value)
        table = forms_of("", value)
        for window in (*low, *_table_windows(table)):
            windows.setdefault(len(window), set()).add(window)
        wholes |= whole | {form.data.decode("latin-1") for form in table.joined}
        exact |= {value, *(form.data for form in table.exact)}
    starts = frozenset(window[:LEAST] for some in windows.values() for window in some)
    by_size = {size: frozenset(some) for size, some in windows.items()}
    return Needles(starts, by_size, frozenset(wholes), frozenset(exact))


def _table_windows(table: Forms) -> set[str]:
    """Of forms with combining marks another one stands in the table: text is read without them."""
    found = set()
    for form in (*table.fragments, *table.wholes):
        if visible(form.data, plain=True) != form.data:
            continue
        text = form.data.decode("latin-1")
        found |= {text[at : at + form.window] for at in range(len(text) - form.window + 1)}
    return found
