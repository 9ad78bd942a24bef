"""What a client's exec messages mean to the API server, pure: stdin, half-close, resize, and the jam.

A message is a channel byte and data: 0 stdin, 1 stdout, 2 stderr, 3 status, 4 resize, and on v5
255, whose one byte of data names the channel to close. The resize reader is fragile, here as
there: once it met something that is no size it is gone, and the next resize jams the connection.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSING = 0, 1, 2, 3, 4, 255
V5 = "v5.channel.k8s.io"
V4 = "v4.channel.k8s.io"
LEGACY = ("v4.base64.channel.k8s.io", "base64.channel.k8s.io", "channel.k8s.io")
_MOST_RESIZE = 4096


@dataclass(frozen=True, slots=True)
class Stdin:
    """Bytes for the command."""

    data: bytes


@dataclass(frozen=True, slots=True)
class StdinClosed:
    """End of input for the command."""


@dataclass(frozen=True, slots=True)
class Resized:
    """A terminal size, both 1..65535."""

    cols: int
    rows: int


@dataclass(frozen=True, slots=True)
class Shut:
    """The server ends the connection with CLOSE 1000 and no status."""


@dataclass(frozen=True, slots=True)
class Jammed:
    """Nothing that the client sends is read from now on."""


Act = Stdin | StdinClosed | Resized | Shut | Jammed


@dataclass(frozen=True, slots=True)
class Subprotocol:
    """How the chosen subprotocol behaves. `name` empty: none was asked for."""

    name: str

    @property
    def v5(self) -> bool:
        """Has the close channel, and is translated on its way."""
        return self.name == V5

    @property
    def text(self) -> bool:
        """Messages are text frames of a digit and base64."""
        return "base64" in self.name

    @property
    def json_status(self) -> bool:
        """The exit status is a JSON Status."""
        return self.name.startswith(("v4.", "v5."))


def negotiate(offered: Sequence[str], accepted: Sequence[str]) -> Subprotocol | None:
    """The subprotocol for what a client offered, None where there is none in common.

    v5 wins whatever the order; then the client's order. No offer at all is the oldest form.
    """
    if not offered:
        return Subprotocol("")
    if V5 in offered and V5 in accepted:
        return Subprotocol(V5)
    for name in offered:
        if name in accepted or name in LEGACY:
            return Subprotocol(name)
    return None


@dataclass(slots=True)
class Inbound:
    """The server's reading of one client's messages."""

    protocol: Subprotocol
    tty: bool
    stdin: bool
    _stdin_closed: bool = False
    _resize_broken: bool = False
    _jammed: bool = False
    _sizes: bytearray = field(default_factory=bytearray)

    def receive(self, message: bytes) -> list[Act]:
        """What one data frame leads to."""
        if self._jammed or not message:
            return []
        channel, data = message[0], message[1:]
        if self.protocol.text:
            channel -= ord("0")
            try:
                data = base64.b64decode(data, validate=True)
            except binascii.Error:
                return [Shut()]
        if channel == STDIN:
            return [Stdin(data)] if data and self.stdin and not self._stdin_closed else []
        if channel == RESIZE:
            return self._resize(data)
        if channel == CLOSING and self.protocol.v5:
            return self._close(data)
        return []

    def _close(self, data: bytes) -> list[Act]:
        if len(data) != 1 or data[0] > RESIZE:
            return [Shut()]
        if data[0] != STDIN or self._stdin_closed:
            return []
        self._stdin_closed = True
        # No end of file reaches a terminal: its stdin is merely dead from here on.
        return [StdinClosed()] if self.stdin and not self.tty else []

    def _resize(self, data: bytes) -> list[Act]:
        if not self.tty and not self.protocol.v5:
            return []
        if self._resize_broken:
            self._jammed = True
            return [Jammed()]
        if not self.tty:
            # Nobody reads sizes without a terminal: the first one fills the way, the next is stuck.
            self._resize_broken = True
            return []
        self._sizes += data
        acts: list[Act] = []
        while self._sizes:
            try:
                text = self._sizes.decode().lstrip()
                size, used = json.JSONDecoder().raw_decode(text)
            except ValueError:
                self._resize_broken = not _unfinished(bytes(self._sizes))
                break
            self._sizes = bytearray(text[used:].lstrip().encode())
            cols, rows = _size(size)
            if cols < 0 or rows < 0:
                self._resize_broken = True
                break
            if cols and rows:
                acts.append(Resized(cols, rows))
        return acts


def _unfinished(text: bytes) -> bool:
    """Whether this may be the beginning of a JSON object, so that more must be waited for."""
    return text.lstrip().startswith(b"{") and text.count(b"{") > text.count(b"}") and len(text) < _MOST_RESIZE


def _size(value: object) -> tuple[int, int]:
    """(Width, Height), whatever the case of the keys; -1 for what no uint16 can hold."""
    if not isinstance(value, dict):
        return -1, -1
    found = {str(key).lower(): number for key, number in value.items()}
    cols, rows = (_uint16(found.get(key, 0)) for key in ("width", "height"))
    return cols, rows


def _uint16(number: object) -> int:
    return number if type(number) is int and 0 <= number <= 65535 else -1
