"""The stock OpenSSH client against the door."""

import asyncio
import hashlib
import os
import pty
import signal
import termios

import pytest

from bastion.model.request import Size

VINTR = 1


@pytest.mark.parametrize("code", [0, 1, 3, 137, 255])
async def test_the_exit_code_is_the_one_that_was_sent(door, stock, code):
    async with door() as (server, _house):
        result = await stock(server).run(f"exit {code}")
    assert result.code == code


async def test_stdout_and_stderr_are_apart_without_a_pty(door, stock):
    async with door() as (server, _house):
        result = await stock(server).run("both")
    assert (result.out, result.err, result.code) == (b"to out\n", b"to err\n", 3)


async def test_piped_stdin_comes_back_whole_and_its_end_is_seen(door, stock):
    data = bytes(range(256)) * 20_000
    async with door() as (server, house):
        result = await stock(server).run(stdin=data)
    assert hashlib.sha256(result.out).digest() == hashlib.sha256(data).digest()
    assert result.code == 0
    assert house.channels[0].request.mode == "script"


async def test_an_exit_signal_is_255_for_openssh(door, stock):
    async with door() as (server, _house):
        result = await stock(server).run("killed")
    assert (result.code, result.out) == (255, b"last words\n")


async def test_env_and_the_exact_line_arrive(door, stock):
    async with door() as (server, house):
        line = "show 'a  b' \\\n \"$X\" ü"
        await stock(server).run(line, options=["-o", "SetEnv=LANG=C.UTF-8", "-o", "SetEnv=OTHER=1"])
    request = house.channels[0].request
    assert request.line == line.encode()
    assert ("LANG", "C.UTF-8") in request.env


async def test_a_forced_pty_gives_the_editor_and_its_size(door, stock):
    async with door() as (server, house):
        ssh = stock(server)
        process = await asyncio.create_subprocess_exec(
            "ssh",
            *ssh.base,
            "-tt",
            "shop/web-0@127.0.0.1",
            env={**ssh.env, "TERM": "xterm-256color"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        seen = await process.stdout.readuntil(b"$")
        process.stdin.write(b"hello\r")
        seen = await process.stdout.readuntil(b"[hello]\r\n")
        process.stdin.write(b"exit\r")
        await asyncio.wait_for(process.communicate(), 20)
    assert b"\x1b[6n" not in seen
    assert process.returncode == 0
    terminal = house.channels[0].request.pty
    assert terminal.term == "xterm-256color"
    assert terminal.size == Size(80, 24)


async def test_a_terminal_and_its_later_size_arrive(door, stock):
    outer, inner = pty.openpty()
    termios.tcsetwinsize(inner, (31, 97))
    try:
        async with door() as (server, house):
            ssh = stock(server)
            process = await asyncio.create_subprocess_exec(
                "ssh", *ssh.base, "shop/web-0@127.0.0.1", env=ssh.env, stdin=inner, stdout=inner
            )
            await _until(outer, b"$")
            termios.tcsetwinsize(inner, (40, 120))
            process.send_signal(signal.SIGWINCH)
            await _until(outer, b"now 120x40")
            os.write(outer, b"exit\r")
            assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        os.close(outer)
        os.close(inner)
    request = house.channels[0].request
    assert request.pty.size == Size(97, 31)
    assert dict(request.pty.modes)[VINTR] == 3


async def _until(handle, wanted):
    seen = b""
    while wanted not in seen:
        seen += await asyncio.wait_for(asyncio.to_thread(os.read, handle, 4096), 20)


async def test_a_control_master_shares_one_connection(door, stock):
    async with door() as (server, house):
        ssh = stock(server)
        shared = ["-o", f"ControlPath={ssh.folder}/cm", "-o", "ControlMaster=auto", "-o", "ControlPersist=20"]
        first = await ssh.run("whoami", options=shared)
        ssh.env["TEST_TOKEN"] = "nobody asks for it"
        second = await ssh.run("whoami", options=shared)
        both = await asyncio.gather(*(ssh.run(f"exit {n}", options=shared) for n in range(4)))
        await ssh.run("-O", "exit", options=[*shared, "-O", "exit"])
    assert first.out == second.out
    assert [result.code for result in both] == [0, 1, 2, 3]
    assert house.identified == 1
    assert len({channel.connection for channel in house.channels}) == 1


async def test_a_wrong_token_is_refused_with_a_clear_line(door, stock):
    async with door() as (server, house):
        ssh = stock(server)
        ssh.env["TEST_TOKEN"] = "forged"
        result = await ssh.run("whoami", options=["-o", "LogLevel=INFO"])
    assert result.code == 255
    assert b"bastion: the token is not valid (fetch a new token)" in result.err
    assert b"forged" not in result.err
    assert ("auth.failed", "token-unknown") in [(kind, fields.get("code")) for kind, fields in house.notes]


async def test_a_token_that_was_cut_is_told_so(door, stock):
    async with door() as (server, _house):
        ssh = stock(server)
        ssh.env["TEST_TOKEN"] = "t" * 1500
        result = await ssh.run("whoami", options=["-o", "LogLevel=INFO"])
    assert b"where OpenSSH's client cuts a password" in result.err
    assert b"cert@host" in result.err


async def test_a_wrong_login_signs_in_and_gets_one_line(door, stock):
    async with door() as (server, house):
        ssh = stock(server)
        wrong = await ssh.run("whoami", login="web-0")
        ssh.env["TEST_TOKEN"] = "forged"
        stranger = await ssh.run("whoami", login="web-0", options=["-o", "LogLevel=INFO"])
    assert (wrong.code, wrong.out) == (77, b"")
    assert wrong.err.count(b"\n") == 1
    assert b"'web-0' does not name a pod" in wrong.err
    assert b"web-0" not in stranger.err.replace(b"web-0@127.0.0.1", b"")
    assert not house.channels


async def test_the_exchange_gives_a_certificate_that_ssh_then_uses(door, stock):
    async with door() as (server, _house):
        ssh = stock(server)
        key = ssh.folder / "key"
        keygen = await asyncio.create_subprocess_exec(
            "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)
        )
        assert await keygen.wait() == 0
        only = ["-i", str(key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
        without = await ssh.run("whoami", options=only)
        bad = await ssh.run(stdin=b"forged\n", login="cert", options=only)
        good = await ssh.run(stdin=b"token-bob\n", login="cert", options=only)
        (ssh.folder / "key-cert.pub").write_bytes(good.out)
        signed_in = await ssh.run("whoami", options=only)
        again = await ssh.run(stdin=b"token-bob\n", login="cert", options=only)
    assert without.code == 255
    assert (bad.code, bad.out) == (77, b"")
    assert b"bastion: the token is not valid" in bad.err
    assert good.code == 0, good.err
    assert good.out.startswith(b"ssh-ed25519-cert-v01@openssh.com ")
    assert signed_in.out.startswith(b"bob shop/web-0 ")
    assert again.code == 0
