"""From what the client shows to what it may show: the smallest repaint we can make safely.

Only cursor moves, SGR, printable text and erasing are written. Moves are relative on the main screen
(nobody knows in which row of the client's terminal the session began), absolute elsewhere.
"""

from __future__ import annotations

from bastion.core.masking.grid import BLANK, Row, cell
from bastion.core.masking.rendition import sgr
from bastion.core.masking.screen import Screen


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
        full = (g.top, g.bottom, g.left, g.right) == (0, g.rows - 1, 0, g.cols - 1)
        self._relative = shown.other is None and full and not g.origin
        if g.origin:
            self._out.append(b"\x1b[?6l")
        if g.insert:
            self._out.append(b"\x1b[4l")
        if shown.shift or "0" in shown.charsets:
            self._out.append(b"\x0f\x1b(B")

    def clear(self) -> None:
        self._relative = False
        self._out.append(b"\x1b[0m\x1b[H\x1b[2J")
        self._pen = BLANK
        self._y = 0

    def row(self, y: int, row: Row, old: Row | None) -> None:
        x = 0
        while x < len(row):
            if old is not None and old[x] == row[x]:
                x += 1
                continue
            start = x
            while start and (not row[start].data or (old is not None and not old[start].data)):
                start -= 1
            while x < len(row) and (old is None or old[x] != row[x] or not row[x].data or not old[x].data):
                x += 1
            self._move(start, y)
            self._draw(row[start:x])

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

    def _draw(self, cells: Row) -> None:
        for one in cells:
            pen = cell(one, " ")
            if pen != self._pen:
                self._out.append(sgr(pen))
                self._pen = pen
            self._out.append(one.data.encode())

    def finish(self) -> bytes:
        """Put the pen, the modes and the cursor where the program believes them to be."""
        s, g = self._target, self._target.grid
        if g.pending:
            lead = g.x - 1 if g.x and not g.lines[g.y][g.x].data else g.x
            self._move(lead, g.y)
            self._draw(g.lines[g.y][lead : g.x + 1])
        else:
            self._move(g.x, g.y)
        if self._pen != cell(g.pen, " "):
            self._out.append(sgr(g.pen))
        if "0" in s.charsets or s.shift:
            self._out.append(b"\x1b(%s\x1b)%s" % tuple(name.encode() for name in s.charsets))
            self._out.append(b"\x0e" if s.shift else b"\x0f")
        if g.insert:
            self._out.append(b"\x1b[4h")
        if g.origin:
            self._out.append(b"\x1b[?6h\x1b[%d;%dH" % (g.y - g.top + 1, g.x - g.left + 1))
        return b"".join(self._out)
