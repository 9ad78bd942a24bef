"""Where a batch must be cut: before what would erase, overwrite or scroll off unseen text.

Text that was drawn and erased within one batch was never looked at; cutting there makes every screen
that the client's terminal passes through one that was examined (view V2). Sequences that change modes,
margins or buffers are pieces of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bastion.core.masking.grid import MAX_COLS
from bastion.core.masking.screen import HARMLESS_MODES, Screen
from bastion.core.masking.vt import Kind, Token

_STATE_CSI: Final = frozenset({"r", "s", "u", "!p", "h", "l"})
_STATE_ESC: Final = frozenset({"7", "8", "#8", "c", "(0", ")0", ")B"})
_DESTROY: Final = frozenset({"L", "M", "S", "T", "b"})


def changes_state(token: Token, screen: Screen) -> bool:
    """Whether the token changes more than cells, pen and cursor."""
    match token.kind:
        case Kind.CSI if token.name in {"?h", "?l"}:
            return any(
                not part.isdigit() or int(part) not in HARMLESS_MODES for part in token.text.split(";")
            )
        case Kind.CSI:
            return token.name in _STATE_CSI
        case Kind.ESCAPE:
            return token.name in _STATE_ESC or (token.name == "(B" and screen.charsets[0] != "B")
        case Kind.CONTROL:
            return token.name == "\x0e" or (token.name == "\x0f" and screen.shift != 0)
    return False


def destroys(token: Token, screen: Screen) -> bool:
    """Whether the token may remove text that was drawn since the screen was last looked at."""
    g = screen.grid
    if not g.fresh:
        return False
    match token.kind:
        case Kind.TEXT:
            size = 2 * len(token.text) if not token.text.isascii() else len(token.text)
            wraps = g.pending or g.x + size > g.cols or g.right < g.cols - 1
            return g.is_fresh(g.y, g.x + g.pending, g.x + size) or (
                wraps and (g.y == g.bottom or g.y + 1 in g.fresh)
            )
        case Kind.CONTROL:
            return token.name in "\n\v\f" and g.y == g.bottom and g.top in g.fresh
        case Kind.ESCAPE:
            return token.name in {"D", "E", "M"}
        case Kind.CSI if token.name == "K":
            start, end = {"": (g.x, MAX_COLS), "0": (g.x, MAX_COLS), "1": (0, g.x + 1)}.get(
                token.text, (0, MAX_COLS)
            )
            return g.is_fresh(g.y, start, end)
        case Kind.CSI if token.name == "J":
            below = any(y > g.y for y in g.fresh)
            return token.text not in {"", "0"} or below or g.is_fresh(g.y, g.x)
        case Kind.CSI if token.name in {"X", "P", "@"}:
            return g.is_fresh(g.y, g.x)
        case Kind.CSI:
            return token.name in _DESTROY
    return False


def cut(tokens: list[Token], cols: int) -> Iterator[Token]:
    """The same tokens, none of them printing more than about a row."""
    for token in tokens:
        if token.kind is Kind.TEXT and len(token.text) > cols:
            for start in range(0, len(token.text), cols):
                part = token.text[start : start + cols]
                yield Token(Kind.TEXT, part.encode(), "", part)
        else:
            yield token
