r"""The detectors' pattern language: linear, resumable, without backtracking.

A pattern is a row of steps; a step takes as many bytes of its class as it can, up to its maximum, and
fails below its minimum. Nothing is ever taken back, so work is one pass and hostile text cannot blow
up. Steps inside parentheses are the sensitive part.

    pattern = { item }
    item    = "(" { item } ")" | atom [ "?" | "*" | "+" | "{m}" | "{m,}" | "{m,n}" ]
    atom    = "[" class "]" | "\d" | "\s" | "\w" | "\q" | "\a" | "\" byte | byte

`\q` is what stands between double quotes on one line, `\a` between single ones: a backslash takes the
byte after it along, so `\"` does not end it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

MANY = 1 << 30
BACKSLASH = 0x5C
_QUOTED = {rb"\q": rb'\\[^\r\n]|[^"\\\r\n]', rb"\a": rb"\\[^\r\n]|[^'\\\r\n]"}
_LETTERS = frozenset(b"%c" % letter for letter in b"dswqanrt")
_ITEM = re.compile(
    rb"(?P<group>[()])|(?P<atom>\[\^?\]?(?:\\.|[^\]\\])*\]|\\.|[^\\\[\]*+?{}])"
    rb"(?P<times>[?*+]|\{\d+(?:,\d*)?\})?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Step:
    """`most` bytes of `kind` at most, `least` at least; `secret` says whether they are masked."""

    kind: bytes
    least: int
    most: int
    secret: bool

    def take(self, text: bytes, at: int, taken: int) -> int:
        """How far this step reaches from `at` when it has `taken` bytes already."""
        end = min(len(text), at + self.most - taken)
        match = _class(self.kind).match(text, at, end)
        return match.end() if match else at

    def waits(self, text: bytes, stop: int) -> bool:
        """Whether the text ends between a backslash that this step will take and its second byte."""
        return stop == len(text) - 1 and text[stop] == BACKSLASH and self.kind in _QUOTED.values()


@lru_cache(maxsize=1024)
def _class(kind: bytes) -> re.Pattern[bytes]:
    return re.compile(b"(?:" + kind + b")*+")


@lru_cache(maxsize=1024)
def steps(pattern: bytes) -> tuple[Step, ...]:
    """Compile a pattern; ValueError says where it is not one."""
    out: list[Step] = []
    secret = False
    at = 0
    while at < len(pattern):
        item = _ITEM.match(pattern, at)
        if item is None:
            raise ValueError(f"pattern: byte {at} is not understood")
        at = item.end()
        if item["group"]:
            if (item["group"] == b"(") == secret or item["times"]:
                raise ValueError(f"pattern: misplaced parenthesis before byte {at}")
            secret = not secret
            continue
        least, most = _times(item["times"])
        atom = item["atom"]
        if atom[:1] == b"\\" and atom[1:2].isalnum() and atom[1:2] not in _LETTERS:
            raise ValueError(f"pattern: there is no escape {atom.decode('ascii')}")
        kind = _QUOTED.get(atom) or (atom if atom[:1] in b"[\\" else re.escape(atom))
        _valid(kind)
        out.append(Step(kind, least, most, secret))
    if secret or not any(step.secret for step in out):
        raise ValueError("pattern: no sensitive part in balanced parentheses")
    return tuple(out)


def _valid(kind: bytes) -> None:
    try:
        _class(kind)
    except re.error as error:
        raise ValueError(f"pattern: {kind.decode('ascii', 'replace')}: {error.msg}") from error


def _times(times: bytes | None) -> tuple[int, int]:
    match times:
        case None:
            return 1, 1
        case b"?":
            return 0, 1
        case b"*":
            return 0, MANY
        case b"+":
            return 1, MANY
        case _:
            low, comma, high = times[1:-1].partition(b",")
            least = int(low)
            return least, int(high) if high else (MANY if comma else least)


def gate(row: tuple[Step, ...]) -> bytes:
    """The row as a regular expression that never goes back and also accepts a text that ends early.

    What it does not match cannot become a match of the row: one call of the regular expression
    engine spares an attempt step by step.
    """
    source = b""
    for step in reversed(tuple(takewhile(lambda step: step.kind not in _QUOTED.values(), row))):
        most = b"" if step.most >= MANY else b"%d" % step.most
        times = b"{%d,%s}+" % (step.least, most) if source else b"{%d}" % step.least
        kind = b"(?:" + step.kind + b")"
        source = b"(?:" + kind + times + source + b"|" + kind + b"{0,%s}+\\Z)" % most
    return source


def mandatory(row: tuple[Step, ...]) -> int:
    """Index of the last step that must take something; the match is certain once it has its least."""
    return max((i for i, step in enumerate(row) if step.least), default=0)
