"""What the line editor shows and which keys end it: prompt_toolkit parts without its runner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from prompt_toolkit.application import Application
from prompt_toolkit.application.current import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.clipboard import InMemoryClipboard
from prompt_toolkit.data_structures import Size as ScreenSize
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import DummyInput
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import HSplit, Layout, Window
from prompt_toolkit.layout.containers import ConditionalContainer
from prompt_toolkit.layout.controls import BufferControl, SearchBufferControl
from prompt_toolkit.layout.processors import (
    HighlightIncrementalSearchProcessor,
    HighlightSelectionProcessor,
    ReverseSearchProcessor,
)
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from bastion.model.request import Size

MAX_COLS, MAX_ROWS = 1000, 500
MAX_KILLS = 8


@dataclass(frozen=True, slots=True)
class Entered:
    """The line was ended; `text` is what was typed this time."""

    text: str


@dataclass(frozen=True, slots=True)
class Aborted:
    """The line was left with ^C ("interrupt") or ^D on an empty line ("eof")."""

    why: Literal["interrupt", "eof"]


Outcome = Entered | Aborted


class _Pages:
    """The `stdout` that prompt_toolkit writes to: a list of texts."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def write(self, text: str) -> int:
        self.texts.append(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


class Screen(Vt100_Output):
    """A terminal that exists only as bytes to take; never asks it anything."""

    def __init__(self, size: Size, term: str) -> None:
        self._pages = _Pages()
        self.size = size
        super().__init__(
            self._pages,  # type: ignore[arg-type] # it asks for write and flush only
            self._screen_size,
            term=term,
            default_color_depth=ColorDepth.DEPTH_4_BIT,
            enable_cpr=False,
        )

    def take(self) -> bytes:
        """What was drawn since the last call."""
        drawn = "".join(self._pages.texts)
        self._pages.texts.clear()
        return drawn.encode("utf-8", "replace")

    def fileno(self) -> int:
        """There is no descriptor; asked for by nobody."""
        raise NotImplementedError

    def _screen_size(self) -> ScreenSize:
        return ScreenSize(rows=min(self.size.rows, MAX_ROWS), columns=min(self.size.cols, MAX_COLS))


class LineBuffer(Buffer):
    """A buffer whose history is put in at once, and which starts no tasks."""

    def load_history_if_not_yet_loaded(self) -> None:
        """The history is there already."""

    def start_completion(self, *_args: object, **_kwargs: object) -> None:
        """There is nothing to complete with."""

    def begin(self, history: list[str]) -> None:
        """An empty line below `history`, oldest first."""
        self.reset()
        self._working_lines.extendleft(reversed(history))
        self.working_index = len(history)


# The renderer skips blanks without a colour and moves the cursor over them; programs that wait for
# a prompt (expect scripts, agents) look for its last blank, so it has one: the default colour.
_DRAWN = "fg:ansidefault"


@dataclass(slots=True)
class Prompts:
    """The text before the first line, and before the further lines of a paste."""

    first: str = ""
    more: str = field(default="> ")

    def before(self, line: int, wrapped: int) -> StyleAndTextTuples:
        """What stands left of a screen line."""
        if wrapped:
            return []
        return [(_DRAWN, self.first if line == 0 else self.more)]


def application(screen: Screen, prompts: Prompts, finish: Callable[[Outcome], None]) -> Application[None]:
    """One editor: a line with search in its place, emacs keys, and `finish` called at its end."""

    def accept(buffer: Buffer) -> bool:
        finish(Entered(buffer.text))
        return True

    line = LineBuffer(name="line", multiline=False, accept_handler=accept)
    search = SearchBufferControl(
        buffer=LineBuffer(name="search", multiline=False), input_processors=[ReverseSearchProcessor()]
    )
    control = BufferControl(
        buffer=line,
        search_buffer_control=search,
        preview_search=True,
        include_default_input_processors=False,
        input_processors=[HighlightIncrementalSearchProcessor(), HighlightSelectionProcessor()],
    )
    searching = Condition(lambda: get_app().layout.current_control is search)
    window = Window(control, get_line_prefix=prompts.before, wrap_lines=True)
    root = HSplit(
        [ConditionalContainer(window, ~searching), ConditionalContainer(Window(search, height=1), searching)]
    )
    return Application(
        layout=Layout(root, window),
        key_bindings=_keys(line, finish),
        clipboard=InMemoryClipboard(max_size=MAX_KILLS),
        enable_page_navigation_bindings=False,
        include_default_pygments_style=False,
        input=DummyInput(),
        output=screen,
    )


def _keys(line: Buffer, finish: Callable[[Outcome], None]) -> KeyBindings:
    keys = KeyBindings()

    @keys.add("c-c", filter=has_focus(line))
    def _interrupt(_event: KeyPressEvent) -> None:
        finish(Aborted("interrupt"))

    @keys.add("c-d", filter=has_focus(line) & Condition(lambda: not line.text))
    def _eof(_event: KeyPressEvent) -> None:
        finish(Aborted("eof"))

    return keys
