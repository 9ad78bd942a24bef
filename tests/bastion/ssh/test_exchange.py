"""The login `cert` has the tightest limits."""

import asyncio

import asyncssh
import pytest


@pytest.fixture(name="key", scope="module")
def _key():
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture(name="visit")
def _visit(client, key):
    return lambda server: client(server, username="cert", password=None, client_keys=[key])


@pytest.mark.parametrize("line", [None, "anything at all"])
async def test_a_token_buys_a_certificate_for_exactly_the_proved_key(door, visit, key, line):
    async with door() as (server, house), visit(server) as conn:
        result = await conn.run(line, input="token-alice\n")
    certificate = asyncssh.import_certificate(result.stdout)
    assert certificate.key.public_data == key.public_data
    assert (result.exit_status, result.stderr) == (0, "")
    assert not house.channels


@pytest.mark.parametrize(
    ("token", "code", "text"),
    [
        ("forged", 77, "the token is not valid"),
        (" \n", 77, "standard input held no token"),
        ("x" * 16_385, 77, "a token may have 16384 bytes"),
    ],
)
async def test_a_bad_token_buys_one_line(door, visit, token, code, text):
    async with door() as (server, _house), visit(server) as conn:
        result = await conn.run(input=token)
    assert (result.exit_status, result.stdout) == (code, "")
    assert text in result.stderr
    assert result.stderr.count("\n") == 1


async def test_a_token_that_does_not_come_in_time_ends_it(door, visit):
    async with door(exchange_seconds=0.3) as (server, house), visit(server) as conn:
        process = await conn.create_process()
        process.stdin.write("token-al")
        result = await process.wait()
    assert (result.exit_status, result.stdout) == (77, "")
    assert "no whole token came in 0.3 seconds" in result.stderr
    assert house.identified == 0


async def test_an_empty_standard_input_is_told_at_once(door, visit):
    async with door() as (server, _house), visit(server) as conn:
        process = await conn.create_process()
        process.stdin.write_eof()
        result = await asyncio.wait_for(process.wait(), 5)
    assert "standard input held no token" in result.stderr


async def test_a_terminal_is_refused_and_told(door, stock, key):
    async with door() as (server, house):
        ssh = stock(server)
        key.write_private_key(ssh.folder / "key")
        (ssh.folder / "key").chmod(0o600)
        result = await ssh.run(
            "-tt", login="cert", options=["-i", str(ssh.folder / "key")], stdin=b"token-alice"
        )
    assert (result.code, result.out) == (77, b"")
    assert b"the token must come on standard input" in result.err
    assert house.identified == 0


async def test_one_connection_is_one_exchange(door, visit):
    async with door() as (server, house), visit(server) as conn:
        assert (await conn.run(input="token-alice")).exit_status == 0
        with pytest.raises(asyncssh.ChannelOpenError, match="opens no more sessions"):
            await conn.run(input="token-bob")
    assert house.identified == 1


async def test_an_input_that_is_no_token_is_noted_before_it_is_refused(door, visit):
    async with door() as (server, house), visit(server) as conn:
        done = await conn.run(input=" \n")
        assert "no token" in done.stderr
    noted = [(kind, fields["code"]) for kind, fields in house.notes if kind == "auth.failed"]
    assert noted == [("auth.failed", "token-missing")]


async def test_a_connection_that_never_asks_is_closed(door, visit):
    async with door(exchange_seconds=0.1) as (server, _house):
        conn = await visit(server)
        await asyncio.wait_for(conn.wait_closed(), 10)
        assert server.caps.sessions == 0


async def test_nothing_else_is_offered_there(door, visit):
    async with door() as (server, house), visit(server) as conn:
        with pytest.raises(asyncssh.ChannelOpenError):
            await conn.open_connection("127.0.0.1", 1)
        with pytest.raises(asyncssh.ChannelOpenError):
            await conn.start_sftp_client()
    assert house.identified == 0
    noted = [fields["place"] for kind, fields in house.notes if kind == "ssh.refused"]
    assert noted == ["channel", "subsystem"]


async def test_weak_keys_are_refused_with_a_line(door, client):
    weak = asyncssh.generate_private_key("ssh-rsa", key_size=1024)
    async with (
        door() as (server, _house),
        client(server, username="cert", password=None, client_keys=[weak]) as conn,
    ):
        result = await conn.run(input="token-alice")
    assert result.exit_status == 77
    assert "cannot be certified" in result.stderr
