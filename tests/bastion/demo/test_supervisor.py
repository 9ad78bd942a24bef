"""The supervisor over its socket, as an account that is not root."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bastion.demo import image, supervisor, syscalls

NOBODY = 65534
MODES = ["unshare", "bwrap"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another account can reach: pytest's own are closed to it."""
    made = Path(tempfile.mkdtemp(prefix="demo-supervisor-", dir="/tmp"))
    yield made
    shutil.rmtree(made)


def spec_file(spec: dict) -> int:
    door = os.memfd_create("spec")
    os.write(door, json.dumps(spec).encode())
    return door


def supervise(folder: Path, mode: str) -> tuple[socket.socket, int]:
    """A supervisor in a child that has given up root for good, and its socket."""
    if mode == "bwrap" and shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed; pods are made by unshare(2) here")
    root = folder / "root"
    owner = NOBODY if os.geteuid() == 0 else None
    mounts = image.build(root, image.Image({"data/x": "1\n"}), "plain", [], owner)
    if owner:
        image.give(folder, owner)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            if owner:
                os.setgroups([])
                os.setresgid(owner, owner, owner)
                os.setresuid(owner, owner, owner)
                # The change of ids made this process unreadable to itself, which an exec would undo.
                syscalls._libc.prctl(syscalls._PR_SET_DUMPABLE, 1, 0, 0, 0)
            supervisor.main(theirs.detach())
        finally:
            os._exit(0)
    theirs.close()
    ours.settimeout(20)
    spec = {
        "rootfs": str(root),
        "mounts": mounts,
        "hostname": "plain",
        "argv": ["/usr/bin/sleep", "infinity"],
        "env": {"PATH": "/usr/bin:/bin"},
        "mode": mode,
        "host_id": None,
    }
    socket.send_fds(ours, [b'{"start": 1}'], [spec_file(spec), 1, 2])
    return ours, pid


def hear(door: socket.socket) -> dict:
    data, fds, _, _ = socket.recv_fds(door, 65536, 2)
    for fd in fds:
        os.close(fd)
    return json.loads(data)


@pytest.mark.parametrize("mode", MODES)
def test_an_account_that_is_not_root_gets_the_same_pod(folder, mode):
    door, pid = supervise(folder, mode)
    assert hear(door) == {"ready": True}
    reading, writing = os.pipe()
    first = "id -u; hostname; echo $$; touch /usr/bin/x || echo closed"
    script = f"{first}; touch /etc/mine && rm -rf /data /etc; ls /"
    spec = spec_file({"argv": ["sh", "-c", script], "env": {"PATH": "/usr/bin:/bin"}})
    socket.send_fds(door, [b'{"exec": 7, "tty": false}'], [spec, writing, writing, writing])
    os.close(writing)
    assert hear(door) == {"started": 7}
    assert hear(door) == {"exited": 7, "code": 0}
    with os.fdopen(reading) as text:
        out = text.read().split("\n")
    assert out[:2] == ["0", "plain"]
    assert int(out[2]) < 20
    assert "closed" in out
    assert "data" not in out
    door.send(b'{"end": true}')
    assert hear(door) == {"ended": True}
    assert os.waitpid(pid, 0)[1] == 0


@pytest.mark.parametrize("mode", MODES)
def test_when_the_other_side_is_gone_everything_ends(folder, mode):
    door, pid = supervise(folder, mode)
    assert hear(door) == {"ready": True}
    door.close()
    assert os.waitpid(pid, 0)[0] == pid


def test_the_code_of_a_killed_command_is_128_plus_the_signal(folder):
    door, pid = supervise(folder, "unshare")
    assert hear(door) == {"ready": True}
    spec = spec_file({"argv": ["sleep", "300"], "env": {"PATH": "/usr/bin:/bin"}})
    null = os.open("/dev/null", os.O_RDWR)
    socket.send_fds(door, [b'{"exec": 1, "tty": false}'], [spec, null, null, null])
    assert hear(door) == {"started": 1}
    door.send(b'{"kill": 1, "signal": 15}')
    assert hear(door) == {"exited": 1, "code": 143}
    door.close()
    os.close(null)
    os.waitpid(pid, 0)
