"""Where a batch must be cut: before what would erase, overwrite or scroll off unseen text.

Text that was drawn and erased within one batch was never looked at; cutting there makes every screen
that the client's terminal passes through one that was examined (view V2). Sequences that change modes,
margins or buffers are pieces of their own (`Cut.STATE` in the table of sequences).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bastion.core.masking.grid import MAX_COLS, Grid
from bastion.core.masking.row import TAIL, cells
from bastion.core.masking.screen import CHARSET, Screen
from bastion.core.masking.sequences import Cut, Kind, Token


def changes_mode(token: Token, screen: Screen) -> bool:
    """Whether a repaint must repeat the token: it changes more than cells, pen and cursor."""
    if token.kind is Kind.PEN:
        return screen.charsets[0] != "B" and CHARSET in token.text
    return token.cut in {Cut.MODE, Cut.STATE}


def changes_state(token: Token, screen: Screen) -> bool:
    """Whether a piece must end before and after the token."""
    return token.cut is Cut.STATE and not (token.name == "s" and screen.side_margins)


def destroys(token: Token, screen: Screen) -> bool:
    """Whether the token may remove text that was drawn since the screen was last looked at."""
    g = screen.grid
    if not g.fresh:
        return False
    if token.kind is Kind.TEXT:
        return _overwrites(g, token.text)
    if token.cut is not Cut.ERASES:
        return False
    return _ERASES.get((token.kind, token.name), _always)(g, token.text)


def _overwrites(g: Grid, text: str) -> bool:
    x = g.x + g.pending
    size = len(text) if text.isascii() else cells(text)
    if g.y in g.fresh and (g.insert or g.is_fresh(g.y, x - _halved(g, x), x + size)):
        return True
    wraps = x + size > (g.right if g.left <= g.x <= g.right else g.cols - 1) + 1
    return wraps and (g.y == g.bottom or g.y + 1 in g.fresh)


def _always(_grid: Grid, _text: str) -> bool:
    return True


def _down(g: Grid, _text: str) -> bool:
    return g.y == g.bottom and g.top in g.fresh


def _up(g: Grid, _text: str) -> bool:
    return g.y == g.top and g.bottom in g.fresh


def _rest(g: Grid, _text: str) -> bool:
    return g.is_fresh(g.y, g.x - _halved(g, g.x))


def _some(g: Grid, text: str) -> bool:
    x = g.x + g.pending
    count = min(int(text) or 1, MAX_COLS) if text.isdigit() else MAX_COLS if text else 1
    return g.is_fresh(g.y, x - _halved(g, x), x + count)


def _halved(g: Grid, x: int) -> bool:
    """Whether the cell is the second half of a wide character."""
    return g.lines[g.y].text[x : x + 1] == TAIL


def _scrolled(g: Grid, text: str) -> bool:
    count = int(text or "1") or 1 if (text or "1").isdigit() else g.rows
    return any(g.top <= y < g.top + count for y in g.fresh)


def _scrolled_down(g: Grid, text: str) -> bool:
    count = int(text or "1") or 1 if (text or "1").isdigit() else g.rows
    return any(g.bottom - count < y <= g.bottom for y in g.fresh)


def _row(g: Grid, text: str) -> bool:
    x = g.x + g.pending
    spans = {"": (x - _halved(g, x), MAX_COLS), "0": (x - _halved(g, x), MAX_COLS), "1": (0, g.x + 2)}
    return g.is_fresh(g.y, *spans.get(text, (0, MAX_COLS)))


def _display(g: Grid, text: str) -> bool:
    if text in {"", "0"}:
        return _row(g, "") or any(y > g.y for y in g.fresh)
    return True


_ERASES: dict[tuple[Kind, str], Callable[[Grid, str], bool]] = {
    (Kind.CONTROL, "\n"): _down,
    (Kind.CONTROL, "\v"): _down,
    (Kind.CONTROL, "\f"): _down,
    (Kind.ESCAPE, "D"): _down,
    (Kind.ESCAPE, "E"): _down,
    (Kind.ESCAPE, "M"): _up,
    (Kind.CSI, "J"): _display,
    (Kind.CSI, "K"): _row,
    (Kind.CSI, "X"): _some,
    (Kind.CSI, "P"): _rest,
    (Kind.CSI, "@"): _rest,
    (Kind.CSI, "S"): _scrolled,
    (Kind.CSI, "T"): _scrolled_down,
}


def cut(token: Token, cols: int) -> Iterator[Token]:
    """The same, none printing more than about a row."""
    if token.kind is not Kind.TEXT or len(token.text) <= cols:
        yield token
        return
    for start in range(0, len(token.text), cols):
        part = token.text[start : start + cols]
        yield Token(Kind.TEXT, part.encode(), "", part)
