"""The side panel: every marker with its time, icon, word and text; and the screen of help."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from recorder.marks import Marker, text_of
from recorder.screen import printable
from tui.player.keys import KEYS
from tui.player.looks import LOOKS, clock


class Panel(OptionList):
    """The list of markers; choosing one posts OptionList.OptionSelected with its index."""

    def __init__(self, markers: tuple[Marker, ...], unlisted: int) -> None:
        options = [Option(_entry(marker)) for marker in markers]
        if unlisted:
            options.append(Option(f"{unlisted} more are not listed", disabled=True))
        if not options:
            options.append(Option("no markers", disabled=True))
        super().__init__(*options, id="panel")
        self.border_title = f"Markers ({len(markers)})"


class Help(ModalScreen[None]):
    """Every key and what it does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,space,enter", "app.pop_screen", "close", show=False)
    ]

    def compose(self) -> ComposeResult:
        """A framed table."""
        with VerticalScroll(id="help") as frame:
            frame.border_title = "Keys"
            frame.border_subtitle = "esc closes"
            table = Table.grid(padding=(0, 2))
            table.add_column(justify="right", style="bold", no_wrap=True)
            table.add_column()
            for key in filter(lambda key: key.shown, KEYS):
                table.add_row(key.shown, key.what)
            yield Static(table)
            yield Static(_legend(), id="legend")


def _entry(marker: Marker) -> Text:
    look = LOOKS[marker.kind]
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{clock(marker.at):>7} ", "#a9b4c2")
    text.append(f"{look.icon} {look.word}", f"bold {look.colour}")
    text.append(f"\n        {printable(text_of(marker.label))}")
    return text


def _legend() -> Text:
    text = Text("Markers")
    for place, look in enumerate(LOOKS.values()):
        text.append("\n  " if place % 4 == 0 else "   ")
        text.append(f"{look.icon} {look.word:<9}", look.colour)
    return text
