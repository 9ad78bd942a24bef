"""Where terminals differ: what does not pass, and what must be read in two ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bastion.core.masking.parameters import margins
from bastion.core.masking.row import width
from bastion.core.masking.sequences import Kind, Token

if TYPE_CHECKING:
    from bastion.core.masking.screen import Screen

DECCOLM_COLS = 80


def disputed(screen: Screen, name: str, text: str) -> bool:
    """Whether terminals differ about a CSI so much that it must not pass."""
    g = screen.grid
    match name:
        case "b":
            return not (screen.last and g.autowrap and width(screen.last) == 1)
        case "r":
            top, bottom = margins(text, g.rows)
            return top >= min(bottom, g.rows - 1)
        case "s":
            left, right = margins(text, g.cols)
            return left >= min(right, g.cols - 1) if screen.side_margins else text != ""
        case "!p":
            return not g.autowrap
        case _:
            return False


def forks(token: Token, screen: Screen) -> bool:
    """Whether terminals differ about this token here, so that both readings must be followed.

    IL and DL go to the row's start, or not. DECALN goes home, or not. Margins beyond the screen end at
    it, or are ignored. DECCOLM clears, or is ignored.
    """
    if token.kind is Kind.TEXT:
        return False
    g = screen.grid
    match token.kind, token.name:
        case Kind.CSI, "L" | "M":
            return g.x != g.left
        case Kind.CSI, "r":
            return margins(token.text, g.rows)[1] >= g.rows
        case Kind.ESCAPE, "#8":
            return (g.x, g.y) != (0, 0)
        case Kind.CSI, "?l":
            return "3" in token.text.split(";") and g.cols == DECCOLM_COLS
        case _:
            return False
