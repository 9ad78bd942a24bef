"""Looking at a screen: its rows in reading order, and the cells that may not be shown.

Rows are joined as they wrapped; the finder's folded lane joins the others. Panes beside a vertical
border are read once more, each by itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bastion.core.masking.exposure import NOTHING, Exposure, Strict
from bastion.core.masking.finder import Cover, Finder
from bastion.core.masking.grid import Grid, cell, width
from bastion.core.masking.patterns import Patterns
from bastion.model.masks import KnownValue

BORDERS = "│┃║"
MASK, PLACEHOLDER = "*", "•"
Cells = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Mask:
    """One masked stretch of a screen: what masked it, its text, and the cell where it begins."""

    source: str
    text: bytes = field(repr=False)
    row: int
    column: int

    @property
    def length(self) -> int:
        """In bytes."""
        return len(self.text)


@dataclass(frozen=True, slots=True)
class Look:
    """`masked` cells are (row, first column, last column + 1); `waiting` ones may yet be masked.

    `masks` are the stretches that they make up. `lessons` are values learned from their context.
    `exposure` is what the screen shows of known values; of `strict` ones it would be too much.
    """

    masked: tuple[Cells, ...]
    waiting: tuple[Cells, ...]
    masks: tuple[Mask, ...]
    lessons: tuple[KnownValue, ...]
    exposure: Exposure = NOTHING
    strict: tuple[Strict, ...] = ()

    @property
    def clear(self) -> bool:
        """Whether everything may be shown."""
        return not (self.masked or self.waiting)


class _Text:
    """Rows of a grid as one text, with the way back to the cells."""

    def __init__(self, grid: Grid, rows: Sequence[int], left: int, right: int) -> None:
        self._grid, self._left, self._right = grid, left, right
        self.rows = rows
        whole = left == 0 and right == grid.cols
        parts: list[bytes] = []
        self._starts: list[int] = []
        at = 0
        for y in rows:
            text = (
                grid.text(y)
                if whole
                else "".join([c.data[:1] for c in grid.lines[y][left:right]]).rstrip(" ")
            )
            part = text.encode() + (b"" if grid.wraps[y] and whole else b"\n")
            self._starts.append(at)
            parts.append(part)
            at += len(part)
        self.data = b"".join(parts)

    def offset(self, y: int, x: int) -> int:
        """Where the cell stands in the text; never past its row."""
        start = self._starts[self.rows.index(y)]
        row = "".join([c.data[:1] for c in self._grid.lines[y][self._left : max(self._left, x)]])
        next_row = self.rows.index(y) + 1
        end = self._starts[next_row] if next_row < len(self._starts) else len(self.data)
        return min(start + len(row.encode()), end)

    def cells(self, start: int, end: int) -> Iterator[Cells]:
        """The cells of a stretch of text."""
        place = max(0, bisect_right(self._starts, start) - 1)
        while place < len(self._starts) and self._starts[place] < end:
            base, y = self._starts[place], self.rows[place]
            stop = self._starts[place + 1] if place + 1 < len(self._starts) else len(self.data)
            first, last = self._columns(y, max(start, base) - base, min(end, stop) - base)
            if first < last:
                yield y, first, last
            place += 1

    def _columns(self, y: int, start: int, end: int) -> tuple[int, int]:
        text = self._grid.text(y)
        if text.isascii() and self._left == 0:
            return start, min(end, len(text))
        first = last = -1
        at = 0
        for x in range(self._left, self._right):
            data = self._grid.lines[y][x].data[:1]
            size = len(data.encode())
            if size and at < end and at + size > start and data != " ":
                first = x if first < 0 else first
                last = x + max(1, width(data))
            at += size
        return (first, last) if first >= 0 else (0, 0)


def examine(patterns: Patterns, grid: Grid, *, final: bool) -> Look:
    """What of the grid may not be shown; `final`: what ends at the cursor will not go on."""
    masked: list[Cells] = []
    waiting: list[Cells] = []
    masks: list[Mask] = []
    text = _Text(grid, range(grid.rows), 0, grid.cols)
    last = not any(grid.text(y) for y in range(grid.y + 1, grid.rows))
    cursor = text.offset(grid.y, grid.cols if last else min(grid.x + grid.pending, grid.cols))
    finder = Finder(patterns)
    before = finder.feed(text.data[:cursor])
    hold = cursor if final else before.hold
    if hold < cursor:
        finder.account.skip(cursor)
    after = finder.feed(text.data[cursor:], final=True)
    _collect(text, [*before.covers, *after.covers], masked, masks)
    waiting += text.cells(hold, cursor)
    for pane in _panes(grid):
        _collect(pane, Finder(patterns).feed(pane.data, final=True).covers, masked, [])
    lessons = tuple(value for value, since in finder.lessons if since != cursor)
    return Look(
        tuple(dict.fromkeys(masked)),
        tuple(waiting),
        tuple(masks),
        lessons,
        finder.account.exposure,
        finder.account.strict,
    )


def _collect(text: _Text, covers: Sequence[Cover], masked: list[Cells], masks: list[Mask]) -> None:
    for start, end, source in covers:
        cells = list(text.cells(start, end))
        masked += cells
        row, column, _ = cells[0] if cells else (0, 0, 0)
        masks.append(Mask(source, text.data[start:end], row, column))


def _panes(grid: Grid) -> Iterator[_Text]:
    columns: dict[int, list[int]] = {}
    for y in range(grid.rows):
        if not grid.text(y).isascii():
            for x, one in enumerate(grid.lines[y]):
                if one.data and one.data in BORDERS:
                    columns.setdefault(x, []).append(y)
    borders = sorted(x for x, rows in columns.items() if len(rows) > 1)[:16]
    for left, right in zip([-1, *borders], [*borders, grid.cols], strict=True) if borders else ():
        rows = sorted({y for x in (left, right) for y in columns.get(x, ())})
        yield _Text(grid, rows, left + 1, right)


def hide(grid: Grid, look: Look) -> None:
    """Replace the cells that may not be shown, at equal width, in place."""
    for cells, mark in ((look.waiting, PLACEHOLDER), (look.masked, MASK)):
        for y, start, end in cells:
            row = grid.touch(y)
            stop = min(end, grid.cols)
            while stop < grid.cols and not row[stop].data:
                stop += 1
            for x in range(start, stop):
                if row[x].data != " ":
                    row[x] = cell(row[x], mark)
