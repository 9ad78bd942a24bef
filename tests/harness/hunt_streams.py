"""Generated streams for the hunt: values and detector examples, encoded, cut, coloured, dripped; and a judge."""

from __future__ import annotations

import re
import string
from codecs import getincrementaldecoder
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from random import Random

import avt

from bastion.core.masking.patterns import Patterns, compile_patterns
from bastion.core.masking.scan import find
from bastion.core.masking.stream import StreamMasker
from bastion.core.masking.table import ALL
from bastion.core.masking.terminal import TerminalMasker
from bastion.model.masks import KnownValue
from tests.harness.hunt_encodings import ENCODERS, folded, forbidden, joined

VALUES = 12
PART = 6
DRIPPED = 200
TEXTS = (
    b"GET /api/v1/items 200 12ms\n", b"-rw-r--r-- 1 root root 4096 Mar  1 10:00 notes.txt\r\n", b'{"level": "info"}\n',
    b"user@host:~$ cat .env\r\n", b"  - name: DB\n    value: ", b"\xe6\xbc\xa2\xe5\xad\x97 text ", b"\xc3\xa9t\xc3\xa9 ",
    b"", b"", b" ", b"\n", b"=", b"'", b'"', b"export X=", b"| ",
)  # fmt: skip
NOISE = (
    b"\x1b[31m", b"\x1b[0m", b"\x1b[1;38;5;120m", b"\x1b[K", b"\x1b]0;title\x07", b"\x1b]8;;http://x\x1b\\", b"\xe2\x80\x8b",
    b"\xc2\xad", b"\x00", b"\x1b(B", b"\x07", b"\xef\xbb\xbf", b"\x1b[?25l", b"\xe2\x81\xa0",
)  # fmt: skip
_STRIP = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)
_HIDDEN = re.compile(rb"\xe2\x80\x8b|\xc2\xad|\xef\xbb\xbf|\xe2\x81\xa0")


@dataclass(frozen=True)
class World:
    """Values that one masker knows. `plain`: without Hyperscan."""

    values: tuple[bytes, ...]
    patterns: Patterns


@dataclass(frozen=True)
class Stream:
    """What is sent, in chunks, and what may not be read in the answer."""

    chunks: tuple[bytes, ...]
    windows: frozenset[str]
    wholes: frozenset[str]
    parts: tuple[bytes, ...]
    terminal: bool
    recipe: tuple[str, ...]


def world(random: Random, *, plain: bool = False) -> World:
    """Known values of every size and alphabet."""
    values = tuple(_value(random) for _ in range(VALUES))
    known = [KnownValue(f"k{number}", value) for number, value in enumerate(values)]
    return World(values, compile_patterns(known, plain=plain))


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
    windows: set[str] = set()
    wholes: set[str] = set()
    parts: list[bytes] = []
    for _ in range(random.choice([1, 1, 2, 3])):
        body += random.choice(TEXTS)
        if random.random() < 0.75:
            value = random.choice(known.values)
            name, encode = random.choice(list(ENCODERS.items()))
            text = encode(value, random)
            recipe.append(name)
            more, whole = forbidden(value)
            windows |= more
            wholes |= whole
            parts.append(value)
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
    return Stream(chunks, frozenset(windows), frozenset(wholes), tuple(parts), terminal, tuple(recipe))


def _woven(text: bytes, random: Random) -> bytes:
    places = sorted(random.randint(0, len(text)) for _ in range(random.randint(1, 6)))
    places = [place for place in places if text[place : place + 1] < b"\x80"]
    out = bytearray()
    for low, high in pairwise([0, *places]):
        out += text[low:high] + random.choice(NOISE)
    return bytes(out) + text[places[-1] if places else 0 :]


def _cut(data: bytes, random: Random) -> tuple[bytes, ...]:
    match random.randint(0, 3):
        case 0:
            return (data,)
        case 1 if len(data) <= DRIPPED:
            return tuple(bytes([byte]) for byte in data)
        case _:
            places = sorted(random.randint(0, len(data)) for _ in range(random.randint(1, 8)))
            edges = [0, *places, len(data)]
            return tuple(data[a:b] for a, b in pairwise(edges))


def leaks(one: Stream, known: World) -> list[str]:
    """What can be read that may not be, in any prefix of the output, or how the answer depends on the cut."""
    pieces = _terminal(one, known) if one.terminal else [_streamed(one.chunks, known)]
    sent = b"".join(pieces)
    found = []
    stripped = _STRIP.sub(b"", sent)
    views = [("bytes", sent), ("text", stripped), ("seen", _HIDDEN.sub(b"", stripped))]
    for view, text in [*views, ("screen", _screens(pieces))] if one.terminal else views:
        low, exact = folded(text), joined(text)
        found += [f"{view}: {window!r}" for window in one.windows if window in low]
        found += [f"{view}: {whole!r}" for whole in one.wholes if whole in exact]
        found += [f"{view}: {part!r}" for part in one.parts if part in text]
    if not one.terminal:
        whole = b"".join(one.chunks)
        if len(sent) != len(whole):
            found.append("another length")
        if len(one.chunks) > 1 and len(whole) % 4 == 0 and _streamed((whole,), known) != sent:
            found.append("another result for another cut")
    return found


def _streamed(chunks: Sequence[bytes], known: World) -> bytes:
    masker = StreamMasker(known.patterns)
    return b"".join([masker.feed(chunk, 0.0).data for chunk in chunks]) + masker.close(0.0).data


def _screens(pieces: Sequence[bytes]) -> bytes:
    """Every screen that another emulator shows after a piece, in reading order."""
    terminal, text, shown = avt.Vt(80, 24), getincrementaldecoder("utf-8")("replace"), {}
    for piece in pieces:
        terminal.feed_str(text.decode(piece))
        shown["\n".join([line.text.rstrip() for line in terminal.view()]).rstrip()] = None
    return "\0".join(shown).encode()


def _terminal(one: Stream, known: World) -> list[bytes]:
    """A slow drip: the deadline passes between chunks now and then."""
    masker, at, sent = TerminalMasker(known.patterns, 80, 24), 0.0, []
    for number, chunk in enumerate(one.chunks):
        sent.append(masker.feed(chunk, at).data)
        at += 0.03 if number % 5 else 0.2
        if masker.deadline is not None and at >= masker.deadline:
            sent.append(masker.tick(at).data)
    sent.append(masker.close(at + 1).data)
    return sent
