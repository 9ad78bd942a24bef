"""The frames of a channel: what is sent in which order, and how much may wait."""

import asyncio

import asyncssh
import pytest
from asyncssh import constants
from asyncssh.packet import SSHPacket

from bastion.ssh.wire_channel import LOW

NAMES = {
    constants.MSG_CHANNEL_DATA: "data",
    constants.MSG_CHANNEL_EXTENDED_DATA: "err",
    constants.MSG_CHANNEL_EOF: "eof",
    constants.MSG_CHANNEL_CLOSE: "close",
}


@pytest.fixture(name="frames")
def _frames(monkeypatch):
    """Every frame that the client's session channels receive, by name, runs of data joined."""
    seen = []
    stock = asyncssh.SSHClientChannel.process_packet

    def process_packet(self, kind, number, packet):
        name = NAMES.get(kind)
        if kind == constants.MSG_CHANNEL_REQUEST:
            copy = SSHPacket(packet.get_remaining_payload())
            name = copy.get_string().decode()
        if name and seen[-1:] != [name]:
            seen.append(name)
        return stock(self, kind, number, packet)

    monkeypatch.setattr(asyncssh.SSHClientChannel, "process_packet", process_packet)
    return seen


async def until(holds):
    """Wait until `holds()`; fails after a bounded time."""
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


class Slow(asyncssh.SSHClientSession):
    """Reads nothing until told."""

    def __init__(self):
        self.got = b""

    def connection_made(self, chan):
        self.chan = chan

    def session_started(self):
        self.chan.pause_reading()

    def data_received(self, data, datatype):
        self.got += data


@pytest.mark.parametrize(
    ("line", "end"), [("both", "exit-status"), ("flood 5000000", "exit-status"), ("killed", "exit-signal")]
)
async def test_the_end_is_data_then_status_then_eof_then_close(door, client, frames, line, end):
    async with door() as (server, _house), client(server) as conn:
        await conn.run(line, encoding=None)
    assert frames[-4:] in (["data", end, "eof", "close"], ["err", end, "eof", "close"])
    assert frames.count(end) == frames.count("eof") == frames.count("close") == 1


async def test_the_status_waits_for_data_that_the_window_holds_back(door, client, frames):
    async with door() as (server, _house), client(server) as conn:
        channel, session = await conn.create_session(Slow, "flood 200000", window=1000, encoding=None)
        await asyncio.sleep(0.3)
        assert "exit-status" not in frames
        channel.resume_reading()
        await channel.wait_closed()
    assert len(session.got) == 200_000
    assert frames == ["data", "exit-status", "eof", "close"]
    assert channel.get_exit_status() == 0


async def test_half_closing_stdin_leaves_output_open(door, client, frames):
    async with door() as (server, _house), client(server) as conn:
        result = await conn.run("cat", input=b"abc", encoding=None)
    assert (result.stdout, result.exit_status) == (b"abc", 0)
    assert frames == ["data", "exit-status", "eof", "close"]


async def test_input_that_nobody_receives_is_bounded_by_the_window(door, client):
    window = 50_000
    async with door(window_bytes=window) as (server, house), client(server) as conn:
        process = await conn.create_process("hoard", encoding=None)
        process.stdin.write(b"x" * 400_000)
        process.stdin.write_eof()
        await until(lambda: house.channels and len(house.channels[0]._inbox.data) >= window)
        await asyncio.sleep(0.1)
        inbox = house.channels[0]._inbox
        assert len(inbox.data) == window
        process.send_signal("USR1")
        result = await process.wait()
    assert result.stdout == b"400000"


async def test_single_bytes_that_nobody_receives_cost_a_byte_each(door, client):
    async with door(window_bytes=20_000) as (server, house), client(server) as conn:
        process = await conn.create_process("hoard", encoding=None)
        for _ in range(20_000):
            process.stdin.write(b"y")
        await until(lambda: house.channels and len(house.channels[0]._inbox.data) == 20_000)
        channel = next(iter(next(iter(server._door.connections))._channels.values()))
        assert not channel._recv_buf
        process.stdin.write_eof()
        process.send_signal("USR1")
        assert (await process.wait()).stdout == b"20000"


async def test_a_client_that_overruns_its_window_is_cut_off(door, client):
    async with door(window_bytes=1000) as (server, _house), client(server) as conn:
        process = await conn.create_process("hoard", encoding=None)
        process.channel._send_window = 1 << 20
        process.stdin.write(b"x" * 20_000)
        await conn.wait_closed()


async def test_drain_waits_for_the_window_and_returns_when_the_client_is_gone(door, client):
    async with door() as (server, house), client(server) as conn:
        channel, _session = await conn.create_session(Slow, "flood 900000", window=1000, encoding=None)
        await until(lambda: house.channels and house.channels[0]._wire.get_write_buffer_size() > LOW)
        wire = house.channels[0]._wire
        assert LOW < wire.get_write_buffer_size() < 3 * LOW
        assert not wire.settled()
        waiting = asyncio.ensure_future(house.channels[0].drain())
        flushing = asyncio.ensure_future(house.channels[0].flush())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert not flushing.done()
        channel.abort()
        conn.abort()
        await asyncio.wait_for(asyncio.gather(waiting, flushing), 10)


async def test_flush_returns_when_tcp_has_everything(door, client):
    async with door() as (server, house), client(server) as conn:
        result = await conn.run("show")
    assert "Request(" in result.stdout
    assert house.channels[0]._wire.flushed()


async def test_a_session_that_ended_without_a_status_is_closed_and_one_that_is_stuck_is_aborted(door, client):
    async with door(linger_seconds=0.3) as (server, house), client(server) as conn:

        async def leave(channel):
            channel.write("out", b"x")

        house.open = leave
        process = await conn.create_process("anything", encoding=None)
        assert (await process.wait()).exit_status is None

        async def stuck(channel):
            channel.write("out", b"x" * 100_000)
            channel.exit(0)

        house.open = stuck
        channel, _session = await conn.create_session(Slow, "x", window=10, encoding=None)
        async with asyncio.timeout(10):
            await asyncio.sleep(0.5)
            channel.resume_reading()
            await channel.wait_closed()
        assert channel.get_exit_status() is None
