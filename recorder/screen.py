"""A terminal's picture as cells: the interface, and the choice of the engine behind it.

The player draws only what stands here. A recorded byte never reaches the reviewer's terminal: what
is not a printable character is replaced, so that a recording cannot drive the screen it is seen on.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

COLS_MAX: Final = 1000
ROWS_MAX: Final = 500
"""A header may claim 65535 by 65535; the picture is clamped, the recording is not touched."""

Colour = int | tuple[int, int, int] | None
"""An index 0..255 of the xterm palette, red-green-blue 0..255 each, or the terminal's own colour."""

ENGINES: Final = ("avt", "pyte")


@dataclass(frozen=True, slots=True)
class Pen:
    """How a cell is drawn (ECMA-48 SGR)."""

    fg: Colour = None
    bg: Colour = None
    bold: bool = False
    faint: bool = False
    italic: bool = False
    underline: bool = False
    blink: bool = False
    inverse: bool = False
    strike: bool = False


PLAIN: Final = Pen()


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring cells of one pen; `text` takes `width` columns, wide characters counted twice."""

    text: str
    width: int
    pen: Pen = PLAIN


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the cursor stands, from 0."""

    row: int
    col: int
    visible: bool = True


class Screen(Protocol):
    """One terminal. `faults` counts how often the engine gave up and the picture restarted blank."""

    faults: int

    @property
    def size(self) -> tuple[int, int]:
        """(cols, rows), clamped."""

    @property
    def cursor(self) -> Cursor:
        """The cursor."""

    def feed(self, text: str) -> None:
        """Draw output; never raises, whatever it holds."""

    def resize(self, cols: int, rows: int) -> None:
        """Change the size; it is clamped to 2..COLS_MAX by 1..ROWS_MAX."""

    def line(self, row: int) -> list[Span]:
        """The cells of a row, `cols` columns in all; text is printable throughout."""

    def keyframe(self) -> Callable[[], Screen] | None:
        """A way to get this picture again, small and immutable; None when it would not be the same."""


def open_screen(cols: int, rows: int, engine: str | None = None) -> Screen:
    """A blank terminal: asciinema's avt where its wheel is installed, else pyte (slower, knows less)."""
    if (engine or default_engine()) == "avt":
        from recorder.screen_avt import AvtScreen  # noqa: PLC0415 - the engine is optional

        return AvtScreen(cols, rows)
    from recorder.screen_pyte import PyteScreen  # noqa: PLC0415 - the engine is optional

    return PyteScreen(cols, rows)


def default_engine() -> str:
    """The name of the engine that `open_screen` takes."""
    return "avt" if importlib.util.find_spec("avt") else "pyte"


def plain_text(screen: Screen) -> list[str]:
    """The picture's rows as text without trailing blanks, and without empty rows at the end."""
    rows = ["".join(span.text for span in screen.line(row)).rstrip() for row in range(screen.size[1])]
    while rows and not rows[-1]:
        rows.pop()
    return rows


def printable(text: str) -> str:
    """A label or title as one line that is safe to draw: what is not printable becomes U+FFFD."""
    return text if text.isprintable() else "".join(map(_safe, text.replace("\n", "⏎")))


def clamp(cols: int, rows: int) -> tuple[int, int]:
    """The size that a picture can have; two columns at least, since a wide character needs them."""
    return min(max(cols, 2), COLS_MAX), min(max(rows, 1), ROWS_MAX)


def spans(cells: Iterable[tuple[str, int, Pen]]) -> list[Span]:
    """Join cells (character, width, pen) of one pen; a width of 0 is a wide character's second half.

    A combining mark in a cell of its own joins the character before it and leaves a blank there, so
    that the columns behind it stay where the engine put them.
    """
    found: list[Span] = []
    text, width, pen = "", 0, PLAIN
    for char, columns, ink in cells:
        if columns == 0:
            continue
        if ink != pen and width:
            found.append(Span(text, width, pen))
            text, width = "", 0
        pen, width = ink, width + columns
        text += _cell(char, columns)
    return [*found, Span(text, width, pen)] if width else found


@lru_cache(maxsize=8192)
def _cell(char: str, columns: int) -> str:
    if len(char) == 1 and unicodedata.category(char) in {"Mn", "Me"}:
        return " " if _is_selector(char) else char + " "
    safe = "".join(map(_safe, char))
    return safe if safe == char else safe.ljust(columns)


def _is_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def _safe(char: str) -> str:
    if char.isprintable():
        return char
    return " " if unicodedata.category(char) == "Zs" else "\ufffd"
