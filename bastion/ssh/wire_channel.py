"""asyncssh's server channel with bounded buffers both ways (read against asyncssh 2.24.1).

    write ─▶ channel buffer ─▶ [client's window] ─▶ [room in the transport] ─▶ TCP

A channel sends only while its connection has room (see `wire_connection`), so what the client
does not read stays in the channel's buffer, which `drain` watches. What the client sends is
bounded by the window, and the window opens when the reader took the bytes, not when they
arrived. The end is data, exit-status, EOF, close, in this order.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

import asyncssh
from asyncssh.constants import MSG_CHANNEL_EOF, MSG_CHANNEL_WINDOW_ADJUST
from asyncssh.packet import SSHPacket, UInt32

from bastion.model.refusal import Refusal
from bastion.ssh import refused

SLICE = 64 * 1024
LOW = 64 * 1024
MAX_QUEUE = 256
LINE_FIRST = 0.2
"""Seconds between the line and the failure of a subsystem request: OpenSSH's client leaves at the
failure, and drops a line that came with it."""
_ACCEPTED = frozenset(
    {"pty-req", "env", "shell", "exec", "window-change", "signal", "break", "keepalive@openssh.com"}
)
_CLOSING = frozenset({"close_pending", "closed"})


class Road(Protocol):
    """What a channel asks of its connection."""

    def room(self) -> int:
        """Bytes that the transport may take now; 0 while it is full or keys are exchanged."""

    def unsent(self) -> int:
        """Bytes in the transport that TCP has not taken."""

    async def refuse(self, place: refused.Place, name: str) -> Refusal:
        """Note a refusal in the ledger; severs the connection when that is not durable."""


class Listener(Protocol):
    """What a channel asks of its session (`bastion.ssh.session`)."""

    def env_requested(self, name: bytes, value: bytes) -> bool:
        """Whether the variable is taken."""

    def told(self, refusal: Refusal, *, final: bool) -> None:
        """A request on this channel was refused; `final`: no shell or exec will follow."""

    def moved(self) -> None:
        """Something was sent, or may now be sent."""


class DoorChannel(asyncssh.SSHServerChannel[bytes]):
    """A session channel that keeps to its connection's room; `line` is the exact exec line."""

    line = b""
    _farewell: tuple[bytes, ...] = ()
    _owed = 0

    def consumed(self, count: int) -> None:
        """The reader took `count` bytes; open the window again by halves."""
        self._owed += count
        if self._owed * 2 >= self._init_recv_window and self._send_state not in _CLOSING:
            self._recv_window += self._owed
            self.send_packet(MSG_CHANNEL_WINDOW_ADJUST, UInt32(self._owed))
            self._owed = 0

    def finish(self, request: bytes, *fields: bytes) -> None:
        """Send `request`, EOF and close after what is queued (RFC 4254 §6.10, §5.3)."""
        if not self._farewell and self._send_state == "open":
            self._farewell = (request, *fields)
            self._flush_send_buf()

    def send(self, data: bytes, datatype: int | None = None) -> None:
        """Queue `data`; nothing once the end was asked for or the channel is closed."""
        if not self._farewell and self._send_state == "open":
            self.write(data, datatype)

    def settled(self) -> bool:
        """Whether little is queued here and the connection takes more."""
        road = self._road()
        return road is None or (self._send_buf_len <= LOW and road.room() > 0)

    def flushed(self) -> bool:
        """Whether all that was queued is with TCP."""
        road = self._road()
        return road is None or (not self._send_buf and road.unsent() == 0)

    def go_on(self) -> None:
        """The connection has room again."""
        self._flush_send_buf()

    def _road(self) -> Road | None:
        return cast("Road | None", self._conn)

    def _accept_data(self, data: bytes, datatype: int | None = None) -> None:
        if data and not self._farewell and self._send_state not in _CLOSING:
            self._recv_window -= len(data)
            if self._session is not None:
                self._session.data_received(data, datatype)

    def _flush_send_buf(self) -> None:
        while True:
            before, road = self._send_buf_len, self._road()
            room = min(SLICE, road.room()) if road is not None else 0
            hidden = max(0, self._send_window - room)
            self._send_window -= hidden
            super()._flush_send_buf()
            self._send_window += hidden
            if self._send_buf_len in {0, before}:
                break
        if self._farewell and not self._send_buf and self._send_state == "open":
            self._send_request(*self._farewell)
            self.send_packet(MSG_CHANNEL_EOF)
            self._close_send()
        if self._session is not None:
            cast("Listener", self._session).moved()

    def _service_next_request(self) -> None:
        if len(self._request_queue) > MAX_QUEUE:
            raise asyncssh.ProtocolError("Too many channel requests at once")
        name, packet, _ = self._request_queue[0]
        if name in _ACCEPTED:
            super()._service_next_request()
        elif name in refused.QUIET_REQUESTS:
            self._report_response(False)
        elif name == "subsystem":
            subsystem = packet.get_string().decode("ascii", "backslashreplace")
            self._conn.create_task(self._refuse("subsystem", subsystem))
        else:
            self._conn.create_task(self._refuse("request", name))

    async def _refuse(self, place: refused.Place, name: str) -> None:
        road = self._road()
        if road is None:
            return
        refusal = await road.refuse(place, name)
        if self._session is not None:
            cast("Listener", self._session).told(refusal, final=place == "subsystem")
            if place == "subsystem":
                await asyncio.sleep(LINE_FIRST)
        if self._road() is not None:
            self._report_response(False)

    def _process_env_request(self, packet: SSHPacket) -> bool:
        name, value = packet.get_string(), packet.get_string()
        packet.check_end()
        return cast("Listener", self._session).env_requested(name, value)

    def _process_exec_request(self, packet: SSHPacket) -> bool:
        line = packet.get_string()
        packet.check_end()
        if not self._session_started:
            self.line = line
        return self._start_session(command="")
