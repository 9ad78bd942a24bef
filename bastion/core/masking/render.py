"""From what the client shows to what it may show: the smallest repaint we can make safely.

Only cursor moves, SGR, printable text and erasing are written. Moves are relative on the main screen
(nobody knows in which row of the client's terminal the session began), absolute elsewhere.
"""

from __future__ import annotations

from bastion.core.masking.rendition import PLAIN, Pen, sgr
from bastion.core.masking.row import Row
from bastion.core.masking.screen import Screen

_CLEARED = (" ", PLAIN)


def paint(shown: Screen, target: Screen, *, whole: bool = False) -> bytes:
    """Bytes that turn `shown` into `target`, which has the same size, modes and margins.

    `whole` clears first and draws every row (after a resize, when the client's cells are unknown).
    """
    brush = _Brush(shown, target)
    if whole:
        brush.clear()
    for y, row in enumerate(target.grid.lines):
        old = None if whole else shown.grid.lines[y]
        if old != row:
            brush.row(y, row, old)
    return brush.finish()


class _Brush:
    def __init__(self, shown: Screen, target: Screen) -> None:
        g = shown.grid
        self._out: list[bytes] = []
        self._target = target
        self._y, self._pen = g.y, g.pen
        self._relative = shown.other is None and g.whole and not g.origin
        if g.origin:
            self._out.append(b"\x1b[?6l")
        if g.insert:
            self._out.append(b"\x1b[4l")
        if shown.side_margins:
            self._out.append(b"\x1b[?69l")
        if shown.shift or "0" in shown.charsets:
            self._out.append(b"\x0f\x1b(B")

    def clear(self) -> None:
        self._relative = False
        self._out.append(b"\x1b[0m\x1b[H\x1b[2J")
        self._pen = PLAIN
        self._y = 0

    def row(self, y: int, row: Row, old: Row | None) -> None:
        """Draw the cells that differ."""
        x, size = 0, len(row.text)
        new = [(row.cell(i), row.pens[i]) for i in range(size)]
        was = [(old.cell(i), old.pens[i]) for i in range(size)] if old is not None else [_CLEARED] * size
        while x < size:
            if was[x] == new[x]:
                x += 1
                continue
            start = x
            while start and (not new[start][0] or _half(was[start])):
                start -= 1
            while x < size and (was[x] != new[x] or not new[x][0] or _half(was[x])):
                x += 1
            self._move(start, y)
            self._draw(row, start, x)

    def _move(self, x: int, y: int) -> None:
        if not self._relative:
            self._out.append(b"\x1b[%d;%dH" % (y + 1, x + 1))
        else:
            self._out.append(b"\r")
            if y != self._y:
                self._out.append(b"\x1b[%d%s" % (abs(y - self._y), b"A" if y < self._y else b"B"))
            if x:
                self._out.append(b"\x1b[%dC" % x)
        self._y = y

    def _draw(self, row: Row, start: int, end: int) -> None:
        for x in range(start, end):
            if row.pens[x] != self._pen:
                self._pen = row.pens[x]
                self._out.append(sgr(self._pen))
            self._out.append(row.cell(x).encode())

    def finish(self) -> bytes:
        """Put the pen, the modes and the cursor where the program believes them to be."""
        s, g = self._target, self._target.grid
        if s.side_margins:
            self._out.append(b"\x1b[?69h\x1b[%d;%ds" % (g.left + 1, g.right + 1))
        if g.pending:
            row = g.lines[g.y]
            lead = g.x - 1 if g.x and not row.cell(g.x) else g.x
            self._move(lead, g.y)
            self._draw(row, lead, g.x + 1)
        else:
            self._move(g.x, g.y)
        if self._pen != g.pen:
            self._out.append(sgr(g.pen))
        if "0" in s.charsets or s.shift:
            self._out.append(b"\x1b(%s\x1b)%s" % tuple(name.encode() for name in s.charsets))
            self._out.append(b"\x0e" if s.shift else b"\x0f")
        if g.insert:
            self._out.append(b"\x1b[4h")
        if g.origin:
            self._out.append(b"\x1b[?6h\x1b[%d;%dH" % (g.y - g.top + 1, g.x - g.left + 1))
        return b"".join(self._out)


def _half(cell: tuple[str, Pen]) -> bool:
    return not cell[0]
