"""The cells of one terminal screen: drawing, scrolling, erasing, resizing.

Cells are pyte's `Char`; the operations are ours, because pyte's draw skips text after zero-width
characters and lacks margins and alternate screens. A wide character owns two cells, the second with
empty data; zero-width characters join the cell before them. `wraps[y]` says that row y continues in
row y + 1. `fresh` are rows changed since they were last looked at.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from pyte.screens import Char
from wcwidth import wcwidth

BLANK = Char(" ")
Row = list[Char]
MAX_COLS, MAX_ROWS, MAX_JOINED = 1000, 500, 16


@lru_cache(maxsize=8192)
def width(char: str) -> int:
    """Cells that a character takes: 0, 1 or 2."""
    if " " <= char <= "~":
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in {"Cf", "Cc", "Me", "Mn"}:
        return 0
    return max(0, wcwidth(char))


@lru_cache(maxsize=16384)
def cell(pen: Char, data: str) -> Char:
    """A cell with the pen's attributes; shared, so that equal cells are mostly the same object."""
    made: Char = pen._replace(data=data)
    return made


class Grid:
    """`rows` by `cols` cells with a cursor (`x`, `y`), margins and a pending wrap."""

    def __init__(self, cols: int, rows: int) -> None:
        self.cols, self.rows = min(max(cols, 1), MAX_COLS), min(max(rows, 1), MAX_ROWS)
        self.lines: list[Row] = [[BLANK] * self.cols for _ in range(self.rows)]
        self.wraps = [False] * self.rows
        self.texts: list[str | None] = [None] * self.rows
        self.fresh: dict[int, tuple[int, int]] = {}
        self.x = self.y = 0
        self.pen = BLANK
        self.pending = self.insert = self.origin = False
        self.autowrap = True
        self.top, self.bottom, self.left, self.right = 0, self.rows - 1, 0, self.cols - 1

    def text(self, y: int) -> str:
        """What row `y` shows, without blanks at its end."""
        known = self.texts[y]
        if known is None:
            known = self.texts[y] = "".join([c.data[:1] for c in self.lines[y]]).rstrip(" ")
        return known

    def touch(self, y: int, start: int = 0, end: int = MAX_COLS) -> Row:
        """Row `y`, to be changed between two columns."""
        self.texts[y] = None
        low, high = self.fresh.get(y, (start, end))
        self.fresh[y] = (min(low, start), max(high, end))
        return self.lines[y]

    def is_fresh(self, y: int, start: int = 0, end: int = MAX_COLS) -> bool:
        """Whether something between two columns of the row was changed since it was looked at."""
        low, high = self.fresh.get(y, (0, 0))
        return low < end and start < high

    def draw(self, text: str) -> None:
        """Print text at the cursor."""
        at = 0
        while at < len(text):
            room = self._edge() - self.x + 1
            run = text[at : at + max(0, room)] if not self.pending and not self.insert else ""
            if run.isascii() and run:
                row = self.touch(self.y, self.x, self.x + len(run))
                self._split(row, self.x)
                self._split(row, self.x + len(run))
                row[self.x : self.x + len(run)] = [cell(self.pen, c) for c in run]
                self.x += len(run)
                at += len(run)
                self._stop()
            else:
                self._put(text[at])
                at += 1

    def _edge(self) -> int:
        return self.right if self.left <= self.x <= self.right else self.cols - 1

    def _stop(self) -> None:
        edge = self.right if self.x == self.right + 1 else self.cols - 1
        if self.x > edge:
            self.x, self.pending = edge, self.autowrap

    def _put(self, char: str) -> None:
        size = width(char)
        if size == 0:
            self._join(char)
            return
        edge = self._edge()
        if self.pending or (self.x + size - 1 > edge and self.autowrap):
            self._wrap(edge)
            edge = self._edge()
        row = self.touch(self.y, max(0, self.x - 1), self.cols if self.insert else self.x + size)
        self.x = min(self.x, edge - size + 1)
        if self.x < 0:
            self.x = 0
            return
        if self.insert:
            row[self.x : edge + 1] = ([cell(self.pen, " ")] * size + row[self.x : edge + 1])[
                : edge + 1 - self.x
            ]
            self._mend(row, edge)
        self._split(row, self.x)
        self._split(row, self.x + size)
        row[self.x] = cell(self.pen, char)
        if size == 2 and self.x + 1 < self.cols:
            row[self.x + 1] = cell(self.pen, "")
        self.x += size
        self._stop()

    def _wrap(self, edge: int) -> None:
        for x in range(self.x + (1 if self.pending else 0), edge + 1):
            self.touch(self.y)[x] = cell(self.pen, " ")
        self.pending = False
        self.wraps[self.y] = True
        self.x = self.left if self.x >= self.left else 0
        self.index()

    def _join(self, char: str) -> None:
        x = self.x if self.pending else self.x - 1
        row = self.touch(self.y)
        if x >= 0 and not row[x].data:
            x -= 1
        if x >= 0 and len(row[x].data) < MAX_JOINED:
            row[x] = cell(row[x], row[x].data + char)

    def _split(self, row: Row, x: int) -> None:
        """Blank a wide character that would lose one of its two cells at the border before `x`."""
        if 0 < x < self.cols and not row[x].data:
            row[x] = cell(row[x], " ")
            row[x - 1] = cell(row[x - 1], " ")

    def _mend(self, row: Row, edge: int) -> None:
        """Blank a wide character whose second cell was pushed over the edge."""
        if row[edge].data and width(row[edge].data[0]) == 2:
            row[edge] = cell(row[edge], " ")

    def index(self) -> None:
        """Down one row, scrolling at the bottom margin."""
        if self.y == self.bottom:
            self.scroll(1)
        elif self.y < self.rows - 1:
            self.y += 1

    def reverse_index(self) -> None:
        """Up one row, scrolling at the top margin."""
        if self.y == self.top:
            self.scroll(-1)
        elif self.y > 0:
            self.y -= 1

    def scroll(self, count: int, top: int | None = None) -> None:
        """Move the rows between `top` (default: the margin) and the bottom margin up by `count`."""
        low = self.top if top is None else top
        size = self.bottom - low + 1
        steps = min(abs(count), size)
        if self.left == 0 and self.right == self.cols - 1:
            for _ in range(steps):
                out, into = (low, self.bottom) if count > 0 else (self.bottom, low)
                del self.lines[out], self.wraps[out], self.texts[out]
                self.lines.insert(into, [self._blank()] * self.cols)
                self.wraps.insert(into, False)
                self.texts.insert(into, None)
            moved_rows = {y - count if low <= y <= self.bottom else y: span for y, span in self.fresh.items()}
            self.fresh = {y: span for y, span in moved_rows.items() if 0 <= y < self.rows}
            return
        span = slice(self.left, self.right + 1)
        kept = [self.touch(y)[span] for y in range(low, self.bottom + 1)]
        blank = [[self._blank()] * (self.right - self.left + 1)] * steps
        moved = kept[steps:] + blank if count > 0 else blank + kept[: size - steps]
        for y, cells in zip(range(low, self.bottom + 1), moved, strict=True):
            self.lines[y][span] = cells

    def _blank(self) -> Char:
        return Char(" ", bg=self.pen.bg)

    def erase(self, y: int, start: int, end: int) -> None:
        """Blank the cells `start` to `end` (exclusive) of row `y` with the pen's background."""
        start, end = max(0, start), min(end, self.cols)
        row = self.touch(y, max(0, start - 1), end)
        self._split(row, start)
        self._split(row, end)
        row[start:end] = [self._blank()] * (end - start)
        if end == self.cols:
            self.wraps[y] = False

    def shift(self, count: int) -> None:
        """Insert `count` blanks at the cursor (negative: delete cells), within the margins."""
        row = self.touch(self.y)
        edge = self._edge()
        self._split(row, self.x)
        part = row[self.x : edge + 1]
        size = min(abs(count), len(part))
        if count < 0 and size < len(part) and not part[size].data:
            part[size] = cell(part[size], " ")
        blank = [self._blank()] * size
        row[self.x : edge + 1] = blank + part[: len(part) - size] if count > 0 else part[size:] + blank
        self._mend(row, edge)

    def resize(self, cols: int, rows: int) -> None:
        """Cut or fill; the rows with the cursor stay."""
        cols, rows = min(max(cols, 1), MAX_COLS), min(max(rows, 1), MAX_ROWS)
        over = max(0, self.y - rows + 1)
        self.lines = [(row + [BLANK] * cols)[:cols] for row in self.lines[over:]][:rows]
        self.wraps = self.wraps[over:][:rows]
        while len(self.lines) < rows:
            self.lines.append([BLANK] * cols)
            self.wraps.append(False)
        self.cols, self.rows = cols, rows
        self.texts = [None] * rows
        self.fresh = dict.fromkeys(range(rows), (0, MAX_COLS))
        self.x, self.y, self.pending = min(self.x, cols - 1), min(self.y - over, rows - 1), False
        self.top, self.bottom, self.left, self.right = 0, rows - 1, 0, cols - 1
