r"""Terminal input bytes read as tokens: text, single keys and bracketed pastes. Pure.

    text     a run of printable characters, UTF-8
    key      one control byte, or one whole escape sequence (ECMA-48 §5.4, xterm's SS3)
    paste    what stood between CSI 200 ~ and CSI 201 ~

A token is returned only when it is whole; bytes of an unfinished one stay with the caller, at
most MAX_SEQUENCE of them. The result does not depend on how the bytes were cut into chunks,
except that a text run may come in several pieces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

MAX_SEQUENCE = 64
MAX_RUN = 4096
PASTE_BEGIN, PASTE_END = b"\x1b[200~", b"\x1b[201~"
_TEXT = re.compile(rb"[^\x00-\x1f\x7f]{1,%d}" % MAX_RUN)
_SEQUENCE = re.compile(rb"\x1b(?:\[\[[A-E]|\[[0-?]*[ -/]*[@-Z\\-~]|O[ -~])")
_UNFINISHED = re.compile(rb"\x1b(?:\[\[?|\[[0-?]*[ -/]*|O)?\Z")


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is the text, the paste, or the bytes of the key as Latin-1."""

    kind: Literal["text", "key", "paste"]
    text: str


class Scanner:
    """Reads tokens one at a time; holds nothing but an unfinished paste, at most `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._paste: bytearray | None = None

    def next(self, data: bytes) -> tuple[Token | None, int]:
        """The first token of `data` and how many bytes it took.

        None with 0: wait for more bytes. None with a count: those bytes mean nothing, or belong
        to a paste that goes on. A paste over the limit is dropped whole.
        """
        if self._paste is not None:
            return self._more_paste(self._paste, data)
        if not data:
            return None, 0
        text = _TEXT.match(data)
        if text is not None:
            return _text(data, text.end())
        if data[0] != 0x1B:
            return Token("key", chr(data[0])), 1
        return self._escape(data)

    def _escape(self, data: bytes) -> tuple[Token | None, int]:
        head = data[:MAX_SEQUENCE]
        whole = _SEQUENCE.match(head)
        if whole is not None and whole.group() == PASTE_BEGIN:
            self._paste = bytearray()
            return None, len(PASTE_BEGIN)
        if whole is not None:
            return Token("key", whole.group().decode("latin-1")), whole.end()
        if _UNFINISHED.match(head):
            return (None, 0) if len(head) < MAX_SEQUENCE else (None, len(head))
        return Token("key", "\x1b"), 1

    def _more_paste(self, paste: bytearray, data: bytes) -> tuple[Token | None, int]:
        end = data.find(PASTE_END)
        if end < 0:
            kept = len(data) - _overlap(data)
            self._keep(paste, data[:kept])
            return None, kept
        self._keep(paste, data[:end])
        self._paste = None
        text = bytes(paste).decode("utf-8", "replace") if len(paste) <= self._limit else ""
        return Token("paste", text.replace("\r\n", "\n").replace("\r", "\n")), end + len(PASTE_END)

    def _keep(self, paste: bytearray, data: bytes) -> None:
        paste += data[: self._limit + 1 - len(paste)]


def _text(data: bytes, end: int) -> tuple[Token | None, int]:
    """A run cut so that no character is torn; a torn one at the end of `data` waits."""
    run = data[:end]
    whole = end - _torn(run) if end == len(data) or end == MAX_RUN else end
    if whole == 0:
        return None, 0
    return Token("text", run[:whole].decode("utf-8", "replace")), whole


def _torn(run: bytes) -> int:
    """How many bytes at the end of `run` begin a UTF-8 character (RFC 3629 §3) that is not whole."""
    for count in range(1, min(3, len(run)) + 1):
        byte = run[-count]
        if byte >= 0xC0:
            need = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return count if need > count else 0
        if byte < 0x80:
            return 0
    return 0


def _overlap(data: bytes) -> int:
    """How many bytes at the end of `data` may begin the end mark of a paste."""
    for count in range(min(len(PASTE_END) - 1, len(data)), 0, -1):
        if PASTE_END.startswith(data[-count:]):
            return count
    return 0
