"""The script that ends a unit: it ends all of it, in any shell, and never anything else."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
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
wait
"""


@pytest.fixture
def mark():
    return secrets.token_hex(16)


@pytest.fixture
def start():
    """Start process groups that are killed at the end, whatever happens."""
    started = []

    def run(argv, **options):
        started.append(subprocess.Popen(argv, start_new_session=True, stdout=subprocess.DEVNULL, **options))
        return started[-1]

    yield run
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def in_session(leader):
    """How many processes live in the session that `leader` leads."""
    count = 0
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            fields = place.read_text().rpartition(")")[2].split()
            count += fields[3] == str(leader) and fields[0] not in "ZX"
    return count


def marked(mark):
    """How many processes carry the mark."""
    count = 0
    for place in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            count += f"BASTION_UNIT={mark}".encode() in place.read_bytes()
    return count


def run_script(shell, mark, **options):
    argv = [*shell, *sweep.command(mark)[1:]]
    return subprocess.run(argv, capture_output=True, check=False, timeout=60, **options)


def wait_for(condition):
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize("grep", [True, False], ids=["grep", "builtins"])
def test_everything_of_the_unit_ends_and_a_bystander_lives(start, mark, tmp_path, name, grep):
    bystander = start(["env", "BASTION_UNIT=" + secrets.token_hex(16), "sleep", "1000"])
    unit = start(["env", f"BASTION_UNIT={mark}", "sh", "-c", UNIT])
    assert wait_for(lambda: marked(mark) >= 5)
    assert in_session(unit.pid) >= 5
    environment = dict(os.environ)
    if not grep:
        for tool in ("sleep", SHELLS[name][0]):
            (tmp_path / tool).symlink_to(shutil.which(tool))
        environment["PATH"] = str(tmp_path)
    shell = [shutil.which(SHELLS[name][0]), *SHELLS[name][1:]]
    done = run_script(shell, mark, env=environment)
    unit.wait(10)
    assert sweep.left(done.returncode, done.stdout) == 0, (done.stdout, done.stderr)
    assert marked(mark) == 0
    assert in_session(unit.pid) == 0
    assert bystander.poll() is None


def test_nothing_to_end_is_nothing_left(mark):
    done = run_script(["sh"], mark)
    assert sweep.left(done.returncode, done.stdout) == 0


def test_a_session_that_the_unit_does_not_lead_is_left_alone(start, mark):
    """A runtime that starts a command in the session of another must not have that one killed."""
    other = start(["sh", "-c", f"env BASTION_UNIT={mark} sleep 1000 & sleep 1001 & wait"])
    assert wait_for(lambda: marked(mark) == 1)
    before = in_session(other.pid)
    assert before == 3
    done = run_script(["sh"], mark)
    assert sweep.left(done.returncode, done.stdout) == 0
    assert marked(mark) == 0
    assert other.poll() is None
    assert in_session(other.pid) == before - 1


def test_a_process_that_cannot_be_ended_is_reported(start, mark, tmp_path):
    start(["env", f"BASTION_UNIT={mark}", "sleep", "1000"])
    assert wait_for(lambda: marked(mark) == 1)
    script = "kill() { :; }\n" + sweep.SCRIPT
    done = subprocess.run(["bash", "-c", script, "x", mark], capture_output=True, check=False, timeout=60)
    assert sweep.left(done.returncode, done.stdout) == 1


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
