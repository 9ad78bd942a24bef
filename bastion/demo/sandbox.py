"""Containers as the cluster sees them: start one, run a command in it, end it.

A container is a supervisor process (supervisor.py) and what lives in the namespaces it made; it
never runs anything outside them. Descriptors travel over the supervisor's socket (SCM_RIGHTS).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bastion.demo import image
from bastion.demo.ways import TOOLS

_PIPE_BYTES = 1 << 20
_F_SETPIPE_SZ = 1031
_SETUP_SECONDS = 20
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from bastion.demo.supervisor import main; main({fd})"


class DemoUnavailable(Exception):  # noqa: N818 - the name is part of the demo's interface
    """No sandbox can be made here; the text says what was tried and what is missing."""


class NotStarted(Exception):  # noqa: N818 - it carries the runtime's words, it is no fault of ours
    """A command could not be executed in the container; the text is the runtime's."""


@dataclass(slots=True)
class Process:
    """A command in a container. The descriptors are this side's; `close` them when done.

    `exited` gets the exit code, 128+n for a signal. Without a tty `stdout` and `stderr` are pipes
    (-1 where not asked for); with one, `stdin` and `stdout` are the same pty master.
    """

    number: int
    stdin: int
    stdout: int
    stderr: int
    exited: asyncio.Future[int]
    kill: Callable[[int], None]

    def close_fd(self, name: str) -> None:
        """Close one of "stdin", "stdout", "stderr"; again is harmless."""
        fd: int = getattr(self, name)
        setattr(self, name, -1)
        if fd >= 0 and fd not in (self.stdin, self.stdout, self.stderr):
            os.close(fd)

    def close(self) -> None:
        """Close what is still open."""
        for name in ("stdin", "stdout", "stderr"):
            self.close_fd(name)


@dataclass(frozen=True, slots=True)
class Box:
    """What a container is started from: see `cage` for how `mode` and `host_id` are used."""

    rootfs: Path
    mounts: tuple[image.Mount, ...]
    hostname: str
    argv: tuple[str, ...]
    env: dict[str, str]
    mode: str
    host_id: int | None


@dataclass(slots=True)
class Container:
    """A running container. `end` must be called; it ends every process in it."""

    env: dict[str, str]
    _owner: int | None
    _door: socket.socket
    _program: subprocess.Popen[bytes]
    _ready: asyncio.Future[str]
    _over: asyncio.Future[None]
    _next: int = 0
    _starting: dict[int, asyncio.Future[list[int]]] = field(default_factory=dict)
    _running: dict[int, asyncio.Future[int]] = field(default_factory=dict)

    @classmethod
    async def start(cls, box: Box, output: tuple[int, int]) -> Container:
        """Start PID 1 with `output` as its stdout and stderr. Raises DemoUnavailable."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            program = _launch(theirs)
        except OSError as error:
            ours.close()
            raise DemoUnavailable(f"cannot start {sys.executable}: {error}") from error
        finally:
            theirs.close()
        ours.setblocking(False)
        made = cls(dict(box.env), box.host_id, ours, program, loop.create_future(), loop.create_future())
        loop.add_reader(ours, made._hear)
        spec = {
            "rootfs": str(box.rootfs),
            "mounts": box.mounts,
            "hostname": box.hostname,
            "argv": box.argv,
            "env": box.env,
            "mode": box.mode,
            "host_id": box.host_id,
        }
        _give(output, box.host_id)
        try:
            made._send({"start": 1}, spec, output)
            async with asyncio.timeout(_SETUP_SECONDS):
                problem = await made._ready
        except TimeoutError:
            problem = "the sandbox was not ready in time"
        if problem:
            await made.end()
            raise DemoUnavailable(problem)
        return made

    @property
    def alive(self) -> bool:
        """Whether commands can still be run in it."""
        return not self._over.done()

    async def run(
        self,
        argv: Sequence[str],
        *,
        tty: bool,
        wanted: tuple[bool, bool, bool],
        size: tuple[int, int] = (0, 0),
    ) -> Process:
        """Execute `argv`; `wanted` says which of stdin, stdout and stderr are asked for.

        `size` is the terminal's (rows, columns) from the first instruction on. Raises NotStarted
        with the runtime's words.
        """
        if not self.alive:
            raise NotStarted("container not running")
        env = {**self.env, "TERM": "xterm"} if tty else self.env
        loop = asyncio.get_running_loop()
        self._next += 1
        number = self._next
        theirs, mine = ([], []) if tty else _pipes(wanted)
        _give([fd for fd, asked in zip(theirs, wanted, strict=False) if asked], self._owner)
        started: asyncio.Future[list[int]] = loop.create_future()
        exited: asyncio.Future[int] = loop.create_future()
        self._starting[number] = started
        self._running[number] = exited
        try:
            self._send({"exec": number, "tty": tty}, {"argv": list(argv), "env": env, "size": size}, theirs)
            fds = await started
        except (NotStarted, BlockingIOError) as error:
            self._running.pop(number, None)
            for fd in mine:
                if fd >= 0:
                    os.close(fd)
            raise NotStarted(str(error)) from error
        finally:
            for fd in theirs:
                os.close(fd)
        if tty:
            os.set_blocking(fds[0], False)
            mine = [fds[0], fds[0], -1]
        stdin, stdout, stderr = mine
        return Process(number, stdin, stdout, stderr, exited, lambda signal_: self._kill(number, signal_))

    async def end(self) -> None:
        """Kill PID 1, and with it everything in the PID namespace; wait until it is gone."""
        if self._door.fileno() >= 0 and self.alive:
            try:
                self._door.send(b'{"end": true}')
            except OSError:
                self._program.kill()
        try:
            async with asyncio.timeout(5):
                await self._over
        except TimeoutError:
            self._program.kill()
        self._finish()
        await asyncio.to_thread(self._program.wait, 5)

    def _kill(self, number: int, signal_: int) -> None:
        if self.alive and number in self._running:
            self._door.send(json.dumps({"kill": number, "signal": signal_}).encode())

    def _send(self, message: dict[str, Any], spec: dict[str, Any], fds: Sequence[int]) -> None:
        door = os.memfd_create("spec")
        try:
            with os.fdopen(os.dup(door), "wb") as text:
                text.write(json.dumps(spec).encode())
            socket.send_fds(self._door, [json.dumps(message).encode()], [door, *fds])
        finally:
            os.close(door)

    def _hear(self) -> None:
        try:
            data, fds, _, _ = socket.recv_fds(self._door, 65_536, 2)
        except BlockingIOError:
            return
        except OSError:
            data, fds = b"", []
        message: dict[str, Any] = json.loads(data) if data else {"ended": True}
        match message:
            case {"ready": True}:
                self._settle(self._ready, "")
            case {"failed": str(text)}:
                self._settle(self._ready, text)
            case {"started": int(number)}:
                self._settle(self._starting.pop(number), fds)
            case {"error": str(text), "id": int(number)}:
                self._starting.pop(number).set_exception(NotStarted(text))
            case {"exited": int(number), "code": int(code)}:
                self._settle(self._running.pop(number), code)
            case _:
                self._finish()

    @staticmethod
    def _settle(future: asyncio.Future[Any], value: object) -> None:
        if not future.done():
            future.set_result(value)

    def _finish(self) -> None:
        if self._door.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._door)
            self._door.close()
        self._settle(self._ready, "the sandbox's supervisor ended")
        for started in self._starting.values():
            started.set_exception(NotStarted("container not running"))
        for exited in self._running.values():
            self._settle(exited, 128 + signal.SIGKILL)
        self._starting.clear()
        self._running.clear()
        self._settle(self._over, None)


def _launch(door: socket.socket) -> subprocess.Popen[bytes]:
    """The supervisor, with an environment of its own: nothing of the host's leaks into a pod."""
    package = str(Path(__file__).resolve().parents[2])
    program = _PROGRAM.format(fd=door.fileno())
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", program, package],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={"PATH": TOOLS, "LC_ALL": "C.UTF-8"},
        pass_fds=(door.fileno(),),
        start_new_session=True,
    )


def _give(pipes: Sequence[int], owner: int | None) -> None:
    """Let the pod's root open /dev/stdout again: a pipe belongs to who made it."""
    for pipe in pipes:
        if owner is not None and stat.S_ISFIFO(os.fstat(pipe).st_mode):
            os.fchown(pipe, owner, owner)


def _pipes(wanted: tuple[bool, bool, bool]) -> tuple[list[int], list[int]]:
    """(the command's three descriptors, ours); ours is -1 where a stream is not wanted."""
    theirs, mine = [], []
    for number, asked in enumerate(wanted):
        if not asked:
            theirs.append(os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC))
            mine.append(-1)
            continue
        reading, writing = os.pipe2(os.O_CLOEXEC)
        # Where the account's share of pipe memory is used up, the default size serves.
        with contextlib.suppress(PermissionError):
            fcntl.fcntl(writing, _F_SETPIPE_SZ, _PIPE_BYTES)
        theirs.append(reading if number == 0 else writing)
        mine.append(writing if number == 0 else reading)
        os.set_blocking(mine[-1], False)
    return theirs, mine
