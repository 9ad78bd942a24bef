"""Where the next text comes from: an exec line, a script on standard input, or the line editor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto

from bastion.core.script import Script
from bastion.core.shell.facts import Unit
from bastion.model.effects import Edit
from bastion.model.request import Mode


class Then(Enum):
    """What to do when there is no text."""

    WAIT = auto()
    END = auto()
    CUT = auto()  # the script ended inside a statement


class Feed:
    """Hands out one text at a time; `prompt` is asked for when the editor has to start."""

    def __init__(self, mode: Mode, line: bytes, prompt: Callable[[], str]) -> None:
        self._mode, self._prompt = mode, prompt
        self._queue: deque[bytes] = deque([line] if mode is Mode.EXEC else [])
        self._script = Script()
        self._ended = False

    @property
    def hungry(self) -> bool:
        """Whether a script wants more of the client's input."""
        return self._mode is Mode.SCRIPT and self._script.hungry

    def next(self) -> bytes | Edit | Then:
        """The next text, the editor to start, or what else to do."""
        if self._queue:
            return self._queue.popleft()
        match self._mode:
            case Mode.EXEC:
                return Then.END
            case Mode.INTERACTIVE:
                return Then.END if self._ended else Edit(self._prompt())
            case Mode.SCRIPT:
                text = self._script.take()
                if text is not None:
                    return text
                if not self._script.ended:
                    return Then.WAIT
                return Then.CUT if self._script.incomplete else Then.END

    def sent(self, data: bytes) -> None:
        """More of a script."""
        if self._mode is Mode.SCRIPT:
            self._script.feed(data)

    def ended(self) -> None:
        """The client's EOF."""
        self._ended = True
        self._script.end()

    def incomplete(self, text: bytes) -> Edit | bool:
        """A text needs more lines: the editor to go on with, True to read on, False where none can come."""
        if self._queue:
            return False
        match self._mode:
            case Mode.EXEC:
                return False
            case Mode.INTERACTIVE:
                return Edit("> ", text.decode("utf-8", "replace"))
            case Mode.SCRIPT:
                self._script.keep(text)
                return True

    def several(self, units: Sequence[Unit]) -> None:
        """One text held several statements: each is judged when it is its turn."""
        self._queue.extendleft(unit.text for unit in reversed(units))

    def drop(self) -> None:
        """Forget the statements of a text of which one did not run."""
        self._queue.clear()
