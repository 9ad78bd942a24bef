"""The way back from a view's text to the bytes: pieces that were kept, worked out when needed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

Piece = tuple[int, int, int]
Deferred = tuple[int, int, bytes, re.Pattern[bytes], int]


class Map:
    """Pieces (text position, byte position, length), in order; the latest may be deferred."""

    def __init__(self) -> None:
        self._texts: list[int] = []
        self._pieces: list[Piece] = []
        self._deferred: list[Deferred] = []
        self._end = 0

    def copy(self) -> Map:
        """A map of its own."""
        other = Map()
        other._texts, other._pieces = self._texts[:], self._pieces[:]
        other._deferred, other._end = self._deferred[:], self._end
        return other

    def add(self, text: int, byte: int, length: int) -> None:
        """`length` bytes at `byte` are the text at `text`."""
        if length:
            self._resolve()
            self._append(text, byte, length)

    def defer(self, text: int, byte: int, data: bytes, dropped: re.Pattern[bytes], length: int) -> None:
        """The text at `text`, of `length` bytes, is `data` without what `dropped` matches."""
        self._deferred.append((text, byte, data, dropped, length))
        self._end = text + length

    def byte(self, text: int) -> int:
        """Where a byte of the text stands."""
        self._resolve()
        start, byte, _ = self._pieces[max(0, bisect_right(self._texts, text) - 1)]
        return byte + text - start

    def spread(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The byte ranges of a stretch of text."""
        self._resolve()
        place = max(0, bisect_right(self._texts, first) - 1)
        while place < len(self._pieces) and self._texts[place] < last:
            text, byte, length = self._pieces[place]
            low, high = max(first, text), min(last, text + length)
            if low < high:
                yield byte + low - text, byte + high - text
            place += 1

    def forget(self, text: int) -> None:
        """Nothing before this text position is asked for again."""
        if text >= self._end:
            self._texts, self._pieces, self._deferred = [], [], []
            return
        while self._deferred and self._deferred[0][0] + self._deferred[0][4] <= text:
            self._texts, self._pieces = [], []
            del self._deferred[0]
        self._resolve()
        keep = bisect_right(self._texts, text) - 1
        if keep > 0:
            del self._texts[:keep], self._pieces[:keep]

    def _append(self, text: int, byte: int, length: int) -> None:
        self._end = text + length
        if self._pieces and self._pieces[-1][1] + self._pieces[-1][2] == byte:
            start, first, size = self._pieces[-1]
            self._pieces[-1] = (start, first, size + length)
        else:
            self._texts.append(text)
            self._pieces.append((text, byte, length))

    def _resolve(self) -> None:
        deferred, self._deferred = self._deferred, []
        end = self._end
        for first, byte, data, dropped, _ in deferred:
            text, at = first, 0
            for match in dropped.finditer(data):
                if match.start() > at:
                    self._append(text, byte + at, match.start() - at)
                    text += match.start() - at
                at = match.end()
            if at < len(data):
                self._append(text, byte + at, len(data) - at)
        self._end = max(end, self._end)
