"""What a session channel may ask for, and what becomes of it."""

import asyncio

import asyncssh
import pytest

from bastion.model.request import Mode, Pty, Size
from bastion.ssh import session
from bastion.ssh.session import Session


async def test_a_pty_with_modes_size_and_env_becomes_a_request(door, client):
    async with door() as (server, house), client(server) as conn:
        await conn.run(
            "show",
            term_type="xterm",
            term_size=(100, 30, 800, 600),
            term_modes={asyncssh.PTY_VINTR: 3, asyncssh.PTY_ECHO: 1},
            env={"LANG": "C", "X": "y z"},
        )
    request = house.channels[0].request
    assert request.mode is Mode.EXEC
    assert request.pty == Pty("xterm", Size(100, 30), ((asyncssh.PTY_VINTR, 3), (asyncssh.PTY_ECHO, 1)))
    assert request.env == (("LANG", "C"), ("X", "y z"))


async def test_a_size_of_zero_is_80_by_24(door, client):
    async with door() as (server, house), client(server) as conn:
        await conn.run("show", term_type="xterm", term_size=(0, 0))
    assert house.channels[0].request.pty.size == Size(80, 24)


async def test_env_is_bounded_in_count_and_length(door, client):
    names = {f"N{n:03}": "v" for n in range(100)}
    async with door() as (server, house), client(server) as conn:
        await conn.run("show", env={**names, "LONG": "x" * 5000, "N000": "last"})
    env = dict(house.channels[0].request.env)
    assert len(env) == session.MAX_ENV
    assert "LONG" not in env


async def test_window_changes_signals_and_breaks_arrive_in_order(door, client):
    async with door() as (server, _house), client(server) as conn:
        process = await conn.create_process("control", term_type="xterm")
        await process.stdout.readline()
        for act, expected in (
            (lambda: process.change_terminal_size(90, 20), "size 90x20"),
            (lambda: process.send_signal("USR1"), "signal USR1"),
            (lambda: process.send_break(100), "signal BREAK"),
        ):
            act()
            assert (await process.stdout.readline()).strip() == expected
        process.send_signal("INT")
        assert (await process.wait()).exit_status == 130


async def test_control_is_bounded_and_only_the_newest_size_waits(door, client):
    async with door() as (server, house), client(server) as conn:
        process = await conn.create_process("hoard", term_type="xterm")
        for width in range(50, 400):
            process.change_terminal_size(width, 20)
        process.send_signal("ONE")
        for _ in range(300):
            process.send_signal("HUP")
        await asyncio.sleep(0.2)
        channel = house.channels[0]
        assert len(channel._control) <= 64
        process.send_signal("x" * 500)
        process.stdin.write_eof()
        await process.wait()


async def test_every_login_name_signs_in_and_a_wrong_one_gets_its_line(door, client):
    async with door() as (server, house):
        for login in ("", "nope", "a/b/c/d", "UPPER/pod", "x" * 600):
            async with client(server, username=login) as conn:
                result = await conn.run("whoami")
                assert result.exit_status == 77
                assert result.stdout == ""
                assert result.stderr.startswith("bastion: ")
                assert result.stderr.count("\n") == 1
            with pytest.raises(asyncssh.PermissionDenied):
                await client(server, username=login, password="forged")
    assert not house.channels
    names = [fields["name"] for kind, fields in house.notes if kind == "ssh.refused"]
    assert names == ["bad-target"] * 5


async def test_reserved_logins_and_targets_reach_the_house(door, client):
    async with door() as (server, house):
        for login in ("approvals", "prod=", "a+b", "prod=ns/deploy/x"):
            async with client(server, username=login) as conn:
                await conn.run("whoami")
    assert [channel.login for channel in house.channels] == ["approvals", "prod=", "a+b", "prod=ns/deploy/x"]


async def test_a_second_request_on_a_channel_is_refused(door, client):
    async with door() as (server, house), client(server) as conn:
        process = await conn.create_process("control")
        await process.stdout.readline()
        from asyncssh.packet import String

        assert not await process.channel._make_request(b"exec", String("exit 1"))
        process.channel._send_request(b"env", String("LATE"), String("1"))
        process.send_signal("INT")
        assert (await process.wait()).exit_status == 130
    assert house.channels[0].request.env == ()
    assert house.channels[0].request.line == b"control"


async def test_sessions_are_capped_per_principal_and_given_back(door, client):
    async with door(sessions_principal=2) as (server, house), client(server) as conn:
        held = [await conn.create_process("control") for _ in range(2)]
        with pytest.raises(asyncssh.ChannelOpenError, match="you hold 2 sessions"):
            await conn.run("exit 0")
        async with client(server, password="token-bob") as other:
            assert (await other.run("exit 0")).exit_status == 0
        held[0].send_signal("INT")
        await held[0].wait()
        assert (await conn.run("exit 6")).exit_status == 6
    assert ("ssh.refused", "too-many-sessions") in [
        (kind, fields.get("name")) for kind, fields in house.notes
    ]
    assert server.caps.sessions == 0


async def test_a_lost_connection_tells_the_session_and_gives_its_place_back(door, client):
    async with door() as (server, house):
        conn = await client(server)
        await conn.create_process("control")
        async with asyncio.timeout(10):
            while not house.channels:
                await asyncio.sleep(0.01)
            conn.abort()
            while server.caps.sessions:
                await asyncio.sleep(0.01)
    assert house.channels[0]._gone


def test_a_terminal_name_is_bounded():
    opened = Session.__new__(Session)
    opened._guest = type("Guest", (), {"login": "a/b"})()
    opened._started = False
    assert not opened.pty_requested("x" * 65, (80, 24, 0, 0), {})
    assert opened.pty_requested("x" * 64, (80, 24, 0, 0), {})
