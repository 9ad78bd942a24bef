"""System calls that Python 3.11 has no names for: mount, pivot_root, unshare, setns, prctl, capset.

Standard library only: the supervisor runs this outside the product's environment. Each function
raises OSError with the call's name. Numbers are those of <linux/sched.h>, <linux/mount.h>,
<linux/prctl.h> and <linux/capability.h>.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2
# statvfs flag -> mount flag: what a bind mount inherits, locked in a user namespace, must be kept.
_KEPT = {1: MS_RDONLY, 2: MS_NOSUID, 4: MS_NODEV, 8: MS_NOEXEC, 1024: 1024, 2048: 2048, 4096: 1 << 21}

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
# chown, dac_override, fowner, fsetid, kill, setgid, setuid, net_bind_service: all inside the namespace.
KEPT_CAPABILITIES = (0, 1, 3, 4, 5, 6, 7, 10)

_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _check(name: str, result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _text(value: str | None) -> bytes | None:
    return None if value is None else os.fsencode(value)


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Mount a file system or change a mount (man 2 mount)."""
    result = _libc.mount(
        _text(source), _text(target), _text(kind), ctypes.c_ulong(flags), _text(data) if data else None
    )
    _check(f"mount {target}", result)


def bind(source: str, target: str, *, writable: bool, device: bool = False) -> None:
    """Bind `source` on `target` with all that is mounted below it; read-only unless `writable`.

    Device nodes work only where `device` is set.
    """
    mount(source, target, None, MS_BIND | MS_REC)
    for place in _mounts_below(target):
        flags = MS_REMOUNT | MS_BIND | MS_NOSUID | (0 if writable else MS_RDONLY)
        flags |= 0 if device else MS_NODEV
        current = os.statvfs(place).f_flag
        for seen, kept in _KEPT.items():
            flags |= kept if current & seen else 0
        mount(None, place, None, flags)


def _mounts_below(target: str) -> list[str]:
    """The mount points at and below `target` (proc(5), mountinfo, field 5), named through `target`.

    The pod's root cannot walk down from `/`, so a relative `target` must stay relative.
    """
    real = os.path.realpath(target)
    found = set()
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:  # noqa: PTH123 - stdlib-light, no pathlib in the supervisor
        for line in lines:
            place = line.split(" ")[4].replace("\\040", " ").replace("\\134", "\\")
            if place == real or place.startswith(real + "/"):
                found.add(target + place[len(real) :])
    return sorted(found)


def pivot_into_here() -> None:
    """Make the mount point that is the working folder all that there is (pivot_root(2), NOTES)."""
    _check("pivot_root", _libc.pivot_root(b".", b"."))
    _check("umount2", _libc.umount2(b".", MNT_DETACH))
    os.chdir("/")


def unshare(flags: int) -> None:
    """Leave the namespaces of `flags` for new ones (man 2 unshare)."""
    _check("unshare", _libc.unshare(flags))


def setns(descriptor: int, kind: int) -> None:
    """Join the namespace that `descriptor` stands for (man 2 setns)."""
    _check("setns", _libc.setns(descriptor, kind))


def hide_from_pod() -> None:
    """Nobody in the pod may read this process's /proc entries or trace it (PR_SET_DUMPABLE 0)."""
    _check("prctl", _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))


def die_with_parent(signal: int) -> None:
    """Get `signal` when the parent dies (PR_SET_PDEATHSIG)."""
    _check("prctl", _libc.prctl(_PR_SET_PDEATHSIG, signal, 0, 0, 0))


def drop_capabilities() -> None:
    """Keep only `KEPT_CAPABILITIES`, for good: bounding set, ambient set, no_new_privs."""
    for number in range(64):
        if number in KEPT_CAPABILITIES:
            continue
        if _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) != 0:
            if ctypes.get_errno() == errno.EINVAL:
                break
            _check("prctl capbset", -1)
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    kept = sum(1 << number for number in KEPT_CAPABILITIES)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _check("capset", _libc.capset(header, struct.pack("=6I", kept, kept, 0, 0, 0, 0)))
    _check("prctl", _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def loopback_up() -> None:
    """Bring up `lo` in this network namespace (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(door, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(door, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | _IFF_UP))
