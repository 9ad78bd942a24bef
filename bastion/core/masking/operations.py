"""The tables of what sequences do to a screen: controls, ESC and CSI."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bastion.core.masking.grid import MAX_COLS
from bastion.core.masking.parameters import margins, number
from bastion.core.masking.rendition import PLAIN, rendition
from bastion.core.masking.row import Row

if TYPE_CHECKING:
    from bastion.core.masking.screen import Screen

Action = Callable[["Screen", str], object]


def _up(s: Screen, count: int) -> None:
    g = s.grid
    low = g.top if g.y >= g.top else 0
    s.move(g.x, max(low, g.y - count))


def _down(s: Screen, count: int) -> None:
    g = s.grid
    high = g.bottom if g.y <= g.bottom else g.rows - 1
    s.move(g.x, min(high, g.y + count))


def _right(s: Screen, count: int) -> None:
    g = s.grid
    edge = g.right if g.x <= g.right else g.cols - 1
    s.move(min(edge, g.x + count), g.y)


def _left(s: Screen, count: int) -> None:
    g = s.grid
    edge = g.left if g.x >= g.left else 0
    s.move(max(edge, g.x - count), g.y)


def _return(s: Screen) -> None:
    g = s.grid
    s.move(g.left if g.x >= g.left else 0, g.y)


def _to_line(s: Screen, count: int) -> None:
    (_down if count > 0 else _up)(s, abs(count))
    _return(s)


def _line_feed(s: Screen, _text: str = "") -> None:
    g = s.grid
    row = g.lines[g.y]
    if row.wraps:
        g.touch(g.y).wraps = 0
    g.pending = False
    g.index()
    if s.newline:
        _return(s)


def _next_line(s: Screen, _text: str = "") -> None:
    _line_feed(s)
    _return(s)


def _tab(s: Screen, count: int) -> None:
    g = s.grid
    edge = g.right if g.x <= g.right else g.cols - 1
    x = g.x
    while count and x < edge:
        x += 1
        count -= x in s.tabs
    s.move(x, g.y)


def _back_tab(s: Screen, count: int) -> None:
    x = s.grid.x
    while count and x:
        x -= 1
        count -= x in s.tabs
    s.move(x, s.grid.y)


def go(s: Screen, x: int, y: int) -> None:
    """Put the cursor at a cell, counted from the margins in origin mode."""
    g = s.grid
    if g.origin:
        s.move(min(g.left + x, g.right), min(g.top + y, g.bottom))
    else:
        s.move(x, y)


def _position(s: Screen, text: str) -> None:
    y, x = number(text) - 1, number(text, 1) - 1
    g = s.grid
    if g.origin or x >= g.cols or y >= g.rows:
        go(s, x, y)
    else:
        g.x, g.y, g.pending = x, y, False


def _column(s: Screen, text: str) -> None:
    g = s.grid
    s.move(number(text) - 1 + (g.left if g.origin else 0), g.y)


def _erase_display(s: Screen, text: str) -> None:
    """ED. After the last column was written nothing is right of the cursor (most terminals; not xterm)."""
    g = s.grid
    how = number(text, default=0)
    if how == 0:
        g.erase(g.y, g.x + g.pending, g.cols)
    elif how == 1:
        g.erase(g.y, 0, g.x + 1)
    rows = {0: range(g.y + 1, g.rows), 1: range(g.y), 2: range(g.rows)}.get(how, range(0))
    for y in rows:
        g.erase(y, 0, g.cols)


def _erase_line(s: Screen, text: str) -> None:
    g = s.grid
    spans = {0: (g.x + g.pending, g.cols), 1: (0, g.x + 1), 2: (0, g.cols)}
    start, end = spans.get(number(text, default=0), (0, 0))
    if start < end:
        g.erase(g.y, start, end)


def _lines(s: Screen, count: int) -> None:
    g = s.grid
    if g.top <= g.y <= g.bottom and g.left <= g.x <= g.right:
        g.scroll(-count, g.y)
        s.move(g.x if s.second else g.left, g.y)


def _shift(s: Screen, count: int) -> None:
    s.grid.pending = False
    s.grid.shift(count)


def _margins(s: Screen, text: str) -> None:
    g = s.grid
    top, bottom = margins(text, g.rows)
    if s.second and bottom >= g.rows:
        return
    g.top, g.bottom = top, min(bottom, g.rows - 1)
    go(s, 0, 0)


def _side_margins(s: Screen, text: str) -> None:
    g = s.grid
    if not s.side_margins:
        s.save()
        return
    left, right = margins(text, g.cols)
    g.left, g.right = left, min(right, g.cols - 1)
    go(s, 0, 0)


def _repeat(s: Screen, text: str) -> None:
    if s.last:
        s.grid.draw(s.last * min(number(text), s.grid.cols * s.grid.rows))


def _erase_chars(s: Screen, text: str) -> None:
    g = s.grid
    g.erase(g.y, g.x + g.pending, g.x + number(text))


def _align(s: Screen, _text: str) -> None:
    g = s.grid
    g.top, g.bottom, g.left, g.right = 0, g.rows - 1, 0, g.cols - 1
    for y in range(g.rows):
        g.mark(y)
        g.lines[y] = Row("E" * g.cols, [PLAIN] * g.cols)
    if not s.second:
        s.move(0, 0)


def _reset(s: Screen, _text: str) -> None:
    fresh = type(s)(s.grid.cols, s.grid.rows)
    s.__dict__.update(fresh.__dict__)
    s.grid.fresh = dict.fromkeys(range(s.grid.rows), (1 << MAX_COLS) - 1)


def _soft_reset(s: Screen, _text: str) -> None:
    g = s.grid
    g.insert = g.origin = s.side_margins = False
    g.autowrap, g.pen, s.charsets, s.shift, s.saved = True, PLAIN, ("B", "B"), 0, None
    g.top, g.bottom, g.left, g.right = 0, g.rows - 1, 0, g.cols - 1


def _charset(place: int, name: str) -> Action:
    def designate(s: Screen, _text: str) -> None:
        s.charsets = (name, s.charsets[1]) if place == 0 else (s.charsets[0], name)

    return designate


def _style(s: Screen, text: str) -> None:
    s.grid.pen = rendition(s.grid.pen, text)


def _set_tab(s: Screen, _text: str) -> None:
    s.tabs |= {s.grid.x}


def _clear_tab(s: Screen, text: str) -> None:
    match number(text, default=0):
        case 0:
            s.tabs -= {s.grid.x}
        case 3:
            s.tabs = frozenset()
        case _:  # line tabulation: xterm and others do nothing
            return


CONTROLS: dict[str, Action] = {
    "\b": lambda s, _: _left(s, 1),
    "\t": lambda s, _: _tab(s, 1),
    "\n": _line_feed,
    "\v": _line_feed,
    "\f": _line_feed,
    "\r": lambda s, _: _return(s),
    "\x0e": lambda s, _: setattr(s, "shift", 1),
    "\x0f": lambda s, _: setattr(s, "shift", 0),
}
ESCAPES: dict[str, Action] = {
    "7": lambda s, _: s.save(),
    "8": lambda s, _: s.restore(),
    "#8": _align,
    "D": _line_feed,
    "E": _next_line,
    "H": _set_tab,
    "M": lambda s, _: s.grid.reverse_index(),
    "c": _reset,
    "(B": _charset(0, "B"),
    "(A": _charset(0, "B"),
    "(0": _charset(0, "0"),
    ")A": _charset(1, "B"),
    ")B": _charset(1, "B"),
    ")0": _charset(1, "0"),
}
CSI: dict[str, Action] = {
    "@": lambda s, t: _shift(s, number(t)),
    "A": lambda s, t: _up(s, number(t)),
    "B": lambda s, t: _down(s, number(t)),
    "C": lambda s, t: _right(s, number(t)),
    "D": lambda s, t: _left(s, number(t)),
    "E": lambda s, t: _to_line(s, number(t)),
    "F": lambda s, t: _to_line(s, -number(t)),
    "G": _column,
    "H": _position,
    "I": lambda s, t: _tab(s, number(t)),
    "J": _erase_display,
    "K": _erase_line,
    "L": lambda s, t: _lines(s, number(t)),
    "M": lambda s, t: _lines(s, -number(t)),
    "P": lambda s, t: _shift(s, -number(t)),
    "S": lambda s, t: s.grid.scroll(number(t)),
    "T": lambda s, t: s.grid.scroll(-number(t)),
    "X": _erase_chars,
    "Z": lambda s, t: _back_tab(s, number(t)),
    "`": _column,
    "a": lambda s, t: _right(s, number(t)),
    "b": _repeat,
    "d": lambda s, t: s.move(s.grid.x, number(t) - 1 + (s.grid.top if s.grid.origin else 0)),
    "e": lambda s, t: _down(s, number(t)),
    "f": _position,
    "g": _clear_tab,
    "m": _style,
    "r": _margins,
    "s": _side_margins,
    "u": lambda s, _: s.restore(),
    "!p": _soft_reset,
}
