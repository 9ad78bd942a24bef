"""Building a pod's namespaces, by unshare(2) alone or through bubblewrap. Standard library only.

Both end the same way: this process stands inside the pod's mount, UTS, IPC, network and user
namespaces, its next children in the pod's PID namespace, and PID 1 there is the pod's program.

    unshare  the pod's root is mapped to `host_id`, which owns nothing on the host, where the caller
             is root; otherwise to the caller's own id
    bwrap    bubblewrap makes the namespaces; this process then joins them (setns(2))
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from bastion.demo import syscalls

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
_IDS = 65536
_JOINED = {
    "user": syscalls.CLONE_NEWUSER,
    "mnt": syscalls.CLONE_NEWNS,
    "pid": syscalls.CLONE_NEWPID,
    "uts": syscalls.CLONE_NEWUTS,
    "ipc": syscalls.CLONE_NEWIPC,
    "net": syscalls.CLONE_NEWNET,
}
_CAP_NAMES = (
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "NET_BIND_SERVICE",
)

Spec = dict[str, Any]


def enter_by_unshare(spec: Spec, output: tuple[int, int]) -> int:
    """Make the namespaces and start PID 1. Its pid. Raises OSError naming the call that failed."""
    host_id: int | None = spec["host_id"]
    _new_user_namespace(host_id)
    # Not sooner: a hidden process may not write its own id maps.
    syscalls.hide_from_pod()
    syscalls.unshare(
        syscalls.CLONE_NEWNS
        | syscalls.CLONE_NEWPID
        | syscalls.CLONE_NEWUTS
        | syscalls.CLONE_NEWIPC
        | syscalls.CLONE_NEWNET
    )
    socket.sethostname(spec["hostname"])
    syscalls.loopback_up()
    reading, writing = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _be_first(spec, output, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        problem = answer.read(4096)
    if problem:
        raise OSError(problem.decode("utf-8", "replace"))
    # pivot_root in PID 1 moved this process too: it shares the mount namespace.
    os.chdir("/")
    _become_pod_root()
    return pid


def _new_user_namespace(host_id: int | None) -> None:
    if host_id is None:
        uid, gid = os.geteuid(), os.getegid()
        syscalls.unshare(syscalls.CLONE_NEWUSER)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"0 {uid} 1")
        _write("/proc/self/gid_map", f"0 {gid} 1")
        return
    # A map to other ids must be written from outside, so a child stays behind and does it.
    parent = os.getpid()
    reading, writing = os.pipe()
    writer = os.fork()
    if writer == 0:
        os.close(writing)
        os.read(reading, 1)
        try:
            _write(f"/proc/{parent}/uid_map", f"0 {host_id} {_IDS}")
            _write(f"/proc/{parent}/gid_map", f"0 {host_id} {_IDS}")
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(0)
    os.close(reading)
    try:
        syscalls.unshare(syscalls.CLONE_NEWUSER)
    finally:
        os.close(writing)
        status = os.waitstatus_to_exitcode(os.waitpid(writer, 0)[1])
    if status != 0:
        raise OSError(status, f"writing uid_map: {os.strerror(status)}")


def _write(path: str, text: str) -> None:
    door = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(door, text.encode())
    finally:
        os.close(door)


def _become_pod_root() -> None:
    # setgroups is denied where only the caller's own id is mapped.
    with contextlib.suppress(PermissionError):
        os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    # A change of ids resets the flag.
    syscalls.hide_from_pod()


def _be_first(spec: Spec, output: tuple[int, int], answer: int) -> NoReturn:
    """In the child that is PID 1: build the root file system, then become the pod's program."""
    try:
        _build_root(spec["rootfs"], spec["mounts"])
        os.setsid()
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(output[0], 1)
        os.dup2(output[1], 2)
        syscalls.drop_capabilities()
        syscalls.die_with_parent(signal.SIGKILL)
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.execve(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606 - this is the sandbox's PID 1
    except OSError as error:
        os.write(answer, str(error).encode())
    finally:
        os._exit(127)


def _build_root(root: str, mounts: list[tuple[str, str, bool]]) -> None:
    syscalls.mount(None, "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    syscalls.bind(root, root, writable=True)
    for source, place, writable in mounts:
        syscalls.bind(source, root + place, writable=writable)
    # From here on as the pod's root: the caller's own id cannot own files in this user namespace,
    # and the pod's root cannot walk down to `root`.
    os.chdir(root)
    _become_pod_root()
    _build_dev("dev")
    safe = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
    syscalls.mount("proc", "proc", "proc", safe)
    # /proc/sys and /proc/sysrq-trigger belong to the host: nothing there may be written.
    syscalls.mount(
        None,
        "proc",
        None,
        syscalls.MS_REMOUNT | syscalls.MS_BIND | syscalls.MS_RDONLY | safe,
    )
    syscalls.pivot_into_here()


def _build_dev(dev: str) -> None:
    syscalls.mount("tmpfs", dev, "tmpfs", syscalls.MS_NOSUID, "mode=0755,size=65536k")
    for name in _DEVICES:
        os.close(os.open(f"{dev}/{name}", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o666))
        # Read-only keeps the host's node from being chmodded; writing to a device still works.
        syscalls.bind(f"/dev/{name}", f"{dev}/{name}", writable=False, device=True)
    for name, target in _LINKS.items():
        Path(dev, name).symlink_to(target)
    Path(dev, "pts").mkdir()
    Path(dev, "shm").mkdir()
    Path(dev, "shm").chmod(0o1777)
    flags = syscalls.MS_NOSUID | syscalls.MS_NOEXEC
    syscalls.mount("devpts", f"{dev}/pts", "devpts", flags, "newinstance,ptmxmode=0666,mode=0620")


def enter_by_bwrap(spec: Spec, output: tuple[int, int]) -> int:
    """Let bubblewrap make the namespaces, then join them. The pid of bubblewrap, which ends with PID 1.

    Raises OSError; bubblewrap's own words are on `output`.
    """
    reading, writing = os.pipe2(os.O_CLOEXEC)
    process = subprocess.Popen(
        bwrap_argv(spec, writing),
        stdin=subprocess.DEVNULL,
        stdout=output[0],
        stderr=output[1],
        env=spec["env"],
        pass_fds=(writing,),
        preexec_fn=_die_with_supervisor,  # noqa: PLW1509 - the supervisor has one thread
    )
    os.close(writing)
    with os.fdopen(reading, "rb") as status:
        line = status.readline()
    if not line:
        raise OSError(f"bwrap ended at once with {process.wait()}")
    first = int(json.loads(line)["child-pid"])
    _await_program(process, first, spec["argv"])
    _join(first)
    return process.pid


def _await_program(process: subprocess.Popen[bytes], pid: int, argv: list[str]) -> None:
    """Wait until the child runs `argv`: bubblewrap names it before its root file system is built."""
    wanted = b"".join(os.fsencode(word) + b"\0" for word in argv)
    for _ in range(5000):
        status = process.poll()
        if status is not None:
            raise OSError(f"bwrap ended with {status}")
        try:
            door = os.open(f"/proc/{pid}/cmdline", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            if os.read(door, 65536) == wanted:
                return
        finally:
            os.close(door)
        time.sleep(0.001)
    process.kill()
    raise OSError("bwrap did not start the pod's program")


def _die_with_supervisor() -> None:
    syscalls.die_with_parent(signal.SIGKILL)


def bwrap_argv(spec: Spec, status_fd: int) -> list[str]:
    """The command line of bubblewrap: the same mounts, namespaces and capabilities as `enter_by_unshare`.

    Its device nodes are the host's, so it is not for root, who owns them (`ways.modes`).
    """
    argv = ["bwrap", "--unshare-all", "--unshare-user", "--uid", "0", "--gid", "0"]
    argv += ["--hostname", spec["hostname"], "--as-pid-1", "--die-with-parent", "--new-session"]
    argv += ["--bind", spec["rootfs"], "/"]
    for source, place, writable in spec["mounts"]:
        argv += ["--bind" if writable else "--ro-bind", source, place]
    argv += ["--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"]
    argv += ["--cap-drop", "ALL"]
    for name in _CAP_NAMES:
        argv += ["--cap-add", f"CAP_{name}"]
    return [*argv, "--chdir", "/", "--json-status-fd", str(status_fd), "--", *spec["argv"]]


def _join(pid: int) -> None:
    doors = {name: os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in _JOINED}
    for name, kind in _JOINED.items():
        syscalls.setns(doors[name], kind)
        os.close(doors[name])
    os.chdir("/")
    _become_pod_root()


if sys.platform != "linux":
    raise ImportError("pods need Linux namespaces")
