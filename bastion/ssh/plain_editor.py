"""A line reader without drawing: for secrets, and for terminals that cannot move a cursor."""

from __future__ import annotations

from bastion.ssh.editor_layout import Aborted, Entered, Outcome
from bastion.ssh.keys import Scanner

_ENTER, _ERASE, _KILL = ("\r", "\n"), ("\x7f", "\x08"), "\x15"
_INTERRUPT, _EOF = "\x03", "\x04"


class PlainEditor:
    """Reads one line; with `echo` it writes back what is typed, without it only the prompt."""

    def __init__(self, limit: int, *, echo: bool) -> None:
        """`limit` is the longest text in characters; more is not taken."""
        self.outcome: Outcome | None = None
        self._limit, self._echo = limit, echo
        self._scanner = Scanner(limit)
        self._text = ""
        self._drawn = ""

    def start(self, prompt: str, before: str) -> None:
        """Write `prompt`; `before` is not shown."""
        del before
        self.outcome, self._text, self._drawn = None, "", prompt

    def feed(self, data: bytes) -> int:
        """Take keys from `data` up to the one that ends the line; the number of bytes taken."""
        taken = 0
        while self.outcome is None:
            token, count = self._scanner.next(data[taken:])
            if count == 0:
                break
            taken += count
            if token is None:
                continue
            if token.kind == "key":
                self._key(token.text)
            else:
                self._add(token.text)
        return taken

    def stop(self) -> None:
        """The client's input ended."""
        if self.outcome is None:
            self._end(Aborted("eof"))

    def take(self) -> bytes:
        """What was written since the last call."""
        drawn, self._drawn = self._drawn, ""
        return drawn.encode("utf-8", "replace")

    def _key(self, key: str) -> None:
        if key in _ENTER:
            self._end(Entered(self._text))
        elif key == _INTERRUPT:
            self._end(Aborted("interrupt"))
        elif key == _EOF and not self._text:
            self._end(Aborted("eof"))
        elif key in _ERASE:
            self._erase(1)
        elif key == _KILL:
            self._erase(len(self._text))

    def _add(self, text: str) -> None:
        text = text[: self._limit - len(self._text)]
        self._text += text
        if self._echo:
            self._drawn += text.replace("\n", "\r\n")

    def _erase(self, count: int) -> None:
        count = min(count, len(self._text))
        self._text = self._text[: len(self._text) - count]
        if self._echo:
            self._drawn += "\b \b" * count

    def _end(self, outcome: Outcome) -> None:
        self.outcome, self._text = outcome, ""
        self._drawn += "\r\n"
