"""The linear tier's ground: which bytes only append text, and the last screenful of them.

While a program only appends (printables, CR LF, TAB, colours, listed harmless sequences), reading
order is the order of the bytes and no screen is needed. The ring keeps what is needed to build the
screens when a program starts to move the cursor.
"""

from __future__ import annotations

import re

from bastion.core.masking.grid import Grid
from bastion.core.masking.mode_table import HARMLESS_MODES
from bastion.core.masking.rendition import rendition
from bastion.core.masking.screen import Screen
from bastion.core.masking.vt import Parser

_MODES = b"|".join(b"%d" % mode for mode in sorted(HARMLESS_MODES))
LINEAR = re.compile(
    rb"(?:[\x20-\x7e\t\x07]++|[\xc3-\xdf][\x80-\xbf]|\xc2[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|[\xf1-\xf3][\x80-\xbf]{3}"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|\xf4[\x80-\x8f][\x80-\xbf]{2}|\r++\n++|\x0f|\x00|\x1b\[[0-9;:]{0,64}m|\x1b\[0?[KJ]"
    rb"|\x1b\](?:[0127]|8|133|633);[^\x00-\x1f\x7f\x9c]{0,2000}(?:\x07|\x1b\\)"
    rb"|\x1b\[\?(?:" + _MODES + rb")[hl]|\x1b[=>]|\x1b\(B|\x1b\[\d? q|\x1b\[[<>=][0-9;]{0,16}[mu]|\x1b\[6n)*+"
)
_PARTIAL = re.compile(
    rb"(?:\r|\x1b(?:\[[0-9;:?<>= ]{0,64})?|\x1b\][^\x00-\x1f\x7f]{0,2000}\x1b?|\x1b\("
    rb"|[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z"
)
_SGR = re.compile(rb"\x1b\[([0-9;:]*)m")
RING = 32 * 1024


def split(data: bytes) -> tuple[bytes, bytes, bytes]:
    """(bytes that only append, an unfinished piece at the end, the rest from the first other byte)."""
    match = LINEAR.match(data)
    end = match.end() if match else 0
    if end == len(data):
        return data, b"", b""
    if _PARTIAL.match(data, end):
        return data[:end], data[end:], b""
    return data[:end], b"", data[end:]


def whole(data: bytes) -> bytes:
    """Bytes that only append, without what a cut left of a sequence or character at their end."""
    match = LINEAR.match(data)
    return data[: match.end()] if match else b""


class Ring:
    """Two screens and the bytes that followed: what the pod drew, and what the client was sent."""

    def __init__(self, drawn: Screen, shown: Screen, *, alike: bool) -> None:
        self._drawn, self._shown = drawn, shown
        self._bytes: list[tuple[bytes, bytes]] = []
        self._size = 0
        self._alike = alike

    def add(self, drawn: bytes, shown: bytes) -> None:
        """Bytes that only append, as they came and as they left."""
        self._bytes.append((drawn, shown))
        self._size += len(drawn)
        self._alike = self._alike and drawn == shown
        if self._size > 2 * RING:
            self._cut()

    def _cut(self) -> None:
        """Forget the bytes that can no longer be on the screen."""
        drawn = b"".join([piece[0] for piece in self._bytes])
        shown = drawn if self._alike else b"".join([piece[1] for piece in self._bytes])
        keep = self._drawn.grid.rows + 1
        tail, sent = _last_lines(drawn, keep), _last_lines(shown, keep)
        if tail is None or sent is None or len(tail) > 2 * RING:
            self._drawn, self._shown = self.screens()
            self._bytes = []
        else:
            for screen in (self._drawn, self._shown):
                _blank(screen, drawn[: len(drawn) - len(tail)])
            self._bytes = [(tail, sent)]
        self._size = sum(len(piece[0]) for piece in self._bytes)

    def screens(self) -> tuple[Screen, Screen]:
        """What the pod drew and what the client shows, now."""
        drawn = self._drawn.clone()
        _replay(drawn, b"".join([piece[0] for piece in self._bytes]))
        if self._alike:
            return drawn, drawn.clone()
        shown = self._shown.clone()
        _replay(shown, b"".join([piece[1] for piece in self._bytes]))
        return drawn, shown

    @property
    def alike(self) -> bool:
        """Whether the client shows what the pod drew."""
        return self._alike

    def resize(self, cols: int, rows: int) -> None:
        """Other dimensions for what is replayed."""
        self._drawn.resize(cols, rows)
        self._shown.resize(cols, rows)


def _last_lines(data: bytes, count: int) -> bytes | None:
    at = len(data)
    for _ in range(count + 1):
        at = data.rfind(b"\r\n", 0, at)
        if at < 0:
            return None
    return data[at + 2 :]


def _blank(screen: Screen, dropped: bytes) -> None:
    pen = screen.grid.pen
    if b"\x1b" in dropped:
        for match in _SGR.finditer(dropped, max(0, dropped.rfind(b"\x1b[0m"), dropped.rfind(b"\x1b[m"))):
            pen = rendition(pen, match[1].decode("ascii"))
    screen.grid = Grid(screen.grid.cols, screen.grid.rows)
    screen.grid.pen = pen


def _replay(screen: Screen, data: bytes) -> None:
    for token in Parser().feed(data):
        screen.apply(token)
