"""Back-pressure, key exchange, limits before and after sign-in, hostile packets."""

import asyncio
import logging
import socket

import asyncssh
import pytest
from asyncssh.constants import MSG_CHANNEL_DATA, MSG_CHANNEL_OPEN, MSG_CHANNEL_REQUEST, MSG_USERAUTH_REQUEST
from asyncssh.packet import Boolean, String, UInt32

from bastion.ssh import wire_connection
from bastion.ssh.wire_connection import DoorConnection

FLOOD = 64 * 1024 * 1024
KERNEL = 24 * 1024 * 1024
GIB = 1 << 30


class Sleeper(asyncssh.SSHClientSession):
    """Counts what it gets."""

    def __init__(self):
        self.got = 0

    def data_received(self, data, datatype):
        self.got += len(data)


async def stalled(conn):
    """A client with a window of 1 GiB that asks for a flood and stops reading."""
    channel, session = await conn.create_session(Sleeper, f"flood {FLOOD}", window=GIB, encoding=None)
    conn._transport.pause_reading()
    return channel, session


async def quiet(house):
    """Wait until the house sends no more."""
    before = -1
    while before != house.sent:
        before = house.sent
        await asyncio.sleep(0.3)
    return before


async def test_a_client_that_stops_reading_stops_the_sender(door, client):
    async with door() as (server, house), client(server) as conn:
        _channel, session = await stalled(conn)
        sent = await quiet(house)
        connection = next(iter(server._door.connections))
        waiting = connection.unsent() + sum(c.get_write_buffer_size() for c in connection._channels.values())
        assert sent < KERNEL
        assert waiting < 1024 * 1024
        conn._transport.resume_reading()
        while session.got < FLOOD:
            await asyncio.sleep(0.05)
    assert session.got == FLOOD


async def test_the_test_above_sees_a_connection_without_the_rule(door, client, monkeypatch):
    monkeypatch.setattr(DoorConnection, "room", lambda self: GIB)
    async with door() as (server, house), client(server) as conn:
        await stalled(conn)
        async with asyncio.timeout(30):
            while house.sent <= KERNEL:
                await asyncio.sleep(0.02)


async def test_ctrl_c_gets_through_to_a_session_whose_client_does_not_read(door, client):
    async with door() as (server, house), client(server) as conn:
        channel, _session = await stalled(conn)
        await quiet(house)
        channel.send_signal("INT")
        async with asyncio.timeout(10):
            while not house.notes:
                await asyncio.sleep(0.02)
    assert house.notes[0][1].name == "INT"


async def test_a_key_exchange_that_never_ends_grows_nothing(door, client):
    async with door() as (server, house), client(server) as conn:
        _channel, _session = await conn.create_session(Sleeper, f"flood {FLOOD}", window=GIB, encoding=None)
        conn._send_kexinit()
        conn._transport.pause_reading()
        sent = await quiet(house)
        connection = next(iter(server._door.connections))
        assert not connection._kex_complete
        assert sent < KERNEL
        assert len(connection._deferred_packets) < 16


async def test_replies_piled_up_in_a_key_exchange_close_the_connection(door, client):
    async with door() as (server, _house), client(server) as conn:
        connection = next(iter(server._door.connections))
        connection._send_kexinit()
        connection._deferred_packets = [(2, ())] * (wire_connection.MAX_DEFERRED + 1)
        connection._kex_complete = False
        connection._regulate()
        await conn.wait_closed()


async def test_unread_replies_stop_the_reader_and_reading_goes_on_later(door, client):
    async with door() as (server, _house), client(server) as conn:
        connection = next(iter(server._door.connections))
        conn._transport.pause_reading()
        wire = connection._transport.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32768)
        asked = 0
        async with asyncio.timeout(60):
            while not connection._deaf:
                for _ in range(2000):
                    conn._send_global_request(b"keepalive@openssh.com", want_reply=True)
                asked += 2000
                await asyncio.sleep(0)
        assert connection.unsent() < 4 * wire_connection.HARD
        loop = asyncio.get_running_loop()
        waiters = [loop.create_future() for _ in range(asked)]
        conn._global_request_waiters.extend(waiters)
        conn._transport.resume_reading()
        await waiters[-1]
        assert not connection._deaf


async def test_rekeying_in_the_middle_of_a_flood_loses_nothing(door, client):
    async with door() as (server, _house), client(server, rekey_bytes=1_000_000) as conn:
        result = await conn.run("flood 20000000", encoding=None)
    assert len(result.stdout) == 20_000_000
    assert result.exit_status == 0


async def test_strangers_are_capped_and_told(door, client):
    async with door(unauthenticated_source=3) as (server, house):
        held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
        for reader, _writer in held:
            assert (await reader.readline()).startswith(b"SSH-2.0-bastion")
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await reader.read() == wire_connection.TURNED_AWAY
        assert ("ssh.refused", "too-many-strangers") in [
            (kind, more.get("name")) for kind, more in house.notes
        ]
        assert server.caps.strangers == 3
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await reader.read() == b"", "one leaf and one line a second"
        writer.close()
        for _reader, writer in held:
            writer.close()
        async with asyncio.timeout(10):
            while server.caps.strangers:
                await asyncio.sleep(0.02)
        async with client(server) as conn:
            assert (await conn.run("exit 4")).exit_status == 4


async def test_a_flood_of_connections_holds_no_more_than_the_cap(door):
    async with door(unauthenticated=20, unauthenticated_source=20) as (server, _house):
        opened = await asyncio.gather(
            *(asyncio.open_connection("127.0.0.1", server.port) for _ in range(200))
        )
        lines = await asyncio.gather(*(reader.readline() for reader, _writer in opened))
        assert sum(line.startswith(b"SSH-2.0-") for line in lines) == 20
        assert len(server._door.connections) == 20
        for _reader, writer in opened:
            writer.close()


@pytest.mark.parametrize("first", [b"", b"SSH-2.0-slow", b"SSH-2.0-slow\r\n"])
async def test_a_slow_stranger_is_cut_off(door, first):
    async with door(login_seconds=0.4) as (server, _house):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(first)
        async with asyncio.timeout(10):
            await reader.read()
        assert server.caps.strangers == 0
        writer.close()


async def test_authentication_requests_are_counted(door, client):
    async with door(auth_requests=4) as (server, house):
        reasons = []
        for password in ["a", "b", "c"]:
            with pytest.raises(asyncssh.PermissionDenied):
                await client(server, password=password)
        keys = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(6)]
        with pytest.raises(asyncssh.DisconnectError) as caught:
            await client(server, client_keys=keys)
        reasons.append(caught.value.reason)
    assert reasons == ["Too many authentication requests"]
    assert not house.channels


HOSTILE = {
    "short open": (MSG_CHANNEL_OPEN, [String("session")]),
    "data without channel": (MSG_CHANNEL_DATA, [UInt32(77), String("x")]),
    "request cut": (MSG_CHANNEL_REQUEST, [UInt32(0), String("exec")]),
    "late login": (MSG_USERAUTH_REQUEST, [String("x"), String("y")]),
    "bad utf-8 type": (MSG_CHANNEL_OPEN, [String(b"\xff\xfe"), UInt32(1), UInt32(1), UInt32(40000)]),
    "huge global": (80, [String(b"\x00" * 5000), Boolean(True)]),
    "nothing": (90, []),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_malformed_packets_end_quietly(door, client, caplog, capfd, name):
    caplog.set_level(logging.DEBUG)
    kind, fields = HOSTILE[name]
    async with door() as (server, _house):
        conn = await client(server)
        conn.send_packet(kind, *fields)
        await asyncio.sleep(0.1)
        conn.abort()
        async with client(server) as other:
            assert (await other.run("exit 9")).exit_status == 9
    assert "Traceback" not in capfd.readouterr().err
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "token-alice" not in caplog.text


async def test_packets_too_small_to_send_in_are_refused(door, client):
    async with door() as (server, _house), client(server) as conn:
        with pytest.raises(asyncssh.ChannelOpenError, match="512 bytes at least"):
            await conn.create_session(Sleeper, "exit 0", max_pktsize=100)


async def test_a_silent_client_is_asked_and_then_cut_off(door, client):
    async with (
        door(keepalive_seconds=0.1, keepalive_misses=2) as (server, _house),
        client(server) as alive,
        client(server, password="token-bob") as silent,
    ):
        silent._transport.pause_reading()
        async with asyncio.timeout(20):
            while len(server._door.connections) > 1:
                await asyncio.sleep(0.02)
        assert (await alive.run("exit 8")).exit_status == 8
        silent._transport.abort()
