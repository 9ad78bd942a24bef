"""A terminal's screen: tokens in, cells changed (xterm's behaviour; ECMA-48, DEC STD 070).

What becomes of a sequence is in the table of sequences; here is what the modelled ones do.
`second`: the screen follows the second reading where terminals differ (`disputes.forks`).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import lru_cache

from bastion.core.masking.disputes import DECCOLM_COLS, disputed
from bastion.core.masking.grid import MAX_COLS, Grid
from bastion.core.masking.modes import ANSI, PRIVATE
from bastion.core.masking.operations import CONTROLS, CSI, ESCAPES
from bastion.core.masking.rendition import PLAIN, Pen, rendition
from bastion.core.masking.sequences import Kind, Token, Use

_GRAPHICS = dict(zip("_`abcdefghijklmnopqrstuvwxyz{|}~", "\xa0◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·", strict=True))
TABS = frozenset(range(0, MAX_COLS, 8))
CHARSET = "\x1b(B"
_ASCII = ("B", "B")
_DISPUTED = frozenset({"b", "r", "s", "!p"})
_MODES = frozenset({"?h", "?l", "h", "l"})
Saved = tuple[int, int, Pen, bool, bool, tuple[str, str], int]


class Fate(Enum):
    """What became of a token."""

    DREW = 0
    HARMLESS = 1
    STRIPPED = 2


class Screen:
    """The main and the alternate grid, the modes and the saved cursors. `grid` is what is shown."""

    grid: Grid

    def __init__(self, cols: int, rows: int) -> None:
        self.second = False
        self.grid = Grid(cols, rows)
        self.other: Grid | None = None
        self.saved: Saved | None = None
        self.saved_other = self.saved
        self.charsets = ("B", "B")
        self.shift = 0
        self.side_margins = self.newline = False
        self.tabs = TABS
        self.last = ""

    def clone(self) -> Screen:
        """A screen of its own with the same content."""
        twin = object.__new__(Screen)
        twin.__dict__.update(self.__dict__)
        twin.grid = self.grid.clone()
        twin.other = self.other.clone() if self.other else None
        return twin

    @property
    def plain(self) -> bool:
        """Whether text can only append: main screen, no margins, the default modes."""
        g = self.grid
        return (
            self.other is None
            and g.whole
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

        REP is modelled only right after the character that it repeats, of one cell and with autowrap on.
        """
        kind = token.kind
        if kind is Kind.TEXT:
            text = token.text
            if self.shifted and self.charsets[self.shift] == "0":
                text = "".join([_GRAPHICS.get(c, c) for c in text])
            self.grid.draw(text)
            self.last = text[-1]
            return Fate.DREW
        if kind is Kind.PEN:
            self.grid.pen = _after(self.grid.pen, token.text)
            if self.charsets[0] != "B" and CHARSET in token.text:
                self.charsets = ("B", self.charsets[1])
            return Fate.DREW
        if token.use is not Use.MODELLED:
            return Fate.STRIPPED if token.use is Use.STRIPPED else Fate.HARMLESS
        name = token.name
        if kind is Kind.CSI:
            if name in _MODES:
                return self._modes(token)
            if name in _DISPUTED and disputed(self, name, token.text):
                return Fate.STRIPPED
            CSI[name](self, token.text)
        else:
            (CONTROLS if kind is Kind.CONTROL else ESCAPES)[name](self, "")
        if name != "b":
            self.last = ""
        return Fate.DREW

    @property
    def shifted(self) -> bool:
        """Whether text may mean other characters than ASCII."""
        return self.charsets != _ASCII or self.shift != 0

    def _modes(self, token: Token) -> Fate:
        table = PRIVATE if token.name[0] == "?" else ANSI
        known: list[Callable[[Screen, bool], None]] = []
        for part in token.text.split(";"):
            if part == "3" and self.grid.cols != DECCOLM_COLS and table is PRIVATE:
                return Fate.STRIPPED
            if int(part) in table:
                known.append(table[int(part)])
        for action in known:
            action(self, token.name[-1] == "h")
        self.last = ""
        return Fate.DREW

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
            0, 0, PLAIN, False, False, ("B", "B"), 0,
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
        then.fresh = dict.fromkeys(range(then.rows), (1 << MAX_COLS) - 1)
        self.grid, self.other = then, now if on else None
        self.saved, self.saved_other = self.saved_other, self.saved


@lru_cache(maxsize=4096)
def _after(pen: Pen, run: str) -> Pen:
    """The pen after a run of SGR sequences and character set designations."""
    for part in run.split("\x1b")[1:]:
        if part[0] == "[":
            pen = rendition(pen, part[1:-1])
    return pen
