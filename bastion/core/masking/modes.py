"""The tables of what modes do to a screen (SM, RM, DECSET, DECRST)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bastion.core.masking.operations import go

if TYPE_CHECKING:
    from bastion.core.masking.screen import Screen

Switch = Callable[["Screen", bool], None]


def _wrap(s: Screen, on: bool) -> None:
    s.grid.autowrap = on


def _insert(s: Screen, on: bool) -> None:
    s.grid.insert = on


def _newline(s: Screen, on: bool) -> None:
    s.newline = on


def _origin(s: Screen, on: bool) -> None:
    s.grid.origin = on
    go(s, 0, 0)


def _sides(s: Screen, on: bool) -> None:
    s.side_margins = on
    if not on:
        s.grid.left, s.grid.right = 0, s.grid.cols - 1


def _alternate(number: int) -> Switch:
    def switch(s: Screen, on: bool) -> None:
        if on and number == 1049:
            s.save()
        s.alternate(on=on, clear=number != 47)
        if not on and number == 1049:
            s.restore()

    return switch


def _cursor_saved(s: Screen, on: bool) -> None:
    (s.save if on else s.restore)()


def _columns(s: Screen, on: bool) -> None:  # noqa: ARG001 - one signature; only resetting gets here
    """DECCOLM to the 80 columns that there are: cleared, without margins, or nothing."""
    if not s.second:
        return
    g = s.grid
    g.top, g.bottom, g.left, g.right = 0, g.rows - 1, 0, g.cols - 1
    for y in range(g.rows):
        g.erase(y, 0, g.cols)
    s.move(0, 0)


PRIVATE: dict[int, Switch] = {
    3: _columns,
    6: _origin,
    7: _wrap,
    47: _alternate(47),
    69: _sides,
    1047: _alternate(1047),
    1048: _cursor_saved,
    1049: _alternate(1049),
}
ANSI: dict[int, Switch] = {4: _insert, 20: _newline}
