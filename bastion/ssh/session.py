"""asyncssh's callbacks for one session channel: requests become one Request, then a session starts.

    opened ──pty-req, env──▶ opened ──shell | exec──▶ started ──▶ House.open, exchange or a refusal

Whatever the login name is, it is read only here, after authentication, so it tells a stranger
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import asyncssh
from asyncssh.constants import EXTENDED_DATA_STDERR

from bastion.model import target
from bastion.model.principal import Principal
from bastion.model.refusal import Refusal
from bastion.model.request import Mode, Pty, Request, Size
from bastion.relay.ports import House
from bastion.ssh import exchange, refused
from bastion.ssh.channel import Opener, SessionChannel, Traffic
from bastion.ssh.exchange import Exchange
from bastion.ssh.inbox import Inbox
from bastion.ssh.settings import SshSettings
from bastion.ssh.tasks import Tasks
from bastion.ssh.wire_channel import DoorChannel

MAX_ENV, MAX_ENV_NAME, MAX_ENV_VALUE = 64, 256, 4096
MAX_TERM, MAX_MODES, MAX_SIDE = 64, 160, 65535
MAX_SIGNAL_NAME = 16
_SCP = Refusal("not-offered", "file transfers are not offered", "only commands and shells are")


class Guest(Protocol):
    """The connection's owner, as its sessions see it (`bastion.ssh.visitor`)."""

    @property
    def login(self) -> str:
        """The SSH user name."""

    @property
    def source(self) -> str:
        """The client's `ip:port`."""

    @property
    def address(self) -> str:
        """The client's address alone."""

    @property
    def connection(self) -> str:
        """The connection's id."""

    @property
    def principal(self) -> Principal | None:
        """Who signed in; None at the login `cert` with a bare key."""

    @property
    def key(self) -> bytes:
        """The key blob that was proved."""

    @property
    def traffic(self) -> Traffic:
        """The connection itself."""

    def say(self, line: str) -> None:
        """Show a line through SSH_MSG_DEBUG (RFC 4253 §11.3)."""

    def notices(self) -> list[Refusal]:
        """Take the refusals that no session has shown yet."""

    async def note(self, fields: Mapping[str, str | int]) -> None:
        """Append an `ssh.refused` leaf; severs the connection when that is not durable."""

    def session_over(self) -> None:
        """Give the session's place back."""


class Session(asyncssh.SSHServerSession[bytes]):
    """One session channel from open to close."""

    def __init__(self, guest: Guest, house: House, settings: SshSettings, tasks: Tasks) -> None:
        self._guest, self._house, self._settings, self._tasks = guest, house, settings, tasks
        self._inbox = Inbox()
        self._env: dict[str, str] = {}
        self._pty: Pty | None = None
        self._mode = Mode.SCRIPT
        self._told: list[Refusal] = []
        self._started = False
        self._channel: SessionChannel | None = None
        self._wire: DoorChannel

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """The channel is open."""
        if not isinstance(chan, DoorChannel):
            raise TypeError("a session runs on a DoorChannel")
        self._wire = chan

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is closed."""
        self._guest.session_over()
        if self._channel is not None:
            self._channel.lost("the connection broke" if exc is not None else "the channel was closed")

    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Mapping[int, int]
    ) -> bool:
        """RFC 4254 §6.2. Not after the start; at the login `cert` the start then ends in a refusal.

        (A failure here would make OpenSSH's client leave before it could show why.)
        """
        if self._started or len(term_type) > MAX_TERM:
            return False
        modes = tuple(sorted(term_modes.items())[:MAX_MODES])
        self._pty = Pty(term_type, _size(term_size[0], term_size[1]), modes)
        return True

    def env_requested(self, name: bytes, value: bytes) -> bool:
        """RFC 4254 §6.4: taken as sent, within bounds; the core decides what a pod gets."""
        if self._started or len(name) > MAX_ENV_NAME or len(value) > MAX_ENV_VALUE:
            return False
        try:
            key, text = name.decode(), value.decode()
        except UnicodeDecodeError:
            return False
        if len(self._env) >= MAX_ENV and key not in self._env:
            return False
        self._env.pop(key, None)
        self._env[key] = text
        return True

    def shell_requested(self) -> bool:
        """RFC 4254 §6.5."""
        self._mode = Mode.INTERACTIVE if self._pty is not None else Mode.SCRIPT
        return True

    def exec_requested(self, command: str) -> bool:
        """RFC 4254 §6.5; the exact bytes are the channel's `line`."""
        del command
        self._mode = Mode.EXEC
        return True

    def session_started(self) -> None:
        """The request was granted; what it leads to begins."""
        self._started = True
        for notice in (*self._guest.notices(), *self._told):
            self._write_line(notice.line())
        refusal = self._refusal()
        if refusal is not None:
            self._tasks.start(self._decline(refusal), "decline")
        elif self._guest.login == exchange.LOGIN and self._guest.key:
            work = Exchange(self._house, self._settings, self._guest.key, self._guest.address)
            self._tasks.start(work.run(self._wire, self._inbox), "exchange")
        elif self._guest.principal is not None:
            channel = self._open(self._guest.principal)
            self._tasks.start(self._serve(channel), "session")
        else:
            self._wire.abort()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Bytes from the client, within the window."""
        del datatype
        self._inbox.put(data)

    def eof_received(self) -> bool:
        """The client is done sending; our half stays open."""
        self._inbox.end()
        return True

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        """RFC 4254 §6.7."""
        del pixwidth, pixheight
        if self._channel is not None:
            self._channel.resize_requested(_size(width, height))

    def signal_received(self, signal: str) -> None:
        """RFC 4254 §6.9."""
        if self._channel is not None and signal.isalnum() and len(signal) <= MAX_SIGNAL_NAME:
            self._channel.signal_requested(signal)

    def break_received(self, msec: int) -> bool:
        """RFC 4335."""
        del msec
        if self._channel is not None:
            self._channel.signal_requested("BREAK")
        return self._channel is not None

    def told(self, refusal: Refusal, *, final: bool) -> None:
        """A request on this channel was refused: shown at the start, now, or beside the session."""
        if self._started:
            self._guest.say(refusal.line())
        elif final:
            self._write_line(refusal.line())
        else:
            self._told.append(refusal)

    def moved(self) -> None:
        """Output was sent, or may be sent again."""
        if self._channel is not None:
            self._channel.moved()

    def _refusal(self) -> Refusal | None:
        if self._guest.login == exchange.LOGIN and self._pty is not None:
            return exchange.NO_TERMINAL
        parsed = target.parse(self._guest.login)
        if isinstance(parsed, Refusal):
            return parsed
        if self._mode is Mode.EXEC and refused.is_scp(self._wire.line):
            return _SCP
        return None

    def _open(self, principal: Principal) -> SessionChannel:
        guest = self._guest
        opener = Opener(principal, guest.login, guest.source, guest.connection)
        request = Request(self._mode, self._wire.line, self._pty, tuple(self._env.items()))
        limit = self._settings.line_bytes
        self._channel = SessionChannel(self._wire, guest.traffic, self._inbox, opener, request, line=limit)
        return self._channel

    async def _serve(self, channel: SessionChannel) -> None:
        try:
            await self._house.open(channel)
        finally:
            if not channel.left:
                channel.abort()
        await channel.linger(self._settings.linger_seconds)

    async def _decline(self, refusal: Refusal) -> None:
        await self._guest.note({"place": "session", "name": refusal.code})
        exchange.refuse(self._wire, refusal, self._newline())

    def _write_line(self, line: str) -> None:
        self._wire.send((line + self._newline()).encode(), EXTENDED_DATA_STDERR)

    def _newline(self) -> str:
        return "\r\n" if self._pty is not None else "\n"


def _size(cols: int, rows: int) -> Size:
    """Zero means unknown (RFC 4254 §6.2): then 80 by 24."""
    return Size(min(cols, MAX_SIDE) or 80, min(rows, MAX_SIDE) or 24)
