"""Looking at a screen: its rows in reading order, and the cells that may not be shown.

Rows are joined as they wrapped; the finder's folded lane joins the others. Panes beside a vertical
border are read once more, each by itself; so are the stairs of a terminal without line discipline.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, pairwise
from types import MappingProxyType

from bastion.core.masking.detector import REACH
from bastion.core.masking.exposure import NOTHING, Exposure, Strict
from bastion.core.masking.finder import Cover, Finder, Found
from bastion.core.masking.forms import fold, join
from bastion.core.masking.grid import Grid
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.row import width
from bastion.model.masks import KnownValue

MASK, PLACEHOLDER = "*", "•"
MAX_PANES = 16
TAIL_BYTES = 512
MIN_STEP = 8
NO_STEPS: Mapping[int, int] = MappingProxyType({})
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

    masked: tuple[Cells, ...] = ()
    waiting: tuple[Cells, ...] = ()
    masks: tuple[Mask, ...] = ()
    lessons: tuple[KnownValue, ...] = ()
    exposure: Exposure = NOTHING
    strict: tuple[Strict, ...] = ()

    @property
    def clear(self) -> bool:
        """Whether everything may be shown."""
        return not (self.masked or self.waiting)


CLEAR = Look()


class _Text:
    """Rows of a grid as one text, with the way back to the cells."""

    def __init__(
        self, grid: Grid, rows: Sequence[int], left: int, right: int, steps: Mapping[int, int] = NO_STEPS
    ) -> None:
        """`steps`: how many blanks at the beginning of a row are no text, by row."""
        self._grid, self._left, self._right = grid, left, right
        self._steps = steps
        self.rows = rows
        lines = grid.lines
        if self._steps:
            self._parts = [row.flow[self._steps.get(y, 0) :] for y, row in enumerate(lines)]
        elif left == 0 and right == grid.cols:
            self._parts = [row.flow for row in map(lines.__getitem__, rows)]
            self._parts[grid.y] = to_cursor(grid)
        else:
            self._parts = [lines[y].span(left, right).rstrip(" ").encode() + b"\n" for y in rows]
        self.data = b"".join(self._parts)

    def cursor(self, *, last: bool) -> int:
        """Where the text before the cursor ends; with `last`, where its row's text ends.

        Never after the line end that stands for the rest of the row: what is drawn next may go on there.
        """
        grid = self._grid
        row = self._parts[grid.y]
        start = sum(map(len, self._parts[: grid.y]))
        size = len(row.removesuffix(b"\n"))
        if last:
            return start + size
        ahead = grid.lines[grid.y].span(0, min(grid.x + grid.pending, grid.cols))
        return start + min(len(ahead.encode()), size)

    def cells(self, start: int, end: int) -> Iterator[Cells]:
        """The cells of a stretch of text."""
        starts = [0, *accumulate(map(len, self._parts))]
        place = max(0, bisect_right(starts, start) - 1)
        while place < len(self.rows) and starts[place] < end:
            base, y = starts[place], self.rows[place]
            first, last = self._columns(y, max(start, base) - base, min(end, starts[place + 1]) - base)
            if first < last:
                yield y, first, last
            place += 1

    def _columns(self, y: int, start: int, end: int) -> tuple[int, int]:
        row = self._grid.lines[y]
        step = self._steps.get(y, 0)
        if self._left == 0 and row.text.isascii():
            return start + step, min(end + step, len(row.shown))
        first = last = -1
        at = 0
        for x in range(self._left + step, self._right):
            data = row.cell(x)[:1]
            size = len(data.encode())
            if size and at < end and at + size > start and data != " ":
                first = x if first < 0 else first
                last = x + max(1, width(data))
            at += size
        return (first, last) if first >= 0 else (0, 0)


def to_cursor(grid: Grid) -> bytes:
    """The cursor's row as text; blanks before the cursor count, for something may follow them."""
    row = grid.lines[grid.y]
    blanks = grid.x + grid.pending - len(row.text.rstrip(" "))
    return row.flow if row.wraps or blanks <= 0 else row.coded + b" " * blanks + b"\n"


def examine(patterns: Patterns, grid: Grid, *, final: bool) -> Look:
    """What of the grid may not be shown; `final`: what ends at the cursor will not go on."""
    text = _Text(grid, range(grid.rows), 0, grid.cols)
    last = not any(grid.lines[y].coded for y in range(grid.rows - 1, grid.y, -1))
    cursor = text.cursor(last=last)
    panes = [pane for pane in (*_panes(grid), *_stairs(grid)) if not _silent(patterns, pane.data)]
    if not panes and _silent(patterns, text.data):
        hold = cursor if final else _hold(patterns, text.data, cursor)
        return Look(waiting=tuple(text.cells(hold, cursor))) if hold < cursor else CLEAR
    masked: list[Cells] = []
    masks: list[Mask] = []
    finder = Finder(patterns)
    before = finder.feed(text.data[:cursor])
    hold = cursor if final else before.hold
    if hold < cursor:
        finder.account.skip(cursor)
    after = finder.feed(text.data[cursor:], final=True)
    _collect(text, [*before.covers, *after.covers], masked, masks)
    for pane in panes:
        _collect(pane, _read(patterns, pane.data).covers, masked, [])
    lessons = tuple(value for value, since in finder.lessons if since != cursor)
    account = finder.account
    return Look(
        tuple(dict.fromkeys(masked)),
        tuple(text.cells(hold, cursor)),
        tuple(masks),
        lessons,
        account.exposure,
        account.strict,
    )


def _read(patterns: Patterns, data: bytes) -> Found:
    return Finder(patterns).feed(data, final=True)


@lru_cache(maxsize=64)
def _compiled(expression: bytes) -> re.Pattern[bytes]:
    return re.compile(expression)


def _silent(patterns: Patterns, data: bytes) -> bool:
    """Whether no anchor of a detector and no piece of a form stands in the text: it hides nothing."""
    beyond = bool(patterns.wide or patterns.joined)
    return patterns.silent(data, fold(data) if beyond else b"", join(data) if beyond else b"")


def _hold(patterns: Patterns, data: bytes, cursor: int) -> int:
    """Where the text that ends at the cursor may go on to be a secret."""
    start = max(0, cursor - TAIL_BYTES)
    tail = data[start:cursor]
    folded = fold(tail)
    if start and len(folded) < patterns.reach[0]:
        start, tail = 0, data[:cursor]
        folded = fold(tail)
    if _settled(patterns, tail, folded, join(tail)):
        return cursor
    return Finder(patterns, start).feed(tail).hold


def _settled(patterns: Patterns, tail: bytes, folded: bytes, joined: bytes) -> bool:
    """Whether no form and no seeded detector can have begun at the end of a text that is silent."""
    places = range(len(tail))
    return (
        all(lane.pending(folded, places[: len(folded)]) == len(folded) for lane in patterns.wide)
        and all(lane.pending(joined, places[: len(joined)]) == len(joined) for lane in patterns.joined)
        and all(lane.pending(tail, places) == len(tail) for lane in patterns.exact)
        and not any(_compiled(row.viable).search(tail, max(0, len(tail) - REACH)) for row in patterns.seeded)
    )


def _collect(text: _Text, covers: Sequence[Cover], masked: list[Cells], masks: list[Mask]) -> None:
    for start, end, source in covers:
        cells = list(text.cells(start, end))
        masked += cells
        row, column, _ = cells[0] if cells else (0, 0, 0)
        masks.append(Mask(source, text.data[start:end], row, column))


def _panes(grid: Grid) -> Iterator[_Text]:
    """Each pane between vertical borders, as a text of its own."""
    columns: dict[int, list[int]] = {}
    for y, row in enumerate(grid.lines):
        for x in row.borders:
            columns.setdefault(x, []).append(y)
    borders = sorted(x for x, rows in columns.items() if len(rows) > 1)[:MAX_PANES]
    for left, right in zip([-1, *borders], [*borders, grid.cols], strict=True) if borders else ():
        rows = sorted({y for x in (left, right) for y in columns.get(x, ())})
        yield _Text(grid, rows, left + 1, right)


def _stairs(grid: Grid) -> Iterator[_Text]:
    """The screen where rows begin below the end of the row above: lines that ended without a return."""
    steps: dict[int, int] = {}
    for y, (above, row) in enumerate(pairwise(grid.lines), 1):
        size = len(above.shown) if above.text.isascii() else len(above.text.rstrip(" "))
        begins = (row.wraps or row.shown) and row.text.startswith(" " * size)
        if size >= MIN_STEP and not above.wraps and begins:
            steps[y] = size
    if steps:
        yield _Text(grid, range(grid.rows), 0, grid.cols, steps)


def hide(grid: Grid, look: Look) -> None:
    """Replace the cells that may not be shown, at equal width, in place."""
    for cells, mark in ((look.waiting, PLACEHOLDER), (look.masked, MASK)):
        for y, start, end in cells:
            row = grid.touch(y)
            stop = min(end, grid.cols)
            while stop < grid.cols and not row.cell(stop):
                stop += 1
            for x in [x for x in range(start, stop) if row.cell(x) != " "]:
                row.put(x, mark, row.pens[x])
