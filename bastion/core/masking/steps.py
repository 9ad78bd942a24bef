r"""The detectors' pattern language: linear, resumable, without backtracking.

A pattern is a row of steps; a step takes as many bytes of its class as it can, up to its maximum, and
fails below its minimum. Nothing is ever taken back, so work is one pass and hostile text cannot blow
up. Steps inside parentheses are the sensitive part.

    pattern = { item }
    item    = "(" { item } ")" | atom [ "?" | "*" | "+" | "{m}" | "{m,}" | "{m,n}" ]
    atom    = "[" class "]" | "\d" | "\s" | "\w" | "\" byte | byte
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

MANY = 1 << 30
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
        kind = atom if atom[:1] in b"[\\" else re.escape(atom)
        out.append(Step(kind, least, most, secret))
    if secret or not any(step.secret for step in out):
        raise ValueError("pattern: no sensitive part in balanced parentheses")
    return tuple(out)


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


def mandatory(row: tuple[Step, ...]) -> int:
    """Index of the last step that must take something; the match is certain once it has its least."""
    return max((i for i, step in enumerate(row) if step.least), default=0)
