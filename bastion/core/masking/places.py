"""Places: where the symbols of a folded or joined text stand in the bytes, worked out where asked.

Most chunks hold nothing, and of the others a few symbols matter: positions are counted by blocks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import overload

from bastion.core.masking.forms import KEPT, join

BLOCK = 1024


class Places(Sequence[int]):
    """`before` are the places of earlier symbols; those of `text` follow, whose first byte is at `start`."""

    __slots__ = ("_before", "_blocks", "_counts", "_start", "_text")

    def __init__(self, before: list[int], text: bytes, start: int) -> None:
        self._before = before
        self._text = text
        self._start = start
        sizes = (len(join(text[at : at + BLOCK])) for at in range(0, len(text), BLOCK))
        self._counts = list(accumulate(sizes, initial=len(before)))
        self._blocks: dict[int, list[int]] = {}

    def __len__(self) -> int:
        return self._counts[-1]

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if index < len(self._before):
            return self._before[index]
        number = bisect_right(self._counts, index) - 1
        block = self._blocks.get(number)
        if block is None:
            low = number * BLOCK
            piece = self._text[low : low + BLOCK]
            block = [self._start + low + i for i, byte in enumerate(piece) if KEPT[byte]]
            self._blocks[number] = block
        return block[index - self._counts[number]]


def last_places(text: bytes, start: int, count: int) -> list[int]:
    """Where the last `count` symbols of `text` stand; its first byte is at `start`."""
    places: list[int] = []
    at = len(text) - 1
    while at >= 0 and len(places) < count:
        if KEPT[text[at]]:
            places.append(start + at)
        at -= 1
    return places[::-1]


def joined(spans: Sequence[tuple[int, int]], since: int) -> list[tuple[int, int]]:
    """Spans sorted and joined, without those that end before `since`."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[1] > since):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def span_at(spans: Sequence[tuple[int, int]], place: int) -> tuple[int, int] | None:
    """Of sorted spans apart, the one that holds `place`."""
    index = bisect_right(spans, place, key=lambda span: span[0]) - 1
    return spans[index] if index >= 0 and place < spans[index][1] else None


def whole(text: bytes, at: int) -> int:
    """`at`, moved on to the start of a UTF-8 character."""
    while at < len(text) and text[at] & 0xC0 == 0x80:
        at += 1
    return at
