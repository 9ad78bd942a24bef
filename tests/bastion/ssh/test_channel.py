"""The channel that the relay gets: order of input, edit mode, secrets, and the end."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bastion.model.events import ClientEnded, ClientGone, ClientSent, EditorDrew, LineAborted, LineEntered
from bastion.model.request import Size
from bastion.relay.ports import Channel


@asynccontextmanager
async def held(door, client, line=None, **options):
    """A session whose channel the test drives itself; gives (client process, channel)."""
    ready = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def keep(channel):
        ready.set_result(channel)
        await done.wait()

    async with door() as (server, house), client(server) as conn:
        house.open = keep
        process = await conn.create_process(line, encoding=None, **options)
        try:
            yield process, await asyncio.wait_for(ready, 10)
        finally:
            done.set()


async def settle(channel, count):
    """Wait until `count` bytes wait in the channel."""
    async with asyncio.timeout(10):
        while len(channel._inbox.data) < count:
            await asyncio.sleep(0.01)


def plain(event):
    return replace(event, at=0)


async def next_line(channel):
    """The outcome of the editor, and what it drew before."""
    drawn = b""
    async with asyncio.timeout(10):
        while isinstance(event := await channel.receive(), EditorDrew):
            drawn += event.data
    return plain(event), drawn


TERMINAL = {"term_type": "xterm", "term_size": (60, 20)}


async def test_it_is_the_port_and_tells_who_opened_it(door, client):
    async with held(door, client, "x") as (_process, channel):
        port: Channel = channel
        assert port.principal.subject == "alice"
        assert port.login == "shop/web-0"
        assert port.request.line == b"x"


async def test_raw_bytes_come_in_order_then_the_end_and_nothing_after(door, client):
    async with held(door, client) as (process, channel):
        process.stdin.write(b"a" * 100_000)
        process.stdin.write_eof()
        await settle(channel, 100_000)
        got = [await channel.receive() for _ in range(3)]
        assert [len(event.data) for event in got[:2]] == [65536, 100_000 - 65536]
        assert plain(got[2]) == ClientEnded(0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(channel.receive(), 0.1)


async def test_type_ahead_is_never_typed_into_the_editor(door, client):
    async with held(door, client, **TERMINAL) as (process, channel):
        process.stdin.write(b"rm -rf /\r")
        await settle(channel, 9)
        channel.edit("$ ")
        assert plain(await channel.receive()) == ClientSent(0, b"rm -rf /\r")
        assert isinstance(await channel.receive(), EditorDrew)
        process.stdin.write(b"ls\rrm x\r")
        assert (await next_line(channel))[0] == LineEntered(0, "ls")
        assert plain(await channel.receive()) == ClientSent(0, b"rm x\r")


async def test_a_continuation_returns_the_whole_text(door, client):
    async with held(door, client, **TERMINAL) as (process, channel):
        channel.edit("", multiline="for i in 1; do")
        first = await channel.receive()
        assert b">" in first.data
        process.stdin.write(b"echo $i; done\r")
        assert (await next_line(channel))[0] == LineEntered(0, "for i in 1; do\necho $i; done")


async def test_a_secret_is_neither_drawn_nor_remembered(door, client):
    async with held(door, client, **TERMINAL) as (process, channel):
        channel.edit("code: ", secret=True)
        process.stdin.write(b"123456\r")
        entered, drawn = await next_line(channel)
        assert entered == LineEntered(0, "123456")
        assert b"1" not in drawn
        channel.edit("$ ")
        await channel.receive()
        process.stdin.write(b"\x1b[A\r")
        assert (await next_line(channel))[0] == LineEntered(0, "")


@pytest.mark.parametrize("term", ["dumb", "unknown"])
async def test_a_terminal_that_cannot_move_gets_plain_echo(door, client, term):
    async with held(door, client, term_type=term) as (process, channel):
        channel.edit("$ ")
        process.stdin.write(b"ls\r")
        assert await next_line(channel) == (LineEntered(0, "ls"), b"$ ls\r\n")


async def test_the_end_of_input_aborts_the_line_first(door, client):
    async with held(door, client, **TERMINAL) as (process, channel):
        channel.edit("$ ")
        process.stdin.write(b"half")
        process.stdin.write_eof()
        assert (await next_line(channel))[0] == LineAborted(0, "eof")
        assert plain(await channel.receive()) == ClientEnded(0)


async def test_after_an_abort_the_channel_is_raw_and_can_edit_again(door, client):
    async with held(door, client, **TERMINAL) as (process, channel):
        channel.edit("$ ")
        process.stdin.write(b"x\x03")
        assert (await next_line(channel))[0] == LineAborted(0, "interrupt")
        process.stdin.write(b"raw")
        assert plain(await channel.receive()) == ClientSent(0, b"raw")
        channel.edit("$ ")
        process.stdin.write(b"id\r")
        assert (await next_line(channel))[0] == LineEntered(0, "id")


async def test_a_resize_redraws_the_line(door, client):
    async with held(door, client, **TERMINAL) as (process, channel):
        channel.edit("$ ")
        await channel.receive()
        process.stdin.write(b"0123456789" * 5)
        await channel.receive()
        channel.resized(Size(20, 10))
        drawn = await channel.receive()
        assert isinstance(drawn, EditorDrew)
        assert b"0123456789" in drawn.data


async def test_control_overtakes_data_that_waits_and_ends_with_gone(door, client):
    async with held(door, client, "x") as (process, channel):
        process.stdin.write(b"d" * 5000)
        process.send_signal("INT")
        assert (await asyncio.wait_for(channel.receive_control(), 10)).name == "INT"
        process.channel.abort()
        gone = await asyncio.wait_for(channel.receive_control(), 10)
        assert isinstance(gone, ClientGone)
        await asyncio.wait_for(asyncio.gather(channel.drain(), channel.flush()), 10)
        channel.write("out", b"to nobody")
        channel.exit(0)
        channel.abort()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(channel.receive_control(), 0.1)


async def test_nothing_is_sent_after_the_exit_was_asked_for(door, client):
    async with held(door, client, "x") as (process, channel):
        channel.write("out", b"one")
        channel.exit(256 + 7)
        channel.write("out", b"two")
        channel.exit(1)
        channel.exit_signal("KILL", "")
        result = await process.wait()
    assert (result.stdout, result.exit_status) == (b"one", 7)


async def test_an_abort_drops_what_is_queued(door, client):
    async with held(door, client, "x", window=100) as (process, channel):
        channel.write("out", b"x" * 10_000)
        channel.abort()
        result = await process.wait()
    assert len(result.stdout) == 100
    assert result.exit_status is None
