"""What a client sent on a channel and nobody took yet: bytes in order, then their end."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Window(Protocol):
    """The channel's receive window."""

    def consumed(self, count: int) -> None:
        """Open the window by `count` bytes."""


class Inbox:
    """Bounded by the channel's window: it opens only for bytes that were taken."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.ended = False
        self._window: Window | None = None
        self._news = asyncio.Event()

    def attach(self, window: Window) -> None:
        """The window to open as bytes are taken."""
        self._window = window

    def put(self, data: bytes) -> None:
        """The client sent `data`."""
        self.data += data
        self._news.set()

    def end(self) -> None:
        """The client sent EOF."""
        self.ended = True
        self._news.set()

    def take(self, count: int) -> bytes:
        """Remove and return the first `count` bytes, or what there is."""
        taken = bytes(self.data[:count])
        del self.data[: len(taken)]
        if self._window is not None and taken:
            self._window.consumed(len(taken))
        return taken

    def wake(self) -> None:
        """Let `news` return."""
        self._news.set()

    async def news(self) -> None:
        """Wait for more bytes, the end or `wake`; what came since the last call counts."""
        await self._news.wait()
        self._news.clear()
