"""The cells of one terminal screen: drawing, scrolling, erasing, resizing.

The operations are ours, because pyte's draw skips text after zero-width characters and lacks margins
and alternate screens; rows are strings, because cells as objects made drawing ten times slower.
`fresh` are the cells drawn since they were last looked at, a bit for each column. A copy shares its rows
until one of the two changes them.
"""

from __future__ import annotations

from functools import lru_cache

from bastion.core.masking.rendition import PLAIN, Pen, erased
from bastion.core.masking.row import Row, runs, width

MAX_COLS, MAX_ROWS = 1000, 500


class Grid:
    """`rows` by `cols` cells with a cursor (`x`, `y`), margins and a pending wrap."""

    def __init__(self, cols: int, rows: int) -> None:
        self.cols, self.rows = min(max(cols, 1), MAX_COLS), min(max(rows, 1), MAX_ROWS)
        self.lines: list[Row] = [_blank(self.cols, PLAIN)] * self.rows
        self.fresh: dict[int, int] = {}
        self.x = self.y = 0
        self.pen = PLAIN
        self.pending = self.insert = self.origin = False
        self.autowrap = True
        self.top, self.bottom, self.left, self.right = 0, self.rows - 1, 0, self.cols - 1

    def clone(self) -> Grid:
        """A grid of its own with the same content."""
        twin = object.__new__(Grid)
        twin.__dict__.update(self.__dict__)
        for row in self.lines:
            row.shared = True
        twin.lines, twin.fresh = self.lines[:], dict(self.fresh)
        return twin

    def text(self, y: int) -> str:
        """What row `y` shows, without blanks at its end."""
        return self.lines[y].shown

    @property
    def whole(self) -> bool:
        """Whether the margins are the screen's."""
        return (
            self.top == 0 and self.bottom == self.rows - 1 and self.left == 0 and self.right == self.cols - 1
        )

    def touch(self, y: int) -> Row:
        """Row `y`, to be changed."""
        row = self.lines[y]
        if row.shared:
            row = self.lines[y] = row.copy()
        return row

    def mark(self, y: int, start: int = 0, end: int = MAX_COLS) -> None:
        """Text was drawn in or moved to these cells, and nobody looked at it yet."""
        self.fresh[y] = self.fresh.get(y, 0) | ((1 << end) - (1 << start))

    def is_fresh(self, y: int, start: int = 0, end: int = MAX_COLS) -> bool:
        """Whether text between two columns of the row was not looked at yet."""
        return start < end and self.fresh.get(y, 0) & ((1 << end) - (1 << start)) != 0

    def fill(self, text: str) -> bool:
        """Print ASCII within the row over cells that hold no unseen text: the frequent case, in one step.

        False: it is another case, and nothing was done.
        """
        x, y = self.x, self.y
        end = x + len(text)
        edge = self.right if self.left <= x <= self.right else self.cols - 1
        cells = (1 << end) - (1 << x)
        seen = self.fresh.get(y, 0)
        if end > edge + 1 or self.pending or self.insert or seen & cells or not text.isascii():
            return False
        self.fresh[y] = seen | cells
        row = self.lines[y]
        if row.shared:
            row = self.lines[y] = row.copy()
        row.put(x, text, self.pen)
        if end > edge:
            self.x, self.pending = edge, self.autowrap
        else:
            self.x = end
        return True

    def draw(self, text: str) -> None:
        """Print text at the cursor."""
        if self.insert:
            for char in text:
                self._put(char)
        elif text.isascii():
            self._print(text)
        else:
            for run, other in runs(text):
                if run:
                    self._print(run)
                else:
                    self._put(other)

    def _print(self, text: str) -> None:
        """Print characters of one cell each, without inserting."""
        size = len(text)
        at = 0
        while at < size:
            x = self.x
            edge = self.right if self.left <= x <= self.right else self.cols - 1
            if self.pending:
                self._wrap(edge)
                continue
            stop = min(size, at + edge - x + 1)
            end = x + stop - at
            y = self.y
            self.fresh[y] = self.fresh.get(y, 0) | ((1 << end) - (1 << x))
            row = self.lines[y]
            if row.shared:
                row = self.lines[y] = row.copy()
            row.put(x, text if stop - at == size else text[at:stop], self.pen)
            at = stop
            if end <= edge:
                self.x = end
                continue
            self.x, self.pending = edge, self.autowrap
            if not self.autowrap and at < size:
                at = size - 1

    def _edge(self) -> int:
        return self.right if self.left <= self.x <= self.right else self.cols - 1

    def _put(self, char: str) -> None:
        size = width(char)
        if size == 0:
            self.touch(self.y)
            if self.x or self.pending:
                self.lines[self.y].join(self.x if self.pending else self.x - 1, char)
            return
        edge = self._edge()
        if self.pending or (self.x + size - 1 > edge and self.autowrap):
            self._wrap(edge)
            edge = self._edge()
        row = self.touch(self.y)
        self.mark(self.y, max(0, self.x - 1), self.cols if self.insert else self.x + size)
        self.x = max(0, min(self.x, edge - size + 1))
        if self.insert:
            row.insert(self.x, size, edge + 1, self.pen)
        if size == 1:
            row.put(self.x, char, self.pen)
        else:
            row.put_wide(self.x, char, self.pen)
        self.x += size
        if self.x > edge:
            self.x, self.pending = edge, self.autowrap

    def _wrap(self, edge: int) -> None:
        start = self.x + self.pending
        if start <= edge:
            self.touch(self.y).put(start, " " * (edge + 1 - start), self.pen)
        self.pending = False
        self.touch(self.y).wraps = start
        self.x = self.left if self.x >= self.left else 0
        self.index()

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
            blank = [_blank(self.cols, self.pen)] * steps
            kept = (
                self.lines[low + steps : self.bottom + 1]
                if count > 0
                else self.lines[low : self.bottom + 1 - steps]
            )
            self.lines[low : self.bottom + 1] = [*kept, *blank] if count > 0 else [*blank, *kept]
            self._carry(low, steps if count > 0 else -steps)
            return
        self._scroll_box(low, steps, up=count > 0)

    def _carry(self, low: int, count: int) -> None:
        """What is fresh moves with its row; a row that was moved out is gone."""
        moved: dict[int, int] = {}
        for y, span in self.fresh.items():
            to = y - count if low <= y <= self.bottom else y
            if not low <= y <= self.bottom or low <= to <= self.bottom:
                moved[to] = span
        self.fresh = moved

    def _scroll_box(self, low: int, steps: int, *, up: bool) -> None:
        start, end = self.left, self.right + 1
        kept = [self.touch(y).take(start, end) for y in range(low, self.bottom + 1)]
        blank = [(" " * (end - start), [erased(self.pen)] * (end - start))] * steps
        moved = kept[steps:] + blank if up else blank + kept[: len(kept) - steps]
        for y, (text, pens) in zip(range(low, self.bottom + 1), moved, strict=True):
            self.mark(y)
            self.lines[y].lay(start, text, pens)

    def erase(self, y: int, start: int, end: int) -> None:
        """Blank the cells `start` to `end` (exclusive) of row `y` with the pen's background."""
        start, end = max(0, start), min(end, self.cols)
        if start >= end:
            return
        if start == 0 and end == self.cols:
            self.lines[y] = _blank(self.cols, self.pen)
            return
        row = self.touch(y)
        row.put(start, " " * (end - start), erased(self.pen))
        if end == self.cols:
            row.wraps = 0

    def shift(self, count: int) -> None:
        """Insert `count` blanks at the cursor (negative: delete cells), within the margins."""
        row = self.touch(self.y)
        self.mark(self.y, self.x)
        move = row.insert if count > 0 else row.delete
        move(self.x, abs(count), self._edge() + 1, erased(self.pen))
        row.wraps = max(0, row.wraps + min(count, 0))

    def resize(self, cols: int, rows: int) -> None:
        """Cut or fill; the rows with the cursor stay."""
        cols, rows = min(max(cols, 1), MAX_COLS), min(max(rows, 1), MAX_ROWS)
        over = max(0, self.y - rows + 1)
        self.lines = [row.copy() for row in self.lines[over : over + rows]]
        for row in self.lines:
            row.resize(cols, PLAIN)
        self.lines += [_blank(cols, PLAIN)] * (rows - len(self.lines))
        self.cols, self.rows = cols, rows
        self.fresh = dict.fromkeys(range(rows), (1 << MAX_COLS) - 1)
        self.x, self.y, self.pending = min(self.x, cols - 1), min(self.y - over, rows - 1), False
        self.top, self.bottom, self.left, self.right = 0, rows - 1, 0, cols - 1


@lru_cache(maxsize=16)
def _blank(cols: int, pen: Pen) -> Row:
    """An erased row, shared by all that are alike."""
    row = _empty(cols, erased(pen))
    row.shared = True
    return row


def _empty(cols: int, pen: Pen) -> Row:
    return Row(" " * cols, [pen] * cols)
