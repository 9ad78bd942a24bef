"""A terminal's screen: tokens in, cells changed (xterm's behaviour; ECMA-48, DEC STD 070).

Every sequence is in one of the tables: modelled here, harmless (forwarded, changes no cell), or in
none, and then it is stripped. `Screen.apply` says which.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from enum import Enum

from pyte.charsets import VT100_MAP
from pyte.screens import Char

from bastion.core.masking.grid import BLANK, MAX_COLS, Grid
from bastion.core.masking.modes import ANSI, PRIVATE
from bastion.core.masking.operations import CONTROLS, CSI, ESCAPES
from bastion.core.masking.rendition import rendition
from bastion.core.masking.vt import Kind, Token

_GRAPHICS = {chr(i): char for i, char in enumerate(VT100_MAP) if 0x5F <= i <= 0x7E}
HARMLESS_MODES = frozenset(
    {1, 4, 5, 8, 9, 12, 25, 40, 45, 66, 67, 95, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016,
     1034, 1035, 1036, 1039, 2004, 2026, 2027, 2031, 2048, 7727}
)  # fmt: skip
HARMLESS_CSI = frozenset(
    {"c", ">c", "=c", "n", "?n", ">m", ">n", "?m", " q", ">q", "?u", ">u", "<u", "=u", "?$p", "$p"}
)
HARMLESS_OSC = frozenset(
    {"0", "1", "2", "4", "7", "8", "10", "11", "12", "104", "110", "111", "112", "133", "633", "9"}
)
WINDOW_STACK = frozenset(
    {"22", "23", "22;0;0", "23;0;0", "22;0", "23;0", "22;1", "23;1", "22;2", "23;2", "14", "18"}
)


class Fate(Enum):
    """What became of a token."""

    DREW = 0
    HARMLESS = 1
    STRIPPED = 2


class Screen:
    """The main and the alternate grid, the modes and the saved cursors. `grid` is what is shown."""

    grid: Grid

    def __init__(self, cols: int, rows: int) -> None:
        self.grid = Grid(cols, rows)
        self.other: Grid | None = None
        self.saved: tuple[int, int, Char, bool, bool, tuple[str, str], int] | None = None
        self.saved_other = self.saved
        self.charsets = ("B", "B")
        self.shift = 0
        self.side_margins = self.newline = False
        self.tabs = set(range(0, 1000, 8))
        self.last = ""

    def clone(self) -> Screen:
        """A screen of its own with the same content."""
        twin = copy(self)
        twin.grid = _clone(self.grid)
        twin.other = _clone(self.other) if self.other else None
        twin.tabs = set(self.tabs)
        return twin

    @property
    def plain(self) -> bool:
        """Whether text can only append: main screen, no margins, the default modes."""
        g = self.grid
        return (
            self.other is None
            and (g.top, g.bottom, g.left, g.right) == (0, g.rows - 1, 0, g.cols - 1)
            and g.autowrap
            and not (g.insert or g.origin or self.newline or self.side_margins or self.shift)
            and self.charsets == ("B", "B")
        )

    def state(self) -> tuple[object, ...]:
        """All but the cells of the hidden grid: equal states and cells mean equal terminals."""
        g = self.grid
        return (
            g.x, g.y, g.pending, g.pen, g.insert, g.origin, g.autowrap, g.top, g.bottom, g.left, g.right,
            self.other is None, self.charsets, self.shift, self.side_margins, self.newline, self.saved,
            self.saved_other,
        )  # fmt: skip

    def same(self, other: Screen) -> bool:
        """Whether both show the same and go on alike."""
        return self.state() == other.state() and self.grid.lines == other.grid.lines

    def resize(self, cols: int, rows: int) -> None:
        """Both grids get another size."""
        self.grid.resize(cols, rows)
        if self.other is not None:
            self.other.resize(cols, rows)

    def apply(self, token: Token) -> Fate:
        """Change the screen as a terminal would.

        REP is modelled only right after the character that it repeats and with autowrap on:
        elsewhere terminals differ.
        """
        fate = self._apply(token)
        if fate is Fate.DREW and token.kind is not Kind.TEXT and token.name not in {"b", "m"}:
            self.last = ""
        return fate

    def _apply(self, token: Token) -> Fate:
        match token.kind:
            case Kind.TEXT:
                text = token.text
                if self.charsets[self.shift] == "0":
                    text = "".join([_GRAPHICS.get(c, c) for c in text])
                self.grid.draw(text)
                self.last = text[-1:]
                return Fate.DREW
            case Kind.CONTROL:
                return self._run(CONTROLS.get(token.name), "", strip=False)
            case Kind.ESCAPE:
                return self._run(
                    ESCAPES.get(token.name), token.name, strip=token.name not in {"=", ">", "\\"}
                )
            case Kind.CSI:
                return self._csi(token)
            case Kind.OSC:
                return Fate.HARMLESS if token.text.partition(";")[0] in HARMLESS_OSC else Fate.STRIPPED
            case Kind.STRING:
                return Fate.STRIPPED

    def _csi(self, token: Token) -> Fate:
        if token.name in HARMLESS_CSI:
            return Fate.HARMLESS
        if token.name == "t":
            return Fate.HARMLESS if token.text in WINDOW_STACK else Fate.STRIPPED
        if token.name == "b" and not (self.last and self.grid.autowrap):
            return Fate.STRIPPED
        if token.name in {"?h", "?l", "h", "l"}:
            return self._modes(token)
        return self._run(CSI.get(token.name), token.text, strip=True)

    def _run(self, action: Callable[[Screen, str], object] | None, text: str, *, strip: bool) -> Fate:
        if action is None:
            return Fate.STRIPPED if strip else Fate.HARMLESS
        action(self, text)
        return Fate.DREW

    def _modes(self, token: Token) -> Fate:
        on = token.name[-1] == "h"
        table = PRIVATE if token.name[0] == "?" else ANSI
        numbers = [int(part) if part.isdigit() else -1 for part in token.text.split(";")]
        known = [table[number] for number in numbers if number in table]
        if not all(number in table or (table is PRIVATE and number in HARMLESS_MODES) for number in numbers):
            return Fate.STRIPPED
        for action in known:
            action(self, on)
        return Fate.DREW if known else Fate.HARMLESS

    def move(self, x: int, y: int) -> None:
        """Put the cursor at a cell, clamped to the screen."""
        g = self.grid
        g.x, g.y, g.pending = min(max(x, 0), g.cols - 1), min(max(y, 0), g.rows - 1), False

    def save(self) -> None:
        """DECSC."""
        g = self.grid
        self.saved = (g.x, g.y, g.pen, g.pending, g.origin, self.charsets, self.shift)

    def restore(self) -> None:
        """DECRC."""
        g = self.grid
        x, y, pen, pending, origin, self.charsets, self.shift = self.saved or (
            0, 0, BLANK, False, False, ("B", "B"), 0,
        )  # fmt: skip
        self.move(x, y)
        g.pen, g.pending, g.origin = pen, pending, origin

    def alternate(self, *, on: bool, clear: bool) -> None:
        """Switch between the grids (DECSET 47, 1047, 1049); the cursor and the modes go along.

        Each grid has a saved cursor of its own.
        """
        if on == (self.other is not None):
            return
        now = self.grid
        then = self.other if self.other is not None else Grid(now.cols, now.rows)
        if on and clear:
            then = Grid(now.cols, now.rows)
        then.x, then.y, then.pen, then.pending = now.x, now.y, now.pen, now.pending
        then.insert, then.origin, then.autowrap = now.insert, now.origin, now.autowrap
        then.top, then.bottom, then.left, then.right = now.top, now.bottom, now.left, now.right
        then.fresh = dict.fromkeys(range(then.rows), (0, MAX_COLS))
        self.grid, self.other = then, now if on else None
        self.saved, self.saved_other = self.saved_other, self.saved

    def sgr(self, text: str) -> None:
        """SGR: the pen."""
        self.grid.pen = rendition(self.grid.pen, text)


def _clone(grid: Grid) -> Grid:
    twin = copy(grid)
    twin.lines = [row[:] for row in grid.lines]
    twin.wraps, twin.texts, twin.fresh = grid.wraps[:], grid.texts[:], dict(grid.fresh)
    return twin
