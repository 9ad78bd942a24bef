"""Generated streams for the hunt: values and detector examples, encoded, cut, coloured, dripped."""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from random import Random

from bastion.core.masking.patterns import Patterns, compile_patterns
from bastion.core.masking.scan import find
from bastion.core.masking.table import ALL
from bastion.model.masks import KnownValue
from tests.harness.hunt_encodings import ENCODERS, Needles, needles

VALUES = 12
PART = 6
DISTINCT = 4
DRIPPED = 16
WHOLLY = 200
EVERY_BYTE = 0.1
_CUTS = ("whole",) * 3 + ("pieces",) * 4 + ("drip",)
_ENCODERS = tuple(ENCODERS.items())
TEXTS = (
    b"GET /api/v1/items 200 12ms\n", b"-rw-r--r-- 1 root root 4096 Mar  1 10:00 notes.txt\r\n", b'{"level": "info"}\n',
    b"user@host:~$ cat .env\r\n", b"  - name: DB\n    value: ", b"\xe6\xbc\xa2\xe5\xad\x97 text ", b"\xc3\xa9t\xc3\xa9 ",
    b"", b"", b" ", b"\n", b"=", b"'", b'"', b"export X=", b"| ",
)  # fmt: skip
NOISE = (
    b"\x1b[31m", b"\x1b[0m", b"\x1b[1;38;5;120m", b"\x1b[K", b"\x1b]0;title\x07", b"\x1b]8;;http://x\x1b\\", b"\xe2\x80\x8b",
    b"\xc2\xad", b"\x00", b"\x1b(B", b"\x07", b"\xef\xbb\xbf", b"\x1b[?25l", b"\xe2\x81\xa0",
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """Values that one masker knows, and what may not be read of them."""

    values: tuple[bytes, ...]
    patterns: Patterns
    needles: Needles


@dataclass(frozen=True)
class Stream:
    """What is sent, in chunks, and what of detectors' examples may not be read in the answer."""

    chunks: tuple[bytes, ...]
    parts: tuple[bytes, ...]
    terminal: bool
    recipe: tuple[str, ...]


def world(random: Random, *, plain: bool = False) -> World:
    """Known values of every size and alphabet."""
    values = tuple(_value(random) for _ in range(VALUES))
    known = [KnownValue(f"k{number}", value) for number, value in enumerate(values)]
    return World(values, compile_patterns(known, plain=plain), needles(values))


def _value(random: Random) -> bytes:
    size = random.choice([random.randint(6, 11), random.randint(12, 23), random.randint(24, 80)])
    letters = string.ascii_letters + string.digits
    extra = random.choice(["", "", "-_", "+/=", "!$&?%#@*", "'\"\\ <>&", "\u00fc\u00e9\u6f22"])
    text = "".join(random.choice(letters + extra * 3) for _ in range(size))
    middle = "".join(random.choice(letters) for _ in range(5))
    return (
        f"{text[: size // 2]}{middle[: max(0, 6 - size // 2)]}{text[size // 2 :]}".strip("' \"\\").encode()
        or b"Xy7-Zq"
    )


@lru_cache(maxsize=1)
def _examples() -> tuple[tuple[str, bytes, tuple[bytes, ...]], ...]:
    nothing = compile_patterns([])
    rows = []
    for row in ALL:
        for text in row.positive:
            spans = [(span.start, span.end) for span in find(nothing, text) if span.source == row.id]
            parts = [text[low:high] for low, high in spans if high - low >= PART]
            parts = [part for part in parts if len(set(part)) >= DISTINCT]  # zeros stand in any dump
            shown = bytearray(text)
            for low, high in spans:
                shown[low:high] = b"*" * (high - low)
            rows.append((row.id, text, tuple(part for part in parts if part not in shown)))
    return tuple(rows)


def stream(random: Random, known: World, *, terminals: float = 0.0) -> Stream:
    """One stream: one to three secrets between other text, with noise in them, in chunks.

    `terminals`: the share that goes to a terminal's masker.
    """
    body, recipe = bytearray(), []
    parts: list[bytes] = []
    for _ in range(random.choice([1, 1, 2, 3])):
        body += random.choice(TEXTS)
        if random.random() < 0.75:
            value = random.choice(known.values)
            name, encode = random.choice(_ENCODERS)
            text = encode(value, random)
            recipe.append(name)
        else:
            name, text, secret = random.choice(_examples())
            body += b"\n"
            text += b"\n"
            recipe.append(name)
            parts += secret
        if random.random() < 0.4:
            text = _woven(text, random)
            recipe.append("noise")
        body += text + random.choice(TEXTS)
    terminal = random.random() < terminals
    chunks = _cut(bytes(body), random)
    return Stream(chunks, tuple(parts), terminal, tuple(recipe))


def _woven(text: bytes, random: Random) -> bytes:
    places = sorted(random.randint(0, len(text)) for _ in range(random.randint(1, 6)))
    places = [place for place in places if text[place : place + 1] < b"\x80"]
    out = bytearray()
    for low, high in pairwise([0, *places]):
        out += text[low:high] + random.choice(NOISE)
    return bytes(out) + text[places[-1] if places else 0 :]


def _cut(data: bytes, random: Random) -> tuple[bytes, ...]:
    """Whole, in pieces, or dripped: mostly `DRIPPED` bytes from somewhere on, now and then every byte."""
    match random.choice(_CUTS):
        case "whole":
            return (data,)
        case "pieces":
            places = sorted(random.randint(0, len(data)) for _ in range(random.choice((1, 1, 2, 3, 4, 8))))
        case _ if len(data) <= WHOLLY and random.random() < EVERY_BYTE:
            places = list(range(len(data)))
        case _:
            start = random.randint(0, len(data))
            places = list(range(start, min(len(data), start + DRIPPED)))
    return tuple(data[a:b] for a, b in pairwise([0, *places, len(data)]))
