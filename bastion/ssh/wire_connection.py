"""asyncssh's server connection, made to hold our limits (read against asyncssh 2.24.1).

asyncssh ignores TCP back-pressure: it encrypts whatever the channel windows allow into the
transport's buffer, so a client with a huge window that stops reading grows the server. Here the
channels share `room`, which is nothing while the transport holds more than HIGH bytes or keys
are being exchanged; `resume_writing` and the end of a key exchange start them again.

Reading goes on meanwhile (Ctrl-C must get through) until unread replies alone fill HARD bytes.
Whatever is not offered is refused here, by the tables in `refused`: noted first, answered then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, cast

import asyncssh
from asyncssh.constants import (
    DISC_NO_MORE_AUTH_METHODS_AVAILABLE,
    MSG_CHANNEL_OPEN,
    MSG_GLOBAL_REQUEST,
    MSG_USERAUTH_REQUEST,
    OPEN_ADMINISTRATIVELY_PROHIBITED,
    OPEN_RESOURCE_SHORTAGE,
)
from asyncssh.packet import SSHPacket

from bastion.model.refusal import Refusal
from bastion.ssh import refused
from bastion.ssh.caps import Caps
from bastion.ssh.certs import CertifiedConnection
from bastion.ssh.settings import SshSettings
from bastion.ssh.wire_channel import DoorChannel

HIGH, LOW, HARD = 256 * 1024, 64 * 1024, 1024 * 1024
MAX_INPUT = 512 * 1024
MAX_DEFERRED = 1024
MAX_GLOBAL = 64
MIN_PACKET = 512
TURNED_AWAY = b"bastion: too many connections are waiting to sign in; try again later\r\n"


class Host(Protocol):
    """What the connection asks of its owner (`bastion.ssh.visitor`)."""

    def forget(self) -> None:
        """Another authentication request begins; what an earlier one proved no longer counts."""

    async def note_refused(self, place: refused.Place, name: str) -> None:
        """Note a refusal in the ledger; severs the connection when that is not durable."""

    def tell(self, refusal: Refusal) -> None:
        """Keep a line for the next session's stderr."""

    def no_more_sessions(self) -> None:
        """The client gave up its right to open more sessions."""


class DoorConnection(CertifiedConnection):
    """One client's connection. Its owner is a `Host`; its channels are `DoorChannel`s."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        options: asyncssh.SSHServerConnectionOptions,
        caps: Caps,
        settings: SshSettings,
        register: set[DoorConnection],
        *,
        turn_away: Callable[[asyncio.Transport], None],
    ) -> None:
        """`register` holds the connection while it is counted; `turn_away` ends one that is not."""
        super().__init__(loop, options)
        self._caps, self._settings, self._register = caps, settings, register
        self._turn_away = turn_away
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled = self._deaf = False
        self._hurried = self._auth_requests = self._refusals = 0

    def room(self) -> int:
        """Bytes that the transport may take now; 0 while it is full or keys are exchanged."""
        if self._stalled or not self._kex_complete or self._transport is None:
            return 0
        return max(0, HIGH + 1 - self._transport.get_write_buffer_size())

    def unsent(self) -> int:
        """Bytes in the transport that TCP has not taken."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def hurry(self, change: int) -> None:
        """Count those (+1, -1) who wait until TCP has taken everything, and be woken for it."""
        self._hurried += change
        if self._transport is not None:
            high, low = (0, 0) if self._hurried else (HIGH, LOW)
            self._transport.set_write_buffer_limits(high, low)

    def close_after(self, seconds: float) -> None:
        """Close the connection, whatever it does, in `seconds`."""
        self._deadline = self._loop.call_later(seconds, self.abort)

    async def refuse(self, place: refused.Place, name: str) -> Refusal:
        """Note that `name` is not offered; severs the connection when that is not durable.

        Raises ProtocolError, which ends the connection, after `settings.refusals` of them.
        """
        self._refusals += 1
        if self._refusals > self._settings.refusals:
            raise asyncssh.ProtocolError("Too many requests that are not offered")
        await self._host().note_refused(place, name)
        return refused.line_for(place, name)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Turn the connection away, or count it; see asyncio.Protocol."""
        writable = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername") or ("", 0)
        if not self._caps.arrive(str(peer[0])):
            self._cancel_login_timer()
            self._turn_away(writable)
            return
        writable.set_write_buffer_limits(HIGH, LOW)
        self._register.add(self)
        super().connection_made(transport)

    def data_received(self, data: bytes, datatype: int | None = None) -> None:
        """Take input, unless the connection was turned away; see asyncio.Protocol."""
        if self._transport is not None:
            super().data_received(data, datatype)

    def pause_writing(self) -> None:
        """The transport is full; see asyncio.Protocol."""
        self._stalled = True

    def resume_writing(self) -> None:
        """The transport has room again; see asyncio.Protocol."""
        self._stalled = False
        self._regulate()
        self._channels_go_on()

    def create_server_channel(
        self, encoding: str | None = "", errors: str = "", window: int = 0, max_pktsize: int = 0
    ) -> DoorChannel:
        """A DoorChannel of raw bytes, whatever is asked for."""
        del encoding, errors
        size = max_pktsize or self._max_pktsize
        self._update_recv_pktlen(size)
        return DoorChannel(
            self, self._loop, True, False, False, 0, 0, None, "strict", window or self._window, size
        )

    async def reload_config(self) -> None:
        """Nothing depends on the login name, so nothing is computed again for it."""

    def _cleanup(self, exc: Exception | None) -> None:
        self._register.discard(self)
        if self._deadline is not None:
            self._deadline.cancel()
        super()._cleanup(exc)

    def _host(self) -> Host:
        return cast("Host", self._owner)

    def _channels_go_on(self) -> None:
        for channel in list(self._channels.values()):
            cast("DoorChannel", channel).go_on()

    def _send_deferred_packets(self) -> None:
        super()._send_deferred_packets()
        self._channels_go_on()

    def _recv_data(self) -> None:
        super()._recv_data()
        self._regulate()

    def _regulate(self) -> None:
        """Stop reading while too much waits to be handled or to be read by the client."""
        transport = self._transport
        if transport is None:
            return
        if len(self._deferred_packets) > MAX_DEFERRED:
            self._force_close(asyncssh.ProtocolError("Too much to send during key exchange"))
            return
        full = len(self._inpbuf) > MAX_INPUT or transport.get_write_buffer_size() > HARD
        if full and not self._deaf:
            transport.pause_reading()
        elif self._deaf and not full:
            transport.resume_reading()
        self._deaf = full

    def _door_userauth_request(self, pkttype: int, pktid: int, packet: SSHPacket) -> Any:
        if not self._auth_complete:
            self._auth_requests += 1
            if self._auth_requests > self._settings.auth_requests:
                raise asyncssh.DisconnectError(
                    DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "Too many authentication requests"
                )
            self._host().forget()
        return self._process_userauth_request(pkttype, pktid, packet)

    def _door_global_request(self, _pkttype: int, _pktid: int, packet: SSHPacket) -> None:
        name, want_reply = packet.get_string().decode("ascii", "backslashreplace"), packet.get_boolean()
        handler: Callable[[SSHPacket], None]
        match name:
            case "keepalive@openssh.com":
                handler = self._process_keepalive_at_openssh_dot_com_global_request
            case "no-more-sessions@openssh.com":
                handler = self._no_more_sessions
            case _:
                handler = partial(self._refuse_global, name)
        self._global_request_queue.append((handler, packet, want_reply))
        if len(self._global_request_queue) > MAX_GLOBAL:
            raise asyncssh.ProtocolError("Too many global requests at once")
        if len(self._global_request_queue) == 1:
            self._service_next_global_request()

    def _no_more_sessions(self, _packet: SSHPacket) -> None:
        self._host().no_more_sessions()
        self._report_global_response(True)

    def _refuse_global(self, name: str, _packet: SSHPacket) -> None:
        self.create_task(self._answer_global(name))

    async def _answer_global(self, name: str) -> None:
        refusal = await self.refuse("global", name)
        if self._owner is not None:
            self._host().tell(refusal)
            self.send_debug(refusal.line(), always_display=True)
            self._report_global_response(False)

    def _door_channel_open(self, pkttype: int, pktid: int, packet: SSHPacket) -> None:
        head = SSHPacket(packet.get_remaining_payload())
        name = head.get_string().decode("ascii", "backslashreplace")
        number, _window, size = head.get_uint32(), head.get_uint32(), head.get_uint32()
        if name != "session":
            self.create_task(self._answer_channel(name, number))
        elif 0 < size < MIN_PACKET:
            line = f"bastion: packets must be allowed {MIN_PACKET} bytes at least"
            self.send_channel_open_failure(number, OPEN_RESOURCE_SHORTAGE, line, "en")
        else:
            self._process_channel_open(pkttype, pktid, packet)

    async def _answer_channel(self, name: str, number: int) -> None:
        refusal = await self.refuse("channel", name)
        self.send_channel_open_failure(number, OPEN_ADMINISTRATIVELY_PROHIBITED, refusal.line(), "en")

    _packet_handlers = {  # noqa: RUF012 - asyncssh declares it an instance variable
        **asyncssh.SSHServerConnection._packet_handlers,  # noqa: SLF001 - asyncssh's own dispatch table
        MSG_USERAUTH_REQUEST: _door_userauth_request,
        MSG_GLOBAL_REQUEST: _door_global_request,
        MSG_CHANNEL_OPEN: _door_channel_open,
    }
