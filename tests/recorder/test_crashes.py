"""A writer that dies at any system call, or by SIGKILL, loses nothing that it had synced."""

import os
import random
import subprocess
import sys
import time

import pytest

from recorder.disk import Disk
from recorder.findings import Outcome
from recorder.reader import entries
from recorder.verify import verify

WRITER = """
import os, sys, time
from pathlib import Path
from recorder.checkpoint import SigningKey
from recorder.ledger import Ledger

home = Path(sys.argv[1])
clock = lambda: (time.time_ns() // 1000, time.monotonic_ns() // 1000)
ledger = Ledger.open(home / "ledger", origin="bastion/prod/node-1/2026", segment_leaves=200, boot="b",
                     key=SigningKey.load_or_create(home / "key"), clock=clock)
while True:
    last = ledger.append([{"type": "a", "pad": "x" * 600}] * 7)
    ledger.sync()
    os.write(1, b"%d\\n" % last)
    if last % 3 == 0:
        ledger.checkpoint()
"""
ROUNDS = 10


class Killed(BaseException):
    """The process ends here."""


class Fuse:
    """A disk that works for some calls; the next one writes a part of its data and kills."""

    def __init__(self, calls, part):
        self.calls, self.part = calls, part

    def _burn(self):
        self.calls -= 1
        return self.calls < 0

    def disk(self):
        real = Disk()

        def write(descriptor, data):
            if self._burn():
                os.write(descriptor, data[: int(len(data) * self.part)])
                raise Killed
            return real.write(descriptor, data)

        def other(call):
            def burning(*arguments):
                if self._burn():
                    raise Killed
                return call(*arguments)

            return burning

        # A killed process loses nothing that write(2) took, so the waits for the hardware may go.
        calls = {name: other(getattr(real, name)) for name in ("replace", "truncate", "allocate")}
        waits = {name: other(lambda _descriptor: None) for name in ("fdatasync", "fsync")}
        return Disk(write=write, **calls, **waits)


def trace(lab, fuse, synced):
    """One life of a writer. Appends to `synced` the size that each finished sync vouches for."""
    ledger = None
    try:
        ledger = lab.open(disk=fuse.disk(), segment_leaves=6)
        for index in range(4):
            ledger.append([{"type": "a", "n": index, "pad": "x" * 400}] * 3)
            size = ledger.size
            ledger.sync()
            synced.append(size)
            ledger.append([{"type": "b"}])
            ledger.checkpoint()
            synced.append(ledger.size)
        ledger.close()
    except Killed:
        if ledger is not None:
            lab.crash(ledger)
        return False
    return True


@pytest.mark.parametrize("part", [0.0, 0.4, 1.0])
def test_a_death_at_any_system_call_loses_nothing_synced(tmp_path, lab, part):
    for calls in range(200):
        lab.home = tmp_path / f"{calls}"
        lab.home.mkdir()
        synced = []
        lived = trace(lab, Fuse(calls, part), synced)
        assert trace(lab, Fuse(10_000, part), [])
        report = verify(lab.folder)
        assert report.outcome is Outcome.INTACT, (calls, report.findings)
        assert report.leaves >= max(synced, default=0)
        if lived:
            break
    assert lived
    assert calls > 40


def test_two_deaths_in_a_row_lose_nothing(tmp_path, lab):
    seeded = random.Random(7)
    for number in range(60):
        lab.home = tmp_path / f"{number}"
        lab.home.mkdir()
        synced = []
        for _ in range(3):
            trace(lab, Fuse(seeded.randrange(60), seeded.random()), synced)
        assert trace(lab, Fuse(10_000, 0), [])
        report = verify(lab.folder)
        assert report.outcome is Outcome.INTACT, (number, report.findings)
        assert report.leaves >= max(synced, default=0)


def test_sigkill_loses_nothing_synced(lab):
    seeded = random.Random(11)
    for _ in range(ROUNDS):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(lab.home)], stdout=subprocess.PIPE)
        try:
            process.stdout.readline()
            time.sleep(seeded.random() * 0.12)
        finally:
            process.kill()
        told = process.stdout.read().split(b"\n")
        process.wait()
        synced = int(told[-2]) if len(told) > 1 else 0
        assert verify(lab.folder).outcome is Outcome.INTACT
        assert sum(1 for _ in entries(lab.folder)) > synced
    from recorder.checkpoint import SigningKey

    lab.key = SigningKey.load_or_create(lab.home / "key")
    lab.open().close()
    report = verify(lab.folder)
    assert report.outcome is Outcome.INTACT
    assert report.signed == report.leaves


def test_verify_beside_a_running_writer_flags_nothing(lab):
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(lab.home)], stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        sizes = []
        for _ in range(15):
            report = verify(lab.folder)
            assert report.outcome is Outcome.INTACT, report.findings
            assert report.writer
            sizes.append(report.leaves)
            for _ in range(5):
                process.stdout.readline()
    finally:
        process.kill()
        process.communicate()
    assert sizes[-1] > sizes[0]
