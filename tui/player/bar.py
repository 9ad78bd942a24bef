"""The progress bar: how far the replay is, and where the markers are."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from recorder.marks import Kind, Marker
from tui.player.looks import LOOKS, WEIGHT


class Bar(Widget):
    """One row; a click on it asks to go there."""

    class Clicked(Message):
        """A place on the bar was clicked; `share` is 0 at the start and 1 at the end."""

        def __init__(self, share: float) -> None:
            super().__init__()
            self.share = share

    def __init__(self, duration: float, markers: tuple[Marker, ...]) -> None:
        super().__init__(id="bar")
        self._duration = duration
        self._markers = markers
        self._places: dict[int, Kind] = {}
        self._at = 0.0

    def move(self, at: float) -> None:
        """Show another position, in seconds; drawn only when it changes a cell."""
        before, self._at = self._column(self._at), at
        if before != self._column(at):
            self.refresh()

    def on_resize(self) -> None:
        """Lay the markers out on the new width."""
        self._places.clear()
        for marker in self._markers:
            column = self._column(marker.at)
            there = self._places.setdefault(column, marker.kind)
            self._places[column] = min(there, marker.kind, key=WEIGHT.__getitem__)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Ask to go to the place that was clicked."""
        self.post_message(self.Clicked(event.x / max(1, self.size.width - 1)))

    def render(self) -> Text:
        """Played, head, remaining; a marker's icon stands where it is."""
        head = self._column(self._at)
        text = Text(no_wrap=True, overflow="crop", end="")
        for column in range(self.size.width):
            if column == head:
                text.append("█", "bold #ffffff")
            elif column in self._places:
                look = LOOKS[self._places[column]]
                text.append(look.icon, f"bold {look.colour}")
            else:
                text.append("━" if column < head else "┄", "#6cc7f5" if column < head else "#5b6675")
        return text

    def _column(self, at: float) -> int:
        if self._duration <= 0:
            return 0
        return round(min(1.0, at / self._duration) * max(0, self.size.width - 1))
