"""The line editor of an interactive session: prompt_toolkit, driven by bytes, without an event loop.

The session's channel feeds bytes and takes what was drawn; nothing here touches a terminal, a
signal, a task or a file, so any number of editors live side by side. prompt_toolkit's own runner
installs a SIGWINCH handler and background tasks for each prompt; here its key processor and
renderer are called directly instead (read against 3.0.50 to 3.0.53).

Every key is bounded: texts by `limit`, repeat counts by MAX_REPEAT, undo and kill ring by their
sizes; keyboard macros are off. Input after the key that ends a line is not touched.
"""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import cast

from prompt_toolkit.application import create_app_session
from prompt_toolkit.application.current import set_app
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

from bastion.model.request import Size
from bastion.ssh.editor_layout import Aborted, Entered, LineBuffer, Outcome, Prompts, Screen, application
from bastion.ssh.keys import Scanner, Token

MAX_HISTORY = 500
MAX_REPEAT = "99"
MAX_UNDO = 20
KEYS_AT_ONCE = 64
TYPED_AT_ONCE = 3
_DROPPED = frozenset(
    {Keys.CPRResponse, Keys.Vt100MouseEvent, Keys.WindowsMouseEvent, Keys.BracketedPaste, Keys.SIGINT}
    | {Keys.ControlZ, Keys.ControlI, Keys.BackTab, Keys.ScrollUp, Keys.ScrollDown}
)


class LineEditor:
    """One session's editor; between `start` and an `outcome` it takes input. Keeps the history."""

    def __init__(self, size: Size, term: str, limit: int) -> None:
        """`limit` is the longest text in characters."""
        self.outcome: Outcome | None = None
        self._limit = limit
        self._screen = Screen(size, term)
        self._prompts = Prompts()
        self._app = application(self._screen, self._prompts, self._finish)
        self._app.timeoutlen = None  # type: ignore[assignment] # documented: no timer
        self._line = cast("LineBuffer", self._app.layout.current_buffer)
        self._scanner = Scanner(limit)
        self._history: deque[str] = deque(maxlen=MAX_HISTORY)
        self._before = ""

    def start(self, prompt: str, before: str) -> None:
        """Draw `prompt` and begin a line that continues `before` (empty: a new text)."""
        self.outcome, self._before = None, before
        self._scanner = Scanner(self._limit)
        self._prompts.first = prompt
        with self._inside():
            self._app.future = Future()  # type: ignore[assignment] # asked for done() only
            self._app.reset()
            self._app.pre_run_callables.clear()
            self._line.begin(list(self._history))
            self._app.layout.focus(self._line)
            self._app._is_running = True  # noqa: SLF001 - the runner that would set it is not used
            self._draw()

    def feed(self, data: bytes) -> int:
        """Handle the first keys in `data` and redraw; the number of bytes taken.

        0 with no outcome: the rest is the beginning of a key. Nothing is taken after the outcome.
        """
        taken = 0
        with self._inside():
            for _ in range(KEYS_AT_ONCE):
                token, count = self._scanner.next(data[taken:])
                if count == 0:
                    break
                taken += count
                if token is not None:
                    self._handle(token)
                if self.outcome is not None:
                    break
            if self.outcome is None and taken:
                self._draw()
        return taken

    def resize(self, size: Size) -> None:
        """Draw again at the new size."""
        self._screen.size = size
        if self._app._is_running:  # noqa: SLF001 - see start
            with self._inside():
                self._app.renderer.erase(leave_alternate_screen=False)
                self._draw()

    def stop(self) -> None:
        """The client's input ended: leave the line as ^D on an empty one does."""
        if self.outcome is None:
            with self._inside():
                self._finish(Aborted("eof"))

    def take(self) -> bytes:
        """What was drawn since the last call."""
        return self._screen.take()

    @contextmanager
    def _inside(self) -> Iterator[None]:
        with create_app_session(input=self._app.input, output=self._screen), set_app(self._app):
            self._app.context = contextvars.copy_context()
            yield

    def _draw(self, *, done: bool = False) -> None:
        self._app._redraw(render_as_done=done)  # noqa: SLF001 - `invalidate` would need an event loop

    def _finish(self, outcome: Outcome) -> None:
        if isinstance(outcome, Entered):
            outcome = Entered(outcome.text.rstrip("\n"))
            self._remember(outcome.text)
        self.outcome = outcome
        cast("Future[None]", self._app.future).set_result(None)
        self._draw(done=True)
        self._app.renderer.reset()
        self._app._is_running = False  # noqa: SLF001 - see start
        self._screen.flush()

    def _remember(self, text: str) -> None:
        whole = f"{self._before}\n{text}" if self._before else text
        if self._before and self._history and self._history[-1] == self._before:
            self._history.pop()
        if whole.strip() and (not self._history or self._history[-1] != whole):
            self._history.append(whole)

    def _handle(self, token: Token) -> None:
        match token.kind:
            case "key":
                self._press(_keys_of(token.text))
            case "paste":
                self._insert(token.text)
            case "text":
                self._type(token.text)

    def _type(self, text: str) -> None:
        """Single characters go through the key bindings; a run that nobody types is inserted whole."""
        processor = self._app.key_processor
        while text and (
            len(text) <= TYPED_AT_ONCE or processor.key_buffer or processor.arg or self._app.quoted_insert
        ):
            self._press([KeyPress(text[0], text[0])])
            text = text[1:]
        self._insert(text)

    def _insert(self, text: str) -> None:
        if len(self._app.current_buffer.text) + len(text) > self._limit:
            self._screen.bell()
        elif text:
            self._press([KeyPress(Keys.BracketedPaste, text)])

    def _press(self, keys: list[KeyPress]) -> None:
        app, buffer = self._app, self._app.current_buffer
        app.key_processor.feed_multiple(keys)
        app.key_processor.process_keys()
        app.emacs_state.current_recording = None
        if app.key_processor.arg and len(app.key_processor.arg) > len(MAX_REPEAT):
            app.key_processor.arg = MAX_REPEAT
        if len(buffer.text) > self._limit:
            buffer.text = buffer.text[: self._limit]
            self._screen.bell()
        del buffer._undo_stack[:-MAX_UNDO]  # noqa: SLF001 - prompt_toolkit keeps every state for ever


def _keys_of(sequence: str) -> list[KeyPress]:
    found = ANSI_SEQUENCES.get(sequence)
    if found is None:
        return []
    keys = found if isinstance(found, tuple) else (found,)
    if any(key in _DROPPED for key in keys):
        return []
    return [KeyPress(key, sequence if index == 0 else "") for index, key in enumerate(keys)]
