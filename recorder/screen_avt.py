"""The screen on avt, asciinema's terminal model (through pyavt); the engine of choice.

Two flaws are mended here: a panic of the Rust side arrives as a BaseException of its own, and `dump`
writes a run of equal wide characters with REP, which avt then repeats as blanks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from avt._avt import Color, Line, Vt  # the typed half; avt itself re-exports without saying so
from avt._avt import Pen as AvtPen

from recorder.screen import PLAIN, Colour, Cursor, Pen, Screen, Span, clamp, spans

_REPEATED = re.compile(r"(.)\x1b\[(\d+)b", re.DOTALL)


class _Panics:
    """Notes a Rust panic of the block and goes on; every other exception passes."""

    def __init__(self) -> None:
        self.happened = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.happened = kind is not None and kind.__name__ == "PanicException"
        return self.happened


class AvtScreen:
    """A terminal without scroll-back; see recorder.screen.Screen."""

    def __init__(self, cols: int, rows: int) -> None:
        self.faults = 0
        self._vt = Vt(*clamp(cols, rows), 0)

    @property
    def size(self) -> tuple[int, int]:
        """(cols, rows)."""
        return self._vt.size

    @property
    def cursor(self) -> Cursor:
        """The cursor; behind the last column it is shown on it."""
        cursor = self._vt.cursor
        return Cursor(cursor.row, min(cursor.col, self.size[0] - 1), cursor.visible)

    def feed(self, text: str) -> None:
        """Draw output."""
        size = self.size
        with _Panics() as panic:
            self._vt.feed_str(text)
        if panic.happened:
            self._restart(*size)

    def resize(self, cols: int, rows: int) -> None:
        """Change the size; avt wraps long lines anew."""
        size = clamp(cols, rows)
        with _Panics() as panic:
            self._vt.resize(*size)
        if panic.happened:
            self._restart(*size)

    def line(self, row: int) -> list[Span]:
        """The cells of a row."""
        return spans(_cells(self._vt[row]))

    def keyframe(self) -> Callable[[], Screen] | None:
        """The dump, where drawing it gives the same picture."""
        size, dump, faults = self.size, self._vt.dump(), self.faults
        for attempt in (dump, _REPEATED.sub(_unrepeated, dump)):
            copy = _drawn(*size, attempt, faults)
            if self._same(copy):
                return lambda: _drawn(*size, attempt, faults)
        return None

    def _same(self, other: AvtScreen) -> bool:
        if self.cursor != other.cursor:
            return False
        return all(self.line(row) == other.line(row) for row in range(self.size[1]))

    def _restart(self, cols: int, rows: int) -> None:
        self.faults += 1
        self._vt = Vt(cols, rows, 0)


def _drawn(cols: int, rows: int, dump: str, faults: int) -> AvtScreen:
    screen = AvtScreen(cols, rows)
    screen.feed(dump)
    screen.faults += faults
    return screen


def _unrepeated(found: re.Match[str]) -> str:
    char = found[1]
    return char * (int(found[2]) + 1) if unicodedata.east_asian_width(char) in {"W", "F"} else found[0]


def _cells(line: Line) -> Iterator[tuple[str, int, Pen]]:
    for cell in line.cells:
        pen = cell.pen
        yield cell.char, cell.width, PLAIN if pen.is_default() else _pen(pen)


def _pen(pen: AvtPen) -> Pen:
    return Pen(
        _colour(pen.foreground),
        _colour(pen.background),
        pen.bold,
        pen.faint,
        pen.italic,
        pen.underline,
        pen.blink,
        pen.inverse,
        pen.strikethrough,
    )


def _colour(colour: Color | None) -> Colour:
    if isinstance(colour, Color.RGB):
        return colour[0], colour[1], colour[2]
    return colour[0] if isinstance(colour, Color.Indexed) else None
