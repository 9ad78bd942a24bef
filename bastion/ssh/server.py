"""The SSH door: listening, and closing in good order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import asyncssh

from bastion.relay.ports import House
from bastion.ssh import algorithms
from bastion.ssh.caps import Caps
from bastion.ssh.settings import SshSettings
from bastion.ssh.tasks import Tasks
from bastion.ssh.visitor import Visitor
from bastion.ssh.wire_connection import TURNED_AWAY, DoorConnection

BACKLOG = 512
QUIET_SECONDS = 1.0
_SILENT = logging.CRITICAL + 1


class Door:
    """Everything that the connections of one listening socket share. Owns their tasks."""

    def __init__(self, house: House, settings: SshSettings) -> None:
        self.settings = settings
        self.tasks = Tasks()
        self.caps = Caps(
            strangers=settings.unauthenticated,
            strangers_source=settings.unauthenticated_source,
            connections_principal=settings.connections_principal,
            sessions=settings.sessions,
            sessions_principal=settings.sessions_principal,
        )
        self.connections: set[DoorConnection] = set()
        self._house = house
        self._quiet_until = 0.0

    async def options(self, host_keys: Sequence[asyncssh.SSHKey]) -> asyncssh.SSHServerConnectionOptions:
        """The options of asyncssh, each list and limit given: none of its defaults or files apply."""
        settings = self.settings
        options: asyncssh.SSHServerConnectionOptions = await asyncssh.SSHServerConnectionOptions.construct(
            None,
            config=None,
            server_factory=lambda: Visitor(self._house, settings, self.caps, self.tasks),
            server_version=algorithms.VERSION,
            server_host_keys=list(host_keys),
            kex_algs=algorithms.KEY_EXCHANGE,
            encryption_algs=algorithms.CIPHERS,
            mac_algs=algorithms.MACS,
            compression_algs=algorithms.COMPRESSION,
            signature_algs=algorithms.SIGNATURES,
            x509_trusted_certs=None,
            authorized_client_keys=None,
            known_client_hosts=None,
            gss_host=None,
            agent_forwarding=False,
            x11_forwarding=False,
            login_timeout=settings.login_seconds,
            keepalive_interval=settings.keepalive_seconds,
            keepalive_count_max=settings.keepalive_misses,
            line_editor=False,
            encoding=None,
            window=settings.window_bytes,
        )
        return options

    def connect(self, options: asyncssh.SSHServerConnectionOptions) -> DoorConnection:
        """The protocol of a new connection."""
        loop = asyncio.get_running_loop()
        return DoorConnection(
            loop, options, self.caps, self.settings, self.connections, turn_away=self.turn_away
        )

    def turn_away(self, transport: asyncio.Transport) -> None:
        """End a connection beyond the caps: a leaf and a line once a second, else without a word."""
        now = asyncio.get_running_loop().time()
        if now < self._quiet_until:
            transport.close()
            return
        self._quiet_until = now + QUIET_SECONDS
        self.tasks.start(self._tell(transport), "turn away")

    async def closing(self) -> bool:
        """Note that the connections are closed; False where that is not durable."""
        return await self._house.note("ssh.closing", {"connections": len(self.connections)})

    async def _tell(self, transport: asyncio.Transport) -> None:
        peer = transport.get_extra_info("peername") or ("", 0)
        fields: dict[str, str | int] = {
            "place": "connection",
            "name": "too-many-strangers",
            "source": str(peer[0]),
        }
        if await self._house.note("ssh.refused", fields):
            transport.write(TURNED_AWAY)
        transport.close()


class Server:
    """A door that is open."""

    def __init__(self, door: Door, listener: asyncio.Server) -> None:
        self._door, self._listener = door, listener
        self._port = int(listener.sockets[0].getsockname()[1])

    @property
    def port(self) -> int:
        """The port that is, or was, listened on."""
        return self._port

    @property
    def caps(self) -> Caps:
        """What is held open now."""
        return self._door.caps

    async def close(self, grace: float) -> None:
        """Stop listening, give sessions `grace` seconds to end, then end them and every connection."""
        self._listener.close()
        await self._door.tasks.finish(grace)
        connections = list(self._door.connections)
        if connections and await self._door.closing():
            for connection in connections:
                connection.disconnect(asyncssh.DISC_BY_APPLICATION, "bastion: shutting down")
        await self._door.tasks.close()
        for connection in connections:
            connection.abort()
        await asyncio.gather(*(connection.wait_closed() for connection in connections))


async def listen(house: House, settings: SshSettings, host_keys: Sequence[asyncssh.SSHKey]) -> Server:
    """Open the door. Raises OSError when the address cannot be listened on.

    asyncssh's own log is silenced: it would hold command lines and login names.
    """
    asyncssh.set_log_level(_SILENT)
    door = Door(house, settings)
    options = await door.options(host_keys)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(
        lambda: door.connect(options), settings.host, settings.port, backlog=BACKLOG
    )
    return Server(door, listener)
