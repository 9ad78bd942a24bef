"""One open exec WebSocket: messages out and in, and the proof that the other side still lives.

Flow control: aiohttp stops reading from the socket when 512 KiB wait in its queue, so not calling
`receive` pauses the pod. That is also why its own heartbeat is not used: while nobody reads, no
pong can be seen, and a slow reader would be taken for a dead server.
"""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp

from bastion.kube import frames
from bastion.kube.frames import Message

MAX_DOUBT = 1024


class Wire:
    """Owns the connection and one task that pings; `abort` ends both, `aclose` awaits the end.

    `protocol` is the subprotocol that the server chose. `silent` says that the server stopped
    answering and that the connection was therefore given up.
    """

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        response: aiohttp.ClientResponse,
        *,
        ping_interval: float,
        pong_timeout: float,
    ) -> None:
        self.protocol = socket.protocol or ""
        self.silent = False
        self._socket = socket
        self._response = response
        self._loop = asyncio.get_running_loop()
        self._interval = ping_interval
        self._pong_timeout = pong_timeout
        self._waiting_since: float | None = None
        self._heard = 0
        self._pings = 0
        self._doubt = 0
        self._doubt_at_ping = 0
        self._pinger = self._loop.create_task(self._keep_alive())

    async def receive(self) -> Message | None:
        """The next message; None once the stream has ended in whatever way. One caller at a time."""
        while True:
            self._waiting_since = self._loop.time()
            try:
                message = await self._socket.receive()
            finally:
                self._waiting_since = None
            self._heard += 1
            match message.type:
                case aiohttp.WSMsgType.BINARY:
                    return frames.decode(message.data)
                case aiohttp.WSMsgType.TEXT:
                    return frames.decode(message.data.encode())
                case aiohttp.WSMsgType.PING:
                    await self._send(aiohttp.WSMsgType.PONG, message.data)
                case aiohttp.WSMsgType.PONG:
                    self._answered(bytes(message.data))
                case _:
                    return None

    async def send(self, message: bytes) -> None:
        """Send one message, whole; waits while the socket is full, does nothing after the end."""
        self._doubt += len(message)
        await self._send(aiohttp.WSMsgType.BINARY, message)

    def abort(self) -> None:
        """Drop the TCP connection at once, without a CLOSE frame."""
        self._pinger.cancel()
        connection = self._response.connection
        if connection is not None and connection.transport is not None:
            connection.transport.abort()
        self._response.close()

    async def aclose(self) -> None:
        """Drop the connection and await the task that this object owns."""
        self.abort()
        with contextlib.suppress(asyncio.CancelledError):
            await self._pinger

    async def _send(self, kind: aiohttp.WSMsgType, payload: bytes) -> None:
        with contextlib.suppress(aiohttp.ClientError, ConnectionError):
            await self._socket.send_frame(payload, kind)

    def _answered(self, payload: bytes) -> None:
        """Input sent before an answered ping was read by the server: no doubt is left about it."""
        if payload == b"%d" % self._pings:
            self._doubt -= self._doubt_at_ping
            self._doubt_at_ping = 0

    async def _keep_alive(self) -> None:
        """Ping; give up when nothing at all was heard for a whole time-out while we listened.

        A server that waits for the program to read its input does not read our pings either, so
        the lack of a pong proves nothing while more than a little input is unconfirmed. TCP itself
        notices a dead peer then.
        """
        waited = 0.0
        while True:
            await asyncio.sleep(max(self._interval - waited, 0))
            waited = self._pong_timeout
            sent, heard = self._loop.time(), self._heard
            self._pings += 1
            self._doubt_at_ping = self._doubt
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pong_timeout):
                    await self._send(aiohttp.WSMsgType.PING, b"%d" % self._pings)
            await asyncio.sleep(self._pong_timeout)
            listening = self._waiting_since is not None and self._waiting_since <= sent
            if listening and heard == self._heard and self._doubt <= MAX_DOUBT:
                self.silent = True
                self.abort()
                return
