"""The way back from a view's text to the bytes: pieces that were kept, worked out when needed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

Source = tuple[bytes, re.Pattern[bytes]]
Piece = tuple[int, int, int, Source | None]


class Map:
    """Pieces (text position, byte position, length of the text, None), in order.

    A piece whose last part is (bytes, what was dropped from them) is taken apart when it is asked for.
    """

    def __init__(self) -> None:
        self._texts: list[int] = []
        self._pieces: list[Piece] = []
        self._end = 0

    def copy(self) -> Map:
        """A map of its own."""
        other = Map()
        other._texts, other._pieces, other._end = self._texts[:], self._pieces[:], self._end
        return other

    def add(self, text: int, byte: int, length: int) -> None:
        """`length` bytes at `byte` are the text at `text`."""
        if not length:
            return
        self._end = text + length
        if self._pieces:
            start, first, size, source = self._pieces[-1]
            if source is None and first + size == byte:
                self._pieces[-1] = (start, first, size + length, None)
                return
        self._texts.append(text)
        self._pieces.append((text, byte, length, None))

    def defer(self, text: int, byte: int, data: bytes, dropped: re.Pattern[bytes], length: int) -> None:
        """The text at `text`, of `length` bytes, is `data` without what `dropped` matches."""
        if length:
            self._end = text + length
            self._texts.append(text)
            self._pieces.append((text, byte, length, (data, dropped)))

    def byte(self, text: int) -> int:
        """Where a byte of the text stands."""
        start, byte, _, _ = self._pieces[self._place(text)]
        return byte + text - start

    def spread(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The byte ranges of a stretch of text."""
        place = self._place(first) if self._pieces else 0
        while place < len(self._pieces) and self._texts[place] < last:
            if self._pieces[place][3] is not None:
                place = self._place(self._texts[place])
            text, byte, length, _ = self._pieces[place]
            low, high = max(first, text), min(last, text + length)
            if low < high:
                yield byte + low - text, byte + high - text
            place += 1

    def forget(self, text: int) -> None:
        """Nothing before this text position is asked for again."""
        keep = len(self._pieces) if text >= self._end else bisect_right(self._texts, text) - 1
        if keep > 0:
            del self._texts[:keep], self._pieces[:keep]

    def _place(self, text: int) -> int:
        """The index of the piece that holds a byte of the text, taken apart."""
        place = max(0, bisect_right(self._texts, text) - 1)
        at, byte, _, source = self._pieces[place]
        if source is not None:
            parts = list(_parts(at, byte, *source))
            self._pieces[place : place + 1] = parts
            self._texts[place : place + 1] = [part[0] for part in parts]
            place = max(0, bisect_right(self._texts, text) - 1)
        return place


def _parts(text: int, byte: int, data: bytes, dropped: re.Pattern[bytes]) -> Iterator[Piece]:
    at = 0
    for match in dropped.finditer(data):
        if match.start() > at:
            yield text, byte + at, match.start() - at, None
            text += match.start() - at
        at = match.end()
    if at < len(data):
        yield text, byte + at, len(data) - at, None
