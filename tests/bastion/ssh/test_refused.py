"""The table of what is not offered, walked over the wire."""

import asyncssh
import pytest
from asyncssh.constants import MSG_REQUEST_FAILURE, OPEN_ADMINISTRATIVELY_PROHIBITED
from asyncssh.packet import String

from bastion.ssh import refused

UNKNOWN = [(place, f"{place}-nobody-knows@test") for place in ("channel", "request", "global", "subsystem")]
WALK = [*refused.TABLE, *UNKNOWN]


class Talker(asyncssh.SSHClient):
    def __init__(self):
        self.debug = []

    def debug_msg_received(self, msg, lang, always_display):
        self.debug.append((msg, always_display))


class Listener(asyncssh.SSHClientSession):
    def __init__(self):
        self.err = b""

    def data_received(self, data, datatype):
        if datatype == asyncssh.EXTENDED_DATA_STDERR:
            self.err += data


async def open_raw(conn):
    """A session channel on which nothing was requested yet."""
    channel = asyncssh.SSHClientChannel(conn, conn._loop, "strict", None, "strict", 65536, 32768)
    session = Listener()
    channel._session = session
    await channel._open(b"session")
    channel._recv_paused = False
    return channel, session


async def ask(conn, place, name):
    """Ask for one thing; gives the line where the protocol shows one at once, and whether it was granted."""
    if place == "channel":
        channel = conn.create_tcp_channel()
        with pytest.raises(asyncssh.ChannelOpenError) as caught:
            await channel._open(name.encode(), String("127.0.0.1"))
        assert caught.value.code == OPEN_ADMINISTRATIVELY_PROHIBITED
        return caught.value.reason, False
    if place == "global":
        kind, _ = await conn._make_global_request(name.encode(), String("x"))
        return "", kind != MSG_REQUEST_FAILURE
    channel, session = await open_raw(conn)
    if place == "subsystem":
        granted = await channel._make_request(b"subsystem", String(name))
        return session.err.decode(), granted
    granted = await channel._make_request(name.encode(), String("x"))
    await channel._make_request(b"exec", String("exit 0"))
    await channel.wait_closed()
    return session.err.decode(), granted


@pytest.mark.parametrize(("place", "name"), WALK)
async def test_everything_in_the_table_is_refused_noted_and_told(door, client, place, name):
    async with door() as (server, house):
        conn, talker = await asyncssh.create_connection(
            Talker,
            "127.0.0.1",
            server.port,
            username="shop/web-0",
            password="token-alice",
            known_hosts=None,
            client_keys=None,
            config=None,
        )
        async with conn:
            line, granted = await ask(conn, place, name)
            result = await conn.run("exit 0")
    assert not granted
    wanted = refused.line_for(place, name).line()
    shown = line + "".join(msg for msg, always in talker.debug if always)
    assert wanted in shown
    if place == "global":
        assert wanted in result.stderr
    leaves = [fields for kind, fields in house.notes if kind == "ssh.refused"]
    assert [(leaf["place"], leaf["name"]) for leaf in leaves] == [(place, refused.plain(name))]
    assert leaves[0]["identity"] == "https://issuer.test|alice"
    assert leaves[0]["source"].startswith("127.0.0.1:")


async def test_a_refusal_that_cannot_be_noted_severs_the_connection(door, client):
    async with door() as (server, house), client(server) as conn:
        house.durable = False
        with pytest.raises(asyncssh.ChannelOpenError):
            await conn.create_tcp_channel()._open(b"x11")
        await conn.wait_closed()
        with pytest.raises((asyncssh.ChannelOpenError, OSError)):
            await conn.run("exit 0")
    assert not house.channels


async def test_too_many_refusals_close_the_connection(door, client):
    async with door(refusals=3) as (server, house), client(server) as conn:
        for _ in range(3):
            await conn._make_global_request(b"tcpip-forward", String("x"))
        await conn._make_global_request(b"tcpip-forward", String("x"))
        await conn.wait_closed()
    assert len(house.notes) == 3


async def test_putty_and_openssh_habits_are_no_refusals(door, client):
    async with door() as (server, house), client(server) as conn:
        channel, session = await open_raw(conn)
        assert not await channel._make_request(b"winadj@putty.projects.tartarus.org")
        assert not await channel._make_request(b"keepalive@openssh.com")
        await conn._make_global_request(b"no-more-sessions@openssh.com")
        with pytest.raises(asyncssh.ChannelOpenError, match="opens no more sessions"):
            await conn.run("exit 0")
    noted = [fields["name"] for kind, fields in house.notes if kind == "ssh.refused"]
    assert noted == ["no-more-sessions"]
    assert not session.err


@pytest.mark.parametrize(
    "line", [b"scp -t /tmp", b"scp -v -r -p -f x", b"/usr/bin/scp -pt .", b"scp -d -t -- -x", b"  scp -f a"]
)
async def test_the_old_scp_protocol_is_refused_with_a_line(door, client, line):
    assert refused.is_scp(line)
    async with door() as (server, house), client(server) as conn:
        result = await conn.run(line.decode())
    assert result.exit_status == 77
    assert result.stderr == "bastion: file transfers are not offered (only commands and shells are)\n"
    assert not house.channels


@pytest.mark.parametrize(
    "line", [b"", b"scp", b"scp a b", b"scp -- -t", b"echo scp -t", b"scp a -t", b"scpx -t"]
)
def test_other_lines_are_not_scp(line):
    assert not refused.is_scp(line)


def test_a_strange_name_is_quoted_bounded_and_printable():
    line = refused.line_for("channel", "\x1b[2J" + "é" * 500).line()
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 600


async def test_stock_sftp_and_scp_say_why(door, stock):
    async with door() as (server, _house):
        ssh = stock(server)
        sftp = await ssh.run("-s", "sftp")
        agent = await ssh.run("exit 5", options=["-R", "0:127.0.0.1:1"])
    assert b"bastion: file transfers are not offered" in sftp.err
    assert sftp.code != 0
    assert b"bastion: port forwarding is not offered" in agent.err
    assert agent.code == 5
