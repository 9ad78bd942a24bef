"""A session channel as the relay sees it: ordered input, out-of-band control, queued output.

    raw ──edit()──▶ editing ──line entered or aborted──▶ raw

What arrived before `edit` is never typed into the editor: type-ahead is not executed, it comes
out raw. What follows the key that ended a line is raw again.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from asyncssh.constants import EXTENDED_DATA_STDERR
from asyncssh.packet import Boolean, String, UInt32

from bastion.model.events import (
    ClientEnded,
    ClientGone,
    ClientResized,
    ClientSent,
    ClientSignalled,
    EditorDrew,
    LineAborted,
    LineEntered,
    Stream,
)
from bastion.model.principal import Principal
from bastion.model.request import Request, Size
from bastion.ssh.editor import LineEditor
from bastion.ssh.editor_layout import Entered, Outcome
from bastion.ssh.inbox import Inbox
from bastion.ssh.plain_editor import PlainEditor
from bastion.ssh.wire_channel import DoorChannel

PIECE = 64 * 1024
TYPED = 8 * 1024
MAX_SIGNALS = 64
CONTINUATION = "> "
_DUMB = frozenset({"", "dumb", "unknown"})

Input = ClientSent | ClientEnded | EditorDrew | LineEntered | LineAborted
Control = ClientResized | ClientSignalled | ClientGone


class Traffic(Protocol):
    """What a channel asks of its connection to empty the socket."""

    def hurry(self, change: int) -> None:
        """Count those who wait until TCP has taken everything."""


@dataclass(frozen=True, slots=True)
class Opener:
    """Who opened a channel, and from where; see `bastion.relay.ports.Channel`."""

    principal: Principal
    login: str
    source: str
    connection: str


class SessionChannel:
    """Implements `bastion.relay.ports.Channel`; see there for what each call promises."""

    def __init__(
        self,
        wire: DoorChannel,
        traffic: Traffic,
        inbox: Inbox,
        opener: Opener,
        request: Request,
        *,
        line: int,
    ) -> None:
        """`line` is the longest text that the editor takes, in characters."""
        self._wire, self._traffic, self._inbox = wire, traffic, inbox
        self._opener, self._request, self._line = opener, request, line
        self._control: deque[ClientResized | ClientSignalled] = deque()
        self._control_news = asyncio.Event()
        self._gone = ""
        self._gone_told = self._ended_told = self._left = False
        self._moved = asyncio.Event()
        self._size = request.pty.size if request.pty is not None else Size()
        self._shown: LineEditor | None = None
        self._editor: LineEditor | PlainEditor | None = None
        self._before = ""
        self._raw = 0
        self._outcome: LineEntered | LineAborted | None = None
        inbox.attach(wire)

    @property
    def principal(self) -> Principal:
        """Who opened the channel."""
        return self._opener.principal

    @property
    def login(self) -> str:
        """The SSH user name, as sent."""
        return self._opener.login

    @property
    def source(self) -> str:
        """The client's address, `ip:port`."""
        return self._opener.source

    @property
    def connection(self) -> str:
        """The id of the SSH connection."""
        return self._opener.connection

    @property
    def request(self) -> Request:
        """What was asked."""
        return self._request

    @property
    def left(self) -> bool:
        """Whether `exit`, `exit_signal` or `abort` was called."""
        return self._left

    async def receive(self) -> Input:
        """The next piece of the ordered input stream."""
        while True:
            event = self._next()
            if event is not None:
                return event
            await self._inbox.news()

    async def receive_control(self) -> Control:
        """The next out-of-band request; ClientGone is the last."""
        while True:
            if self._control:
                return self._control.popleft()
            if self._gone and not self._gone_told:
                self._gone_told = True
                return ClientGone(time.monotonic(), self._gone)
            await self._control_news.wait()
            self._control_news.clear()

    def edit(self, prompt: str, *, secret: bool = False, multiline: str = "") -> None:
        """Start the line editor; a continuation without a prompt shows CONTINUATION."""
        pty = self._request.pty
        if secret or pty is None or pty.term in _DUMB:
            self._editor = PlainEditor(self._line, echo=not secret and pty is not None)
        else:
            self._shown = self._shown or LineEditor(self._size, pty.term, self._line)
            self._editor = self._shown
        self._raw, self._before = len(self._inbox.data), multiline
        self._editor.start(prompt or (CONTINUATION if multiline else ""), multiline)
        self._inbox.wake()

    def resized(self, size: Size) -> None:
        """Tell the editor the new size."""
        self._size = size
        if self._shown is not None:
            self._shown.resize(size)
            self._inbox.wake()

    def write(self, stream: Stream, data: bytes) -> None:
        """Queue bytes for the client."""
        self._wire.send(data, EXTENDED_DATA_STDERR if stream == "err" else None)

    async def drain(self) -> None:
        """Wait until the channel holds little and the connection takes more."""
        while not self._gone and not self._wire.settled():
            await self._movement()

    async def flush(self) -> None:
        """Wait until TCP has taken everything queued."""
        self._traffic.hurry(1)
        try:
            while not self._gone and not self._wire.flushed():
                await self._movement()
        finally:
            self._traffic.hurry(-1)

    def exit(self, status: int) -> None:
        """Send exit-status, EOF and close after what is queued."""
        self._left = True
        self._wire.finish(b"exit-status", UInt32(status & 0xFF))

    def exit_signal(self, name: str, message: str) -> None:
        """Send exit-signal (RFC 4254 §6.10; `name` without SIG) instead of exit-status."""
        self._left = True
        self._wire.finish(b"exit-signal", String(name), Boolean(False), String(message), String("en"))

    def abort(self) -> None:
        """Close at once, dropping what is queued."""
        self._left = True
        self._wire.abort()

    async def linger(self, seconds: float) -> None:
        """Wait until the channel is closed; aborts it when `seconds` pass and nothing moves."""
        while not self._gone:
            try:
                async with asyncio.timeout(seconds):
                    await self._movement()
            except TimeoutError:
                self.abort()
                return

    def resize_requested(self, size: Size) -> None:
        """The client's window changed; only the newest size waits."""
        if self._control and isinstance(self._control[-1], ClientResized):
            self._control.pop()
        self._enqueue(ClientResized(time.monotonic(), size))

    def signal_requested(self, name: str) -> None:
        """The client sent a signal or a break; beyond MAX_SIGNALS that wait, it is dropped."""
        self._enqueue(ClientSignalled(time.monotonic(), name))

    def lost(self, why: str) -> None:
        """The channel is closed."""
        self._gone = why
        self._control_news.set()
        self.moved()

    def moved(self) -> None:
        """Something was sent, or may be sent again: whoever waits looks again."""
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def _movement(self) -> None:
        await self._moved.wait()

    def _enqueue(self, event: ClientResized | ClientSignalled) -> None:
        if len(self._control) < MAX_SIGNALS:
            self._control.append(event)
            self._control_news.set()

    def _next(self) -> Input | None:
        now = time.monotonic()
        if self._editor is not None and not self._raw:
            return self._edited(self._editor, now)
        if self._outcome is not None:
            outcome, self._outcome = self._outcome, None
            return outcome
        if self._inbox.data:
            piece = self._inbox.take(min(PIECE, self._raw or PIECE))
            self._raw = max(0, self._raw - len(piece))
            return ClientSent(now, piece)
        if self._inbox.ended and not self._ended_told:
            self._ended_told = True
            return ClientEnded(now)
        return None

    def _edited(self, editor: LineEditor | PlainEditor, now: float) -> Input | None:
        taken = 0
        if self._inbox.data and editor.outcome is None:
            taken = editor.feed(bytes(self._inbox.data[:TYPED]))
            self._inbox.take(taken)
        if not taken and self._inbox.ended:
            editor.stop()
        if editor.outcome is not None:
            self._editor, self._outcome = None, self._line_event(editor.outcome, now)
        if taken and self._inbox.data:
            self._inbox.wake()
        drawn = editor.take()
        if drawn:
            return EditorDrew(now, drawn)
        return self._next() if self._editor is None else None

    def _line_event(self, outcome: Outcome, now: float) -> LineEntered | LineAborted:
        if not isinstance(outcome, Entered):
            return LineAborted(now, outcome.why)
        text = f"{self._before}\n{outcome.text}" if self._before else outcome.text
        return LineEntered(now, text)
