"""WebSocket frames as the API server reads and writes them (RFC 6455 §5), pure.

The API server treats every data frame as a message of its own: a continuation frame is not joined
to what came before, so its first byte is read as a channel. That is kept here on purpose.
"""

from __future__ import annotations

import base64
import hashlib

TEXT = 0x1
BINARY = 0x2
CLOSE = 0x8
PING = 0x9
PONG = 0xA
DATA = frozenset({0x0, TEXT, BINARY})
CLOSE_NORMAL = (1000).to_bytes(2, "big")
MAX_FRAME = 8 * 1024 * 1024
MAX_OUTPUT = 32 * 1024
_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class FrameError(Exception):
    """The bytes are no frame that a client may send: unmasked, or longer than `MAX_FRAME`."""


def accept_key(key: str) -> str:
    """Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 §4.2.2)."""
    digest = hashlib.sha1((key + _MAGIC).encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def head(opcode: int, length: int) -> bytes:
    """The header of an unmasked, final frame of `length` payload bytes."""
    if length < 126:
        return bytes((0x80 | opcode, length))
    if length < 65536:
        return bytes((0x80 | opcode, 126)) + length.to_bytes(2, "big")
    return bytes((0x80 | opcode, 127)) + length.to_bytes(8, "big")


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole unmasked frame."""
    return head(opcode, len(payload)) + payload


def output(channel: int, data: bytes, *, text: bool) -> bytes:
    """`data` on `channel`, cut into frames of at most `MAX_OUTPUT` bytes of data; at least one.

    With `text`, the base64 form of the older subprotocols.
    """
    parts: list[bytes | memoryview] = []
    view = memoryview(data)
    for start in range(0, max(1, len(data)), MAX_OUTPUT):
        piece = view[start : start + MAX_OUTPUT]
        if text:
            coded = b"%d" % channel + base64.b64encode(piece)
            parts += [head(TEXT, len(coded)), coded]
        else:
            parts += [head(BINARY, len(piece) + 1) + bytes((channel,)), piece]
    return b"".join(parts)


class FrameReader:
    """Cuts a client's byte stream into (opcode, payload), however it is chunked."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The frames that are complete now. Raises FrameError."""
        self._buffer += data
        found: list[tuple[int, bytes]] = []
        at = 0
        while (end := self._end(at)) is not None:
            start, stop = end
            mask = self._buffer[start - 4 : start]
            found.append((self._buffer[at] & 0x0F, _unmask(self._buffer[start:stop], mask)))
            at = stop
        del self._buffer[:at]
        return found

    def _end(self, at: int) -> tuple[int, int] | None:
        """Where the payload of the frame at `at` starts and stops; None while it is incomplete."""
        have = len(self._buffer) - at
        if have < 2:
            return None
        if not self._buffer[at + 1] & 0x80:
            raise FrameError("a client's frame must be masked")
        length = self._buffer[at + 1] & 0x7F
        extra = {126: 2, 127: 8}.get(length, 0)
        if have < 2 + extra:
            return None
        if extra:
            length = int.from_bytes(self._buffer[at + 2 : at + 2 + extra], "big")
        if length > MAX_FRAME:
            raise FrameError(f"a frame of {length} bytes is too long")
        start = at + 2 + extra + 4
        return (start, start + length) if len(self._buffer) >= start + length else None


def _unmask(payload: bytearray, mask: bytearray) -> bytes:
    size = len(payload)
    if not size or mask == b"\0\0\0\0":
        return bytes(payload)
    key = (bytes(mask) * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")
