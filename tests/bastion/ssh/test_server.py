"""Listening, what an audit of the port says, and closing."""

import asyncio
import json
import sys
from pathlib import Path

import asyncssh
import pytest
import uvloop

AUDIT = Path(sys.executable).with_name("ssh-audit")


async def test_ssh_audit_warns_only_that_the_fallback_exchange_is_not_post_quantum(door):
    async with door() as (server, _house):
        audit = await asyncio.create_subprocess_exec(
            str(AUDIT),
            "--skip-rate-test",
            "-jj",
            "-p",
            str(server.port),
            "127.0.0.1",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(audit.communicate(), 60)
    report = json.loads(out)
    notes = [
        (entry["algorithm"], grade, note)
        for part in ("kex", "key", "enc", "mac")
        for entry in report[part]
        for grade in ("fail", "warn")
        for note in entry["notes"].get(grade, [])
    ]
    assert report["kex"], err
    assert not [note for note in notes if note[1] == "fail"]
    assert {note[0] for note in notes} <= {"curve25519-sha256", "curve25519-sha256@libssh.org"}
    assert all("post-quantum" in note[2] or "quantum" in note[2] for note in notes)
    assert report["cves"] == []


async def test_the_banner_tells_no_version(door):
    async with door() as (server, _house):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await reader.readline() == b"SSH-2.0-bastion\r\n"
        writer.close()


@pytest.mark.parametrize(
    "old",
    [
        {"kex_algs": ["diffie-hellman-group14-sha256"]},
        {"kex_algs": ["ecdh-sha2-nistp256"]},
        {"encryption_algs": ["chacha20-poly1305@openssh.com"]},
        {"encryption_algs": ["aes128-cbc"]},
        {"encryption_algs": ["aes256-ctr"], "mac_algs": ["hmac-sha1-etm@openssh.com"]},
        {"encryption_algs": ["aes256-ctr"], "mac_algs": ["hmac-sha2-256"]},
        {"compression_algs": ["zlib@openssh.com"]},
    ],
)
async def test_old_algorithms_find_no_match(door, client, old):
    async with door() as (server, _house):
        with pytest.raises(asyncssh.KeyExchangeFailed):
            await client(server, **old)


async def test_closing_waits_for_sessions_within_its_grace(door, client):
    async with door() as (server, _house), client(server) as conn:
        process = await conn.create_process("control")
        await process.stdout.readline()
        closing = asyncio.ensure_future(server.close(20))
        await asyncio.sleep(0.1)
        assert not closing.done()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", server.port)
        process.send_signal("INT")
        assert (await process.wait()).exit_status == 130
        await asyncio.wait_for(closing, 10)


async def test_closing_ends_what_does_not_end_itself(door, client):
    async with door() as (server, _house):
        conn = await client(server)
        process = await conn.create_process("control")
        await process.stdout.readline()
        stranger, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.wait_for(server.close(0.1), 10)
        await asyncio.wait_for(conn.wait_closed(), 10)
        await stranger.read()
        writer.close()
        assert not server._door.connections
        assert server.caps.sessions == server.caps.strangers == 0


async def test_fifty_sessions_at_once(door, client):
    async with door() as (server, _house):

        async def one(number):
            async with client(server) as conn:
                result = await conn.run("cat", input=str(number) * 1000)
                return result.stdout == str(number) * 1000

        assert all(await asyncio.gather(*(one(number) for number in range(50))))
        assert server.caps.sessions == 0


def test_the_door_works_on_uvloop_too(door, client):
    async def scene():
        async with door() as (server, house), client(server) as conn:
            result = await conn.run("flood 30000000", encoding=None)
            assert len(result.stdout) == 30_000_000
            channel, _ = await conn.create_session(
                asyncssh.SSHClientSession, "flood 60000000", window=1 << 30, encoding=None
            )
            conn._transport.pause_reading()
            before = -1
            while before != house.sent:
                before = house.sent
                await asyncio.sleep(0.3)
            assert house.sent - 30_000_000 < 24_000_000
            channel.send_signal("INT")
            while not house.notes:
                await asyncio.sleep(0.05)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scene())
