"""The way of a client's stdin into a command: bounded, and telling when the client must wait."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from bastion.demo.sandbox import Process

_HIGH = 1024 * 1024
_LOW = 64 * 1024
_PIECE = 64 * 1024


class Inlet:
    """Bytes wait here until the command takes them. `hold(True)` asks to read no more, `hold(False)` again.

    What comes before `attach` waits; what comes after the command closed its stdin is dropped.
    """

    def __init__(self, hold: Callable[[bool], None]) -> None:
        self._hold = hold
        self._waiting = bytearray()
        self._ends = False
        self.jammed = False
        self._process: Process | None = None
        self._tty = False
        self.held = False

    def attach(self, process: Process, *, tty: bool) -> None:
        """The command runs; with a tty its end of input is never told by a close."""
        self._process = process
        self._tty = tty
        self._flush()

    def detach(self) -> None:
        """The command has ended: stop writing."""
        if self._process is not None and self._process.stdin >= 0:
            asyncio.get_running_loop().remove_writer(self._process.stdin)

    def write(self, data: bytes) -> None:
        """Bytes for the command."""
        self._waiting += data
        self._flush()

    def end(self) -> None:
        """No more will come: close the command's stdin once everything is written."""
        self._ends = True
        self._flush()

    def jam(self) -> None:
        """Ask for no more from the client, for good."""
        self.jammed = True
        self._pace()

    def _flush(self) -> None:
        process = self._process
        if process is None:
            self._pace()
            return
        if process.stdin < 0:
            self._waiting.clear()
            return
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                sent = os.write(process.stdin, self._waiting[:_PIECE])
                del self._waiting[:sent]
        except BlockingIOError:
            loop.add_writer(process.stdin, self._flush)
        except OSError:
            self._waiting.clear()
        if not self._waiting:
            loop.remove_writer(process.stdin)
            if self._ends and not self._tty:
                process.close_fd("stdin")
        self._pace()

    def _pace(self) -> None:
        waiting = len(self._waiting)
        if not self.held and (self.jammed or waiting > _HIGH):
            self.held = True
            self._hold(True)
        elif self.held and not self.jammed and waiting <= _LOW:
            self.held = False
            self._hold(False)
