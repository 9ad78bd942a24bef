"""One exec connection after its upgrade: frames in, frames out, and the command between them.

    client ──▶ FrameReader ──▶ Inbound ──▶ stdin pipe or pty ──▶ command
    client ◀── frames of ≤ 32 KiB ◀── stdout, stderr or pty ◀──┘   then status on 3, CLOSE 1000

Nothing is buffered without bound: a client that does not read stops the reading of the command's
output, a command that does not read stops the reading of the client.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import signal
import struct
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bastion.demo import channels, frames, status
from bastion.demo.inlet import Inlet
from bastion.demo.sandbox import Container, NotStarted, Process

_READ = 256 * 1024
_HIGH = 512 * 1024
_LOST_UP_TO = 64 * 1024
_SIZE_SECONDS = 0.1
_CLOSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ExecOptions:
    """PodExecOptions of a request that was admitted."""

    argv: tuple[str, ...]
    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool


class ExecSession(asyncio.Protocol):
    """Owns the connection and the command's descriptors; `done` is set when the connection is lost."""

    def __init__(self, container: Container, options: ExecOptions, subprotocol: channels.Subprotocol) -> None:
        self._loop = asyncio.get_running_loop()
        self._container = container
        self._options = options
        self._protocol = subprotocol
        self._reader = frames.FrameReader()
        self._inbound = channels.Inbound(subprotocol, options.tty, options.stdin)
        self._process: Process | None = None
        self._outputs: dict[str, int] = {}
        self._inlet = Inlet(self._hold)
        self._size: channels.Resized | None = None
        self._sized = asyncio.Event()
        self._paused = False
        self._gone = False
        self._closing = False
        self._lost = 0
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = self._loop.create_future()

    def take_over(self, transport: asyncio.Transport) -> None:
        """The 101 was written: say that the connection is up."""
        self._transport = transport
        transport.set_write_buffer_limits(_HIGH)
        options = self._options
        first = (
            channels.STDOUT
            if options.stdout
            else channels.STDERR
            if options.stderr and not options.tty
            else channels.STATUS
        )
        self._send(first, b"")

    async def run(self) -> None:
        """Start the command and wait until the connection is lost."""
        options = self._options
        if not options.argv:
            self._finish(status.no_command(v5=self._protocol.v5))
            await self.done
            return
        if options.tty:
            # A size that was sent right after the 101 is in force before the command looks.
            try:
                async with asyncio.timeout(_SIZE_SECONDS):
                    await self._sized.wait()
            except TimeoutError:
                pass  # no size was sent: the terminal starts with 0x0
        wanted = (options.stdin, options.stdout, options.stderr)
        try:
            size = (self._size.rows, self._size.cols) if self._size else (0, 0)
            process = await self._container.run(options.argv, tty=options.tty, wanted=wanted, size=size)
        except NotStarted as error:
            words = status.not_started(str(error), secrets.token_hex(32), v5=self._protocol.v5)
            self._finish(words)
        else:
            self._begin(process)
        await self.done

    def abort(self) -> None:
        """End the connection as a crash would: TCP end, no status, no CLOSE; the command stays."""
        self._gone = True
        if self._transport is not None:
            self._transport.abort()

    # --- the client's side ---------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Frames from the client."""
        try:
            found = self._reader.feed(data)
        except frames.FrameError:
            self._shut()
            return
        for opcode, payload in found:
            if self._closing or self._gone:
                if opcode == frames.CLOSE and self._transport is not None:
                    self._transport.close()
                return
            if self._inlet.jammed:
                return
            if opcode in frames.DATA:
                for act in self._inbound.receive(payload):
                    self._act(act)
            elif opcode == frames.PING:
                self._write(frames.frame(frames.PONG, payload))
            elif opcode == frames.CLOSE:
                self._shut()

    def connection_lost(self, exc: Exception | None) -> None:
        """TCP is gone; before v5 that kills the command."""
        del exc
        if not self._gone and not self._closing:
            self._leave()
            if self._process is not None and not self._protocol.v5:
                self._process.kill(signal.SIGKILL)
        self._gone = True
        self._stop_reading()
        if not self.done.done():
            self.done.set_result(None)

    def pause_writing(self) -> None:
        """The client does not read: neither do we."""
        self._paused = True
        self._stop_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._paused = False
        self._read_outputs()

    def _act(self, act: channels.Act) -> None:
        match act:
            case channels.Stdin(data):
                self._inlet.write(data)
            case channels.StdinClosed():
                self._inlet.end()
            case channels.Resized():
                self._size = act
                self._sized.set()
                self._resize()
            case channels.Shut():
                self._shut()
            case channels.Jammed():
                self._inlet.jam()

    def _shut(self) -> None:
        """CLOSE 1000 at once and no status; the command is left as it is, without a reader."""
        self._write(frames.frame(frames.CLOSE, frames.CLOSE_NORMAL))
        self._leave()
        self._gone = True
        self._stop_reading()
        if self._transport is not None:
            self._transport.close()

    def _leave(self) -> None:
        """The client is gone: without a tty the command's stdin ends; with one nothing tells it."""
        if not self._options.tty:
            self._inlet.end()

    def _hold(self, hold: bool) -> None:
        """Read from the client only while the command takes what it sends."""
        if self._transport is None or self._gone or self._closing:
            return
        if hold:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    # --- the command's side --------------------------------------------------------------------

    def _begin(self, process: Process) -> None:
        self._process = process
        self._inlet.attach(process, tty=self._options.tty)
        if process.stdout >= 0 and self._options.stdout:
            self._outputs["stdout"] = channels.STDOUT
        if process.stderr >= 0:
            self._outputs["stderr"] = channels.STDERR
        process.exited.add_done_callback(lambda _: self._maybe_finish())
        self._resize()
        if self._gone:
            self._leave()
            if not self._protocol.v5:
                process.kill(signal.SIGKILL)
            return
        if not self._paused:
            self._read_outputs()

    def _resize(self) -> None:
        if self._process is not None and self._size is not None and self._process.stdin >= 0:
            size = struct.pack("HHHH", self._size.rows, self._size.cols, 0, 0)
            fcntl.ioctl(self._process.stdin, termios.TIOCSWINSZ, size)

    def _read_outputs(self) -> None:
        if self._process is not None and not self._gone:
            for name, channel in self._outputs.items():
                self._loop.add_reader(getattr(self._process, name), self._readable, name, channel)

    def _stop_reading(self) -> None:
        if self._process is not None:
            for name in self._outputs:
                self._loop.remove_reader(getattr(self._process, name))

    def _readable(self, name: str, channel: int) -> None:
        process = self._process
        if process is None:
            return
        try:
            data = os.read(getattr(process, name), _READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # EIO: every slave of the pty is closed
        if data:
            self._send(channel, data)
            return
        self._loop.remove_reader(getattr(process, name))
        del self._outputs[name]
        self._maybe_finish()

    def _maybe_finish(self) -> None:
        process = self._process
        if process is None or not process.exited.done() or (self._outputs and not self._gone):
            return
        self._stop_reading()
        self._inlet.detach()
        process.close()
        if not self._gone and self._lost <= _LOST_UP_TO:
            code = process.exited.result()
            argv = list(self._options.argv)
            self._finish(status.exited(code, argv, v5=self._protocol.v5) if code else status.success())

    def _finish(self, answer: dict[str, Any]) -> None:
        """The status on channel 3, CLOSE 1000, and the end of TCP once the client has answered."""
        if self._gone or self._closing or self._transport is None:
            return
        if self._protocol.json_status:
            self._send(channels.STATUS, json.dumps(answer, separators=(",", ":")).encode())
        elif answer["status"] == "Failure":
            self._send(channels.STATUS, answer["message"].encode())
        self._write(frames.frame(frames.CLOSE, frames.CLOSE_NORMAL))
        self._closing = True
        if self._inlet.held:
            self._transport.resume_reading()
        self._loop.call_later(_CLOSE_SECONDS, self._transport.close)

    # --- writing -------------------------------------------------------------------------------

    def _send(self, channel: int, data: bytes) -> None:
        options = self._options
        lossy = options.tty and not options.stdin and not self._protocol.v5
        if data and lossy and channel == channels.STDOUT:
            # As measured: before v5 a tty without stdin loses its output, and a lot of it, its status.
            self._lost += len(data)
            return
        self._write(frames.output(channel, data, text=self._protocol.text))

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._gone:
            self._transport.write(data)


def offered(headers: Sequence[str]) -> list[str]:
    """The subprotocols of all Sec-WebSocket-Protocol headers, in order."""
    return [name.strip() for header in headers for name in header.split(",") if name.strip()]
