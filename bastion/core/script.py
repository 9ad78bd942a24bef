"""A script that arrives in pieces, cut into texts that may be whole statements."""

from __future__ import annotations

MAX_UNIT = 64 * 1024
MAX_WAITING = 128 * 1024


class Script:
    """Lines in, candidate texts out. The result depends on the text, never on its pieces.

    `take` gives the next candidate: what was incomplete so far and one more line. After `take`
    call `keep` when the parser said that it is incomplete.
    """

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._kept = b""
        self._ended = False

    @property
    def hungry(self) -> bool:
        """Whether more input is wanted now."""
        return not self._ended and len(self._waiting) < MAX_WAITING

    @property
    def ended(self) -> bool:
        """Whether the client's input is over and every line of it was taken."""
        return self._ended and not self._waiting

    @property
    def incomplete(self) -> bytes:
        """A statement that began and did not end."""
        return self._kept

    def feed(self, data: bytes) -> None:
        """More of the script."""
        self._waiting += data

    def end(self) -> None:
        """The client sent EOF."""
        self._ended = True

    def take(self) -> bytes | None:
        """The next candidate text, None when a whole line is not there yet.

        A line of more than `MAX_UNIT` bytes is given as it is, for the caller to refuse.
        """
        cut = self._waiting.find(b"\n") + 1
        if not cut and (self._ended or len(self._waiting) > MAX_UNIT):
            cut = len(self._waiting)
        if not cut:
            return None
        text = self._kept + bytes(self._waiting[:cut])
        del self._waiting[:cut]
        self._kept = b""
        return text

    def keep(self, text: bytes) -> None:
        """The text was incomplete: the next line belongs to it."""
        self._kept = text
