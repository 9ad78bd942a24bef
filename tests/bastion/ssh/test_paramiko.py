"""The Paramiko client against the door."""

import asyncio

import paramiko
import pytest


def use(port, act):
    """Run `act(client)` with a signed-in Paramiko client; blocking."""
    with paramiko.SSHClient() as client:
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        client.connect(
            "127.0.0.1",
            port,
            username="shop/web-0",
            password="token-alice",
            allow_agent=False,
            look_for_keys=False,
            timeout=20,
        )
        return act(client)


def both(client):
    _stdin, stdout, stderr = client.exec_command("both", timeout=20)
    return stdout.read(), stderr.read(), stdout.channel.recv_exit_status()


def half_closed(client):
    stdin, stdout, _stderr = client.exec_command("cat", timeout=20)
    stdin.write(b"z" * 300_000)
    stdin.channel.shutdown_write()
    return len(stdout.read()), stdout.channel.recv_exit_status()


def shell(client):
    channel = client.invoke_shell(term="xterm", width=70, height=20)
    channel.settimeout(20)
    seen = b""
    while b"$" not in seen:
        seen += channel.recv(1000)
    channel.resize_pty(66, 22)
    while b"now 66x22" not in seen:
        seen += channel.recv(1000)
    channel.send(b"echo hi\r")
    while b"[echo hi]" not in seen:
        seen += channel.recv(1000)
    channel.send(b"exit\r")
    return channel.recv_exit_status()


@pytest.mark.parametrize(
    ("act", "expected"),
    [(both, (b"to out\n", b"to err\n", 3)), (half_closed, (300_000, 0)), (shell, 0)],
)
async def test_paramiko_gets_output_codes_and_a_shell(door, act, expected):
    async with door() as (server, _house):
        assert await asyncio.to_thread(use, server.port, act) == expected


async def test_paramiko_is_told_why_a_forward_is_refused(door):
    def forward(client):
        with pytest.raises(paramiko.ChannelException) as caught:
            client.get_transport().open_channel("direct-tcpip", ("127.0.0.1", 1), ("127.0.0.1", 2))
        return caught.value.code

    async with door() as (server, house):
        assert await asyncio.to_thread(use, server.port, forward) == 1
    assert house.notes[0][1]["name"] == "'direct-tcpip'"
