"""The widget that shows the recorded terminal: cells in a frame, scrolled when they do not fit."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from recorder.screen import PLAIN, Screen
from tui.player.looks import style

_EDGE = Style(color="#5b6675", bgcolor="#161b24")
_OUTSIDE = Style(bgcolor="#161b24")
_CURSOR = Style(reverse=True)


class Picture(ScrollView, can_focus=False):
    """Draws a screen's cells; what lies outside the recorded terminal is shown as outside.

    `following` keeps the cursor in view until the reviewer scrolls. There are no scroll bars: an
    80-column recording must fit 80 columns; `hidden` says in words what is not shown.
    """

    def __init__(self, screen: Screen) -> None:
        super().__init__(id="picture")
        self._drawn: dict[int, Strip] = {}
        self._terminal = screen
        self.following = True

    def on_mount(self) -> None:
        """Take the size of the first picture."""
        self.show(self._terminal)

    def on_resize(self) -> None:
        """Bring the cursor into view again."""
        self._follow()

    def show(self, screen: Screen) -> None:
        """Draw this screen as it is now."""
        self._terminal = screen
        self._drawn.clear()
        size = Size(*screen.size)
        if self.virtual_size != size:
            self.virtual_size = size
        self._follow()
        self.refresh()

    def scroll_by(self, cols: int, rows: int) -> None:
        """Scroll by hand; from then on the cursor is not followed."""
        self.following = False
        self.scroll_relative(cols, rows, animate=False, force=True)

    def follow(self) -> None:
        """Follow the cursor again."""
        self.following = True
        self._follow()

    def _follow(self) -> None:
        width, height = self.size
        if self.following and width and height:
            cursor, (across, down) = self._terminal.cursor, self.scroll_offset
            x = 0 if cursor.col < width else _near(cursor.col, across, width)
            self.scroll_to(x, _near(cursor.row, down, height), animate=False, force=True, immediate=True)

    def render_line(self, y: int) -> Strip:
        """One row of the widget: outside, the frame's edge, or cells between two edges."""
        width, height = self.size
        cols, rows = self._terminal.size
        left, top = max(0, (width - cols) // 2), max(0, (height - rows) // 2)
        across, down = self.scroll_offset
        row = y - top + down
        if 0 <= row < rows:
            strip = self._drawn.get(row) or self._drawn.setdefault(row, self._row(row))
            cells = list(strip.crop(across, across + width))
            line = [*_blank(left - 1), *_edge("▕", left), *cells, *_edge("▏", width - cols - left)]
        elif row in {-1, rows} and height > rows:
            line = [*_blank(left), Segment(("▁" if row < 0 else "▔") * min(cols, width), _EDGE)]
        else:
            line = []
        return Strip(line).adjust_cell_length(width, _OUTSIDE)

    @property
    def hidden(self) -> str:
        """What part of a picture too large for its place is shown; empty when all of it is."""
        (width, height), (cols, rows) = self.size, self._terminal.size
        across, down = self.scroll_offset
        parts = []
        if rows > height:
            parts.append(f"rows {down + 1}-{down + height}/{rows}")
        if cols > width:
            parts.append(f"columns {across + 1}-{across + width}/{cols}")
        return "  ".join(parts)

    def _row(self, row: int) -> Strip:
        spans = self._terminal.line(row)
        cols = self._terminal.size[0]
        strip = Strip([Segment(span.text, style(span.pen)) for span in spans]).adjust_cell_length(
            cols, style(PLAIN)
        )
        cursor = self._terminal.cursor
        if cursor.visible and cursor.row == row:
            at = cursor.col
            cell = strip.crop(at, at + 1).apply_style(_CURSOR)
            strip = Strip.join([strip.crop(0, at), cell, strip.crop(at + 1, cols)])
        return strip


def _near(place: int, offset: int, span: int) -> int:
    """The least changed offset that has `place` in view."""
    return min(max(offset, place - span + 1), place)


def _blank(width: int) -> list[Segment]:
    return [Segment(" " * width, _OUTSIDE)] if width > 0 else []


def _edge(char: str, room: int) -> list[Segment]:
    return [Segment(char, _EDGE)] if room > 0 else []
