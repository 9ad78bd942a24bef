"""The script that ends a unit: it ends all of it, in any shell, and never anything else.

The script is only ever run in a PID namespace of its own: a mistake in it would otherwise end
whatever the tester's machine runs.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from bastion.kube import sweep

SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"], "mksh": ["mksh"]}

UNIT = """
sleep 1000 &
(trap '' HUP TERM; while :; do sleep 1; done) &
setsid sleep 1000 &
env -i sleep 1000 &
setsid sh -c 'env -i sleep 1000; :' &
(setsid env -i sleep 1000; :) &
wait
"""


class Box:
    """A PID namespace with its own /proc; everything in it ends with it."""

    def __init__(self) -> None:
        self.user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        argv = ["unshare", *self.user, "--pid", "--fork", "--kill-child", "--mount-proc", "sleep", "1000"]
        self.outer = subprocess.Popen(argv)
        assert wait_for(self.first), "no PID namespace can be made here"
        self.started: list[subprocess.Popen[bytes]] = []

    def first(self) -> str:
        """The host's PID of the namespace's first process, once it has its own /proc."""
        children = Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children").read_text().split()
        if not children or Path(f"/proc/{children[0]}/comm").read_text() != "sleep\n":
            return ""
        return children[0]

    def enter(self, argv, **options):
        """Start `argv` inside, leading a session of its own, as a runtime starts an exec."""
        user = ["--user", "--preserve-credentials"] if self.user else []
        ahead = ["nsenter", "--target", self.first(), *user, "--pid", "--mount", "--", "setsid"]
        self.started.append(subprocess.Popen([*ahead, *argv], stdout=subprocess.PIPE, **options))
        return self.started[-1]

    def run(self, argv, **options):
        """Run `argv` inside to its end: (exit code, stdout)."""
        process = self.enter(argv, **options)
        out, _ = process.communicate(timeout=60)
        return process.returncode, out

    def words(self):
        """The last argument of every process inside but the first, as the host sees them."""
        inside = os.readlink(f"/proc/{self.first()}/ns/pid")
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                line = (place / "cmdline").read_bytes().split(b"\0")
                if os.readlink(place / "ns/pid") == inside and place.name != self.first() and len(line) > 1:
                    found.append(line[-2].decode())
        return sorted(found)

    def close(self):
        self.outer.kill()
        self.outer.wait()
        for process in self.started:
            process.kill()
            process.communicate()


def wait_for(condition):
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def mark():
    return secrets.token_hex(16)


@pytest.fixture
def box():
    made = Box()
    yield made
    made.close()


@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize("grep", [True, False], ids=["grep", "builtins"])
def test_everything_of_the_unit_ends_and_a_bystander_lives(box, mark, tmp_path, name, grep):
    box.enter(["env", "BASTION_UNIT=" + secrets.token_hex(16), "sleep", "2000"])
    box.enter(["env", f"BASTION_UNIT={mark}", "sh", "-c", UNIT])
    assert wait_for(lambda: box.words().count("1000") == 5 and "1" in box.words())
    environment = dict(os.environ)
    shell = shutil.which(SHELLS[name][0])
    if not grep:
        for tool in ("sleep", "nsenter", "setsid"):
            (tmp_path / tool).symlink_to(shutil.which(tool))
        environment["PATH"] = str(tmp_path)
    report = box.run([shell, *SHELLS[name][1:], *sweep.command(mark)[1:]], env=environment)
    assert sweep.left(*report) == 0, report
    assert wait_for(lambda: box.words() == ["2000"]), box.words()


def test_nothing_to_end_is_nothing_left(box, mark):
    assert sweep.left(*box.run(sweep.command(mark))) == 0


def test_a_session_that_the_unit_does_not_lead_is_left_alone(box, mark):
    """A runtime that starts a command in the session of another must not have that one killed."""
    box.enter(["sh", "-c", f"env BASTION_UNIT={mark} sleep 1000 & sleep 1001 & wait; :", "other"])
    assert wait_for(lambda: box.words() == ["1000", "1001", "other"])
    assert sweep.left(*box.run(sweep.command(mark))) == 0
    assert box.words() == ["1001", "other"]


def test_a_process_that_cannot_be_ended_is_reported(box, mark):
    box.enter(["env", f"BASTION_UNIT={mark}", "sleep", "1000"])
    assert wait_for(lambda: box.words() == ["1000"])
    script = "kill() { :; }\n" + sweep.SCRIPT
    assert sweep.left(*box.run(["bash", "-c", script, "x", mark])) == 1


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("env", "BASTION_UNIT=" + "a" * 32, "sh"), "a" * 32),
        (("/usr/bin/env", "TERM=x\ny", "BASTION_UNIT=" + "a" * 32, "sh"), "a" * 32),
        (("env", "TERM=x", "sh", "-c", "BASTION_UNIT=" + "a" * 32), ""),
        (("sh", "BASTION_UNIT=" + "a" * 32), ""),
        (("env", "BASTION_UNIT=.*", "sh"), ""),
        (("env", "BASTION_UNIT=", "sh"), ""),
        ((), ""),
    ],
)
def test_the_mark_is_only_taken_from_before_the_program(argv, expected):
    assert sweep.mark_of(argv) == expected


@pytest.mark.parametrize(
    ("code", "out", "expected"),
    [
        (0, b"left 0\n", 0),
        (0, b"left 3\n", 3),
        (1, b"left 0\n", -1),
        (0, b"", -1),
        (0, b"noise\nleft 0\n", -1),
        (0, b"left -1\n", -1),
    ],
)
def test_only_a_clean_report_counts(code, out, expected):
    assert sweep.left(code, out) == expected
