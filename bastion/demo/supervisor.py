"""One process per container: builds or joins its sandbox, then forks the commands it is sent.

Runs as its own program, standard library only: `python -I -S -c … FD`. It talks over one
SOCK_SEQPACKET socket, a JSON object per message, and ends the container when that socket ends:

    to it     {"start": …}                fds: spec (memfd), stdout, stderr of PID 1
              {"exec": ID, "tty": bool}   fds: spec (memfd), then without tty stdin, stdout, stderr
              {"kill": ID, "signal": N}   {"end": true}
    from it   {"ready": true} | {"failed": text}
              {"started": ID}             fd: the pty's master, with tty
              {"error": text, "id": ID}   the command could not be executed
              {"exited": ID, "code": N}   128+n for a signal
              {"ended": true}
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import selectors
import signal
import socket
import struct
import termios
from typing import NoReturn

from bastion.demo import cage, syscalls

_TIOCGPTN = 0x80045430
_TIOCSPTLCK = 0x40045431
_MESSAGE = 65536
_NOT_FOUND = (errno.ENOENT, errno.ENOTDIR)


class Supervisor:
    """The loop of one container. Owns every process that it forks."""

    def __init__(self, door: socket.socket) -> None:
        self._door = door
        self._first = 0
        self._running: dict[int, int] = {}
        self._ending = False

    def run(self) -> None:
        """Serve until PID 1 is gone or the other side closed the socket."""
        wake, wake_in = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_in)
        if not self._start():
            return
        with selectors.DefaultSelector() as selector:
            selector.register(self._door, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            while self._first:
                for key, _ in selector.select():
                    if key.fd == wake:
                        os.read(wake, 4096)
                        self._reap()
                    elif not self._serve():
                        selector.unregister(self._door)
        while self._running:
            self._reap_one(os.waitpid(-1, 0))
        self._say({"ended": True})

    def _start(self) -> bool:
        message, fds = self._hear()
        if "start" not in message:
            return False
        spec = _spec(fds[0])
        enter = cage.enter_by_bwrap if spec["mode"] == "bwrap" else cage.enter_by_unshare
        try:
            self._first = enter(spec, (fds[1], fds[2]))
        except OSError as error:
            self._say({"failed": str(error)})
            return False
        for fd in fds[1:]:
            os.close(fd)
        self._say({"ready": True})
        return True

    def _serve(self) -> bool:
        """One message; False when there will be no more."""
        message, fds = self._hear()
        if "exec" in message:
            self._exec(message["exec"], fds, tty=bool(message["tty"]))
        elif "kill" in message:
            for pid, number in self._running.items():
                if number == message["kill"]:
                    os.kill(pid, message["signal"])
        elif not message or "end" in message:
            # The kernel ends everything in a PID namespace with its PID 1; killing bubblewrap does the same.
            os.kill(self._first, signal.SIGKILL)
        return bool(message)

    def _exec(self, number: int, fds: list[int], *, tty: bool) -> None:
        master = -1
        try:
            spec = _spec(fds[0])
            stdio = fds[1:]
            if tty:
                master = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
                fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
                fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", *spec["size"], 0, 0))
            pid = _fork_command(spec, master, stdio)
        except OSError as error:
            self._say({"error": error.strerror or str(error), "id": number})
        else:
            self._running[pid] = number
            self._say({"started": number}, [master] if tty else [])
        finally:
            for fd in [*fds[1:], *([master] if master >= 0 else [])]:
                os.close(fd)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._reap_one((pid, status))

    def _reap_one(self, ended: tuple[int, int]) -> None:
        pid, status = ended
        if pid == self._first:
            self._first = 0
        number = self._running.pop(pid, None)
        if number is not None:
            code = os.waitstatus_to_exitcode(status)
            self._say({"exited": number, "code": code if code >= 0 else 128 - code})

    def _hear(self) -> tuple[dict[str, int], list[int]]:
        flags = socket.MSG_CMSG_CLOEXEC
        data, ancillary, _, _ = self._door.recvmsg(_MESSAGE, socket.CMSG_SPACE(4 * 4), flags)
        fds: list[int] = []
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds += [int(fd) for (fd,) in struct.iter_unpack("i", content[: len(content) // 4 * 4])]
        return (json.loads(data) if data else {}), fds

    def _say(self, message: dict[str, object], fds: list[int] | None = None) -> None:
        # Where nobody listens any more, the closed socket ends the loop.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self._door, [json.dumps(message).encode()], fds or [])


def _spec(fd: int) -> cage.Spec:
    with os.fdopen(fd, "rb") as text:
        text.seek(0)
        spec: cage.Spec = json.load(text)
    return spec


def _fork_command(spec: cage.Spec, master: int, stdio: list[int]) -> int:
    """Fork and exec; the pid once the exec has succeeded, else OSError with runc's words."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _become(spec, master, stdio, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        problem = answer.read(4096)
    if problem:
        os.waitpid(pid, 0)
        raise OSError(problem.decode("utf-8", "replace"))
    return pid


def _become(spec: cage.Spec, master: int, stdio: list[int], answer: int) -> NoReturn:
    try:
        signal.set_wakeup_fd(-1)
        os.setsid()
        if master >= 0:
            number = struct.unpack("i", fcntl.ioctl(master, _TIOCGPTN, b"\0" * 4))[0]
            slave = os.open(f"/dev/pts/{number}", os.O_RDWR)
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            stdio = [slave, slave, slave]
        for place, fd in enumerate(stdio):
            os.dup2(fd, place)
        for fault in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGCHLD):
            signal.signal(fault, signal.SIG_DFL)
        os.chdir("/")
        syscalls.drop_capabilities()
        os.write(answer, _execute(spec["argv"], spec["env"]).encode())
    except OSError as error:
        os.write(answer, str(error).encode())
    finally:
        os._exit(127)


def _execute(argv: list[str], env: dict[str, str]) -> str:
    """Run it by the container's PATH; returns only what went wrong, in runc's words."""
    name = argv[0]
    if "/" in name:
        problem = _try(name, argv, env)
        if problem in _NOT_FOUND:
            return f'exec: "{name}": stat {name}: no such file or directory'
        return f'exec: "{name}": {os.strerror(problem).lower()}'
    for folder in env.get("PATH", "").split(":"):
        problem = _try(f"{folder}/{name}", argv, env)
        if problem not in (*_NOT_FOUND, errno.EACCES):
            return f'exec: "{name}": {os.strerror(problem).lower()}'
    return f'exec: "{name}": executable file not found in $PATH'


def _try(path: str, argv: list[str], env: dict[str, str]) -> int:
    try:
        os.execve(path, argv, env)  # noqa: S606 - the command that the pod was asked to run
    except OSError as error:
        return error.errno or errno.EIO
    except ValueError:
        return errno.EINVAL  # a NUL inside a word


def main(fd: int) -> None:
    """Serve one container on the inherited socket `fd`."""
    os.set_inheritable(fd, False)
    Supervisor(socket.socket(fileno=fd)).run()
