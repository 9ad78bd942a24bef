"""The next text of a session: from the line, the script or the editor, through the parser, to units.

next ─▶ Parse ─▶ parsed ─▶ a Line to work on
  ├─▶ Edit (interactive) or wait (script)      └─▶ more lines, several texts, or a Refusal
  └─▶ None: nothing comes any more
"""

from __future__ import annotations

from collections.abc import Callable

from bastion.core.argv import Carried
from bastion.core.feed import Feed, Then
from bastion.core.opening import TOO_LONG, Place, Stdin, malformed
from bastion.core.script import MAX_UNIT
from bastion.core.shell.facts import Line
from bastion.core.shell.understand import understand
from bastion.model.effects import Edit, Effect, Parse
from bastion.model.events import Parsed
from bastion.model.refusal import Refusal
from bastion.model.request import Mode

Turn = list[Effect] | Refusal | None


class Reading:
    """Hands out one text at a time, parsed. `prompt` is asked for when the editor has to start."""

    def __init__(self, mode: Mode, line: bytes, prompt: Callable[[], str]) -> None:
        self._mode, self._feed = mode, Feed(mode, line, prompt)
        self._parsing: bytes | None = None
        self._dialect = "posix"
        self.editing = False

    @property
    def waits(self) -> bool:
        """Whether input of the client is what it needs; never while a text is being parsed."""
        return self._parsing is None and (self.editing or self._feed.hungry)

    def next(self, dialect: str) -> Turn:
        """Ask for the next text. The units of one line come before anything new."""
        self._dialect, self._parsing, self.editing = dialect, None, False
        match self._feed.next():
            case Edit() as edit:
                self.editing = True
                return [edit]
            case Then.WAIT:
                return []
            case Then.END:
                return None
            case Then.CUT:
                return malformed("incomplete", "the script is over")
            case bytes() as text:
                return self._parse(text)

    def entered(self, text: str) -> Turn:
        """The line editor was left with a text."""
        return self._parse(text.encode("utf-8", "replace")) if self.editing else []

    def sent(self, data: bytes) -> bool:
        """More of a script came; whether `next` should be called."""
        self._feed.sent(data)
        return self._mode is Mode.SCRIPT and self._parsing is None

    def ended(self) -> bool:
        """The client's EOF came; whether `next` should be called."""
        self._feed.ended()
        return self._parsing is None

    def drop(self) -> None:
        """Forget what is left of a line of which one unit did not run."""
        self._feed.drop()

    def parsed(self, event: Parsed, place: Place, carried: Carried, stdin: Stdin) -> Line | Turn:
        """The parser answered. An answer to another text changes nothing."""
        if self._parsing is None or event.text != self._parsing:
            return []
        self._parsing = None
        if event.problem == "incomplete":
            more = self._feed.incomplete(event.text)
            if isinstance(more, Edit):
                self.editing = True
                return [more]
            if more:
                return self.next(self._dialect)
        if event.problem or event.tree is None:
            return malformed(event.problem, event.message, event.text, place.patterns)
        line = understand(event.tree, event.text, cwds=(carried.cwd,), dialect=self._dialect, stdin=stdin)
        if not line.units:
            return self.next(self._dialect)
        if self._mode is not Mode.EXEC and len(line.units) > 1:
            self._feed.several(line.units)
            return self.next(self._dialect)
        return line

    def _parse(self, text: bytes) -> Turn:
        self.editing = False
        if len(text) > MAX_UNIT:
            return TOO_LONG
        self._parsing = text
        return [Parse(text, self._dialect)]
