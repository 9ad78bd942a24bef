"""The screen on pyte, for machines without a wheel of avt: slower, and it knows fewer sequences.

pyte 0.8.2 raises on `CSI ? 4 m`, has no alternate screen and loses the text behind some zero-width
characters; the first is mended here, the others are why avt comes first.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pyte

from recorder.screen import PLAIN, Colour, Cursor, Pen, Screen, Span, clamp, spans

_NAMES: Final = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")
_INDEX: Final = {
    **{name: i for i, name in enumerate(_NAMES)},
    **{f"bright{name}": i + 8 for i, name in enumerate(_NAMES)},
    "bfightmagenta": 13,  # pyte's own spelling of one background
}
_IGNORED: Final = re.compile("[\u200b\u200c\u200d\ufe0e\ufe0f\ufeff\x01]")
"""Behind these pyte would drop the rest of a run; a terminal draws nothing for them."""


class _Model(pyte.Screen):
    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        if not private:
            super().select_graphic_rendition(*attributes)

    def set_mode(self, *modes: int, **more: Any) -> None:
        super().set_mode(*_without_columns(modes), **more)

    def reset_mode(self, *modes: int, **more: Any) -> None:
        super().reset_mode(*_without_columns(modes), **more)


class PyteScreen:
    """A terminal without scroll-back; see recorder.screen.Screen."""

    def __init__(self, cols: int, rows: int) -> None:
        self.faults = 0
        self._model = _Model(*clamp(cols, rows))
        self._stream = pyte.Stream(self._model)

    @property
    def size(self) -> tuple[int, int]:
        """(cols, rows)."""
        return self._model.columns, self._model.lines

    @property
    def cursor(self) -> Cursor:
        """The cursor; behind the last column it is shown on it."""
        cursor = self._model.cursor
        return Cursor(cursor.y, min(cursor.x, self._model.columns - 1), not cursor.hidden)

    def feed(self, text: str) -> None:
        """Draw output; what pyte cannot take blanks the picture and counts as a fault."""
        try:
            self._stream.feed(_IGNORED.sub("", text))
        except (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError):
            faults = self.faults + 1
            self.__init__(*self.size)  # type: ignore[misc]  # starting anew is meant
            self.faults = faults

    def resize(self, cols: int, rows: int) -> None:
        """Change the size."""
        cols, rows = clamp(cols, rows)
        self._model.resize(rows, cols)

    def line(self, row: int) -> list[Span]:
        """The cells of a row."""
        return spans(self._cells(row))

    def keyframe(self) -> Callable[[], Screen] | None:
        """A copy of the model."""
        kept, faults = copy.deepcopy(self._model), self.faults
        return lambda: _opened(kept, faults)

    def _cells(self, row: int) -> Iterator[tuple[str, int, Pen]]:
        cells = self._model.buffer[row]
        skip = False
        for col in range(self._model.columns):
            cell = cells[col]
            if skip:
                skip = False
                continue
            wide = col + 1 < self._model.columns and cells[col + 1].data == "" and cell.data != ""
            skip = wide
            yield cell.data or " ", 2 if wide else 1, _pen(cell)


def _without_columns(modes: tuple[int, ...]) -> list[int]:
    """The modes but DECCOLM: a recording says in its resize events how wide it is."""
    return [mode for mode in modes if mode != 3]


def _opened(model: _Model, faults: int) -> PyteScreen:
    screen = PyteScreen(*clamp(model.columns, model.lines))
    screen._model = copy.deepcopy(model)  # noqa: SLF001 - the class's own constructor
    screen._stream = pyte.Stream(screen._model)  # noqa: SLF001 - the same
    screen.faults = faults
    return screen


def _pen(cell: Any) -> Pen:
    pen = Pen(
        _colour(cell.fg),
        _colour(cell.bg),
        bold=cell.bold,
        italic=cell.italics,
        underline=cell.underscore,
        blink=cell.blink,
        inverse=cell.reverse,
        strike=cell.strikethrough,
    )
    return PLAIN if pen == PLAIN else pen


def _colour(name: str) -> Colour:
    if name == "default":
        return None
    if name in _INDEX:
        return _INDEX[name]
    return int(name[0:2], 16), int(name[2:4], 16), int(name[4:6], 16)
