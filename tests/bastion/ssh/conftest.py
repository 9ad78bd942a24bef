"""A House for the door's tests: it knows three people and a few lines, and echoes."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from types import SimpleNamespace

import asyncssh
import pytest

from bastion.model.events import (
    ClientEnded,
    ClientGone,
    ClientResized,
    ClientSent,
    ClientSignalled,
    EditorDrew,
    LineAborted,
    LineEntered,
)
from bastion.model.principal import Kind, Principal
from bastion.model.refusal import Refusal
from bastion.model.request import Mode
from bastion.ssh.certs import Authority
from bastion.ssh.server import listen
from bastion.ssh.settings import SshSettings

PEOPLE = {f"token-{name}": name for name in ("alice", "bob", "carol")}
BLOCK = bytes(range(256)) * 128


def principal(name, lifetime=3600):
    return Principal("https://issuer.test", name, Kind.HUMAN, name, int(time.time()) + lifetime)


class ScriptedHouse:
    def __init__(self):
        self.authority = Authority.generate()
        self.notes, self.channels, self.tasks = [], [], []
        self.durable = True
        self.identified = 0
        self.sent = 0

    async def identify(self, token, source):
        self.identified += 1
        if token in PEOPLE:
            return principal(PEOPLE[token])
        return Refusal("token-unknown", "the token is not valid", "fetch a new token")

    async def certify(self, key, token, source):
        who = await self.identify(token.decode("ascii", "replace"), source)
        if isinstance(who, Refusal):
            return who
        return self.authority.issue(
            who, key, now=int(time.time()), lifetime=600, source_address=None, serial=7
        )

    async def admit(self, certificate, source):
        return self.authority.admit(
            certificate, now=int(time.time()), source_ip=source, revoked=lambda serial: False
        )

    async def note(self, kind, fields):
        await asyncio.sleep(0)
        self.notes.append((kind, dict(fields)))
        return self.durable

    async def open(self, channel):
        self.channels.append(channel)
        if channel.request.mode is Mode.INTERACTIVE:
            await self._interactive(channel)
            return
        line = channel.request.line.decode("utf-8", "backslashreplace")
        verb, _, rest = line.partition(" ")
        await getattr(self, f"_do_{verb or 'cat'}", self._unknown)(channel, rest)

    async def _unknown(self, channel, rest):
        channel.write("err", b"bastion: no such line\n")
        channel.exit(77)

    async def _do_cat(self, channel, rest):
        while not isinstance(event := await channel.receive(), ClientEnded):
            channel.write("out", event.data)
            await channel.drain()
        channel.exit(0)

    async def _do_exit(self, channel, rest):
        channel.exit(int(rest))

    async def _do_both(self, channel, rest):
        channel.write("out", b"to out\n")
        channel.write("err", b"to err\n")
        channel.exit(3)

    async def _do_killed(self, channel, rest):
        channel.write("out", b"last words\n")
        channel.exit_signal("KILL", "killed by the kernel")

    async def _do_show(self, channel, rest):
        channel.write("out", repr(channel.request).encode())
        await channel.flush()
        channel.exit(0)

    async def _do_whoami(self, channel, rest):
        channel.write("out", f"{channel.principal.subject} {channel.login} {channel.connection}\n".encode())
        channel.exit(0)

    async def _do_flood(self, channel, rest):
        """Write as fast as `drain` allows, until done or interrupted."""
        left = int(rest)
        control = asyncio.ensure_future(channel.receive_control())
        while left > 0 and not control.done():
            piece = BLOCK[:left]
            channel.write("out", piece)
            self.sent += len(piece)
            left -= len(piece)
            drained = asyncio.ensure_future(channel.drain())
            await asyncio.wait({drained, control}, return_when=asyncio.FIRST_COMPLETED)
            drained.cancel()
        if control.done():
            self.notes.append(("control", control.result()))
            channel.abort()
        control.cancel()
        channel.exit(0)

    async def _do_hoard(self, channel, rest):
        """Receive nothing until told by a signal, then count."""
        await channel.receive_control()
        count = 0
        while not isinstance(event := await channel.receive(), ClientEnded):
            count += len(event.data)
        channel.write("out", str(count).encode())
        channel.exit(0)

    async def _do_control(self, channel, rest):
        """Report what comes out of band until an INT."""
        channel.write("out", b"ready\n")
        while True:
            match await channel.receive_control():
                case ClientResized(size=size):
                    channel.write("out", f"size {size.cols}x{size.rows}\n".encode())
                case ClientSignalled(name="INT"):
                    channel.exit(130)
                    return
                case ClientSignalled(name=name):
                    channel.write("out", f"signal {name}\n".encode())
                case ClientGone():
                    return

    async def _interactive(self, channel):
        channel.edit("$ ")
        control = asyncio.ensure_future(self._resizes(channel))
        while True:
            match await channel.receive():
                case EditorDrew(data=data):
                    channel.write("out", data)
                case LineEntered(text="exit"):
                    break
                case LineEntered(text=text):
                    channel.write("out", f"[{text}]\r\n".encode())
                    channel.edit("$ ")
                case LineAborted(why=why):
                    channel.write("out", f"<{why}>\r\n".encode())
                    if why == "eof":
                        break
                    channel.edit("$ ")
                case ClientSent(data=data):
                    channel.write("out", b"raw " + repr(data).encode() + b"\r\n")
                case ClientEnded():
                    break
        control.cancel()
        channel.exit(0)

    async def _resizes(self, channel):
        while not isinstance(event := await channel.receive_control(), ClientGone):
            if isinstance(event, ClientResized):
                channel.resized(event.size)
                channel.write("out", f"now {event.size.cols}x{event.size.rows}\r\n".encode())


@asynccontextmanager
async def opened(house=None, **settings):
    """A listening door on a free port; gives (server, house)."""
    house = house or ScriptedHouse()
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await listen(house, SshSettings(port=0, **settings), [key])
    try:
        yield server, house
    finally:
        await server.close(0.2)


def client(server, username="shop/web-0", password="token-alice", **options):
    """An asyncssh client with a token as the password."""
    return asyncssh.connect(
        "127.0.0.1",
        server.port,
        username=username,
        password=password,
        known_hosts=None,
        client_keys=options.pop("client_keys", None),
        config=None,
        agent_path=None,
        **options,
    )


class StockSsh:
    """The OpenSSH client of this machine, with a token as the password and no files of its user."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        askpass = folder / "askpass"
        askpass.write_text('#!/bin/sh\nprintf "%s\\n" "$TEST_TOKEN"\n')
        askpass.chmod(0o700)
        self.env = {
            **os.environ,
            "SSH_ASKPASS": str(askpass),
            "SSH_ASKPASS_REQUIRE": "force",
            "TEST_TOKEN": "token-alice",
            "SSH_AUTH_SOCK": "",
        }
        self.base = ["-F", "none", "-p", str(port), "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"]
        self.base += ["-o", f"UserKnownHostsFile={folder / 'known'}", "-o", "NumberOfPasswordPrompts=1"]

    async def run(self, *words, stdin=b"", login="shop/web-0", options=(), program="ssh"):
        """Run and wait; gives code, out and err."""
        process = await asyncio.create_subprocess_exec(
            program,
            *options,  # the first value of an option counts
            *self.base,
            *([f"{login}@127.0.0.1"] if program == "ssh" else []),
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.env,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(stdin), 30)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return SimpleNamespace(code=process.returncode, out=out, err=err)


@pytest.fixture(name="door")
def _door():
    return opened


@pytest.fixture(name="client")
def _client():
    return client


@pytest.fixture(name="stock")
def _stock(tmp_path):
    return lambda server: StockSsh(tmp_path, server.port)


@pytest.fixture(name="people")
def _people():
    return principal
