"""Rules of recorder.ledger when the disk fails: it dies at once, says why, and never tries again."""

import errno
import json
import os
import subprocess
import sys

import pytest

from recorder.disk import Disk
from recorder.findings import Outcome
from recorder.layout import Layout
from recorder.ledger import LedgerError
from recorder.reader import entries
from recorder.spares import RESERVE
from recorder.verify import verify


class Breaker:
    """A disk that works until it is told which call fails how. Counts the calls made after that."""

    def __init__(self):
        self.broken = {}
        self.calls = []

    def disk(self):
        real = Disk()

        def guarded(name):
            def call(*arguments):
                if name not in self.broken:
                    return getattr(real, name)(*arguments)
                self.calls.append(name)
                fault = self.broken[name]
                if name == "write" and fault == "short":
                    return os.write(arguments[0], arguments[1][: len(arguments[1]) // 2])
                raise OSError(fault, os.strerror(fault))

            return call

        names = ("write", "fdatasync", "fsync", "replace", "truncate", "allocate")
        return Disk(**{name: guarded(name) for name in names})


@pytest.fixture
def breaker():
    """A disk to break."""
    return Breaker()


def assert_dead(ledger):
    assert ledger.dead
    for call in (lambda: ledger.append([{"type": "a"}]), ledger.sync, ledger.checkpoint):
        with pytest.raises(LedgerError):
            call()


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO, errno.EDQUOT, "short"])
def test_a_failed_write_kills_the_ledger_and_the_next_start_goes_on(lab, breaker, fault):
    ledger = lab.open(disk=breaker.disk())
    ledger.append([{"type": "a"}])
    breaker.broken = {"write": fault}
    with pytest.raises(LedgerError, match="leaves could not be written"):
        ledger.append([{"type": "b"}] * 9)
    assert breaker.calls == ["write"]
    assert_dead(ledger)
    assert breaker.calls == ["write"]
    ledger.close()
    lab.open().close()
    kept = [entry.leaf.type for entry in entries(lab.folder)].count("b")
    assert 0 < kept < 9 if fault == "short" else kept == 0
    assert verify(lab.folder).outcome is Outcome.INTACT


@pytest.mark.parametrize("fault", [errno.EIO, errno.ENOSPC])
def test_a_failed_fdatasync_is_never_tried_again(lab, breaker, fault):
    ledger = lab.open(disk=breaker.disk())
    ledger.append([{"type": "a"}])
    breaker.broken = {"fdatasync": fault}
    with pytest.raises(LedgerError, match="durable"):
        ledger.sync()
    breaker.broken = {}
    assert_dead(ledger)
    with pytest.raises(LedgerError, match="no last words"):
        ledger.append_last_words([{"type": "b"}])
    ledger.close()
    assert breaker.calls == ["fdatasync"]
    assert verify(lab.folder).signed == 1


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ("write", errno.ENOSPC),
        ("write", errno.EIO),
        ("write", "short"),
        ("fsync", errno.EIO),
        ("replace", errno.EIO),
    ],
)
def test_a_checkpoint_that_cannot_be_written_kills_the_ledger(lab, breaker, call, fault):
    ledger = lab.open(disk=breaker.disk())
    ledger.append([{"type": "a"}])
    breaker.broken = {call: fault}
    with pytest.raises(LedgerError, match="checkpoint"):
        ledger.checkpoint()
    assert_dead(ledger)
    ledger.close()
    lab.open().close()
    assert verify(lab.folder).outcome is Outcome.INTACT


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EDQUOT, "short"])
def test_the_last_words_on_a_full_disk_are_written_once_and_signed(lab, breaker, fault):
    ledger = lab.open(disk=breaker.disk())
    breaker.broken = {"write": fault}
    with pytest.raises(LedgerError):
        ledger.append([{"type": "a"}])
    breaker.broken = {}
    assert ledger.append_last_words([{"type": "session.ended", "session": "s"}] * 3) == 4
    assert not Layout(lab.folder).reserve.exists()
    assert_dead(ledger)
    with pytest.raises(LedgerError, match="no last words"):
        ledger.append_last_words([{"type": "b"}])
    ledger.close()
    found = [entry.leaf for entry in entries(lab.folder)]
    assert [leaf.type for leaf in found] == ["ledger.opened", *["session.ended"] * 3, "ledger.failed"]
    assert "leaves could not be written" in found[-1].body["reason"]
    assert verify(lab.folder).signed == 5
    lab.open().close()
    assert Layout(lab.folder).reserve.stat().st_size == RESERVE
    assert verify(lab.folder).outcome is Outcome.INTACT


def test_last_words_follow_a_checkpoint_for_which_there_was_no_space(lab, breaker):
    ledger = lab.open(disk=breaker.disk())
    ledger.append([{"type": "a"}])
    breaker.broken = {"write": "short"}
    with pytest.raises(LedgerError):
        ledger.checkpoint()
    breaker.broken = {}
    ledger.append_last_words([{"type": "session.ended"}])
    ledger.close()
    report = verify(lab.folder)
    assert (report.outcome, report.signed, report.leaves) == (Outcome.INTACT, 4, 4)


def test_there_are_no_last_words_while_alive_after_eio_or_after_close(lab, breaker):
    ledger = lab.open(disk=breaker.disk())
    with pytest.raises(LedgerError, match="alive"):
        ledger.append_last_words([{"type": "a"}])
    breaker.broken = {"write": errno.EIO}
    with pytest.raises(LedgerError):
        ledger.append([{"type": "a"}])
    breaker.broken = {}
    with pytest.raises(LedgerError, match="no last words"):
        ledger.append_last_words([{"type": "a"}])
    ledger.close()
    with pytest.raises(LedgerError, match="no last words"):
        ledger.append_last_words([{"type": "a"}])


def test_unfit_last_words_do_not_use_up_the_chance(lab, breaker):
    ledger = lab.open(disk=breaker.disk())
    breaker.broken = {"write": errno.ENOSPC}
    with pytest.raises(LedgerError):
        ledger.append([{"type": "a"}])
    breaker.broken = {}
    with pytest.raises(LedgerError, match=r"\$\.x"):
        ledger.append_last_words([{"type": "a", "x": 0.5}])
    ledger.append_last_words([{"type": "a"}])
    ledger.close()


def test_a_segment_that_cannot_be_made_durable_is_not_left_behind(lab, breaker):
    ledger = lab.open(disk=breaker.disk(), segment_leaves=2)
    ledger.append([{"type": "a"}])
    breaker.broken = {"fdatasync": errno.EIO}
    with pytest.raises(LedgerError):
        ledger.append([{"type": "b"}])
    assert len(Layout(lab.folder).segments()) == 1
    ledger.close()


@pytest.mark.parametrize("call", ["write", "fsync", "fdatasync", "replace", "allocate"])
def test_a_ledger_that_cannot_note_its_start_does_not_open(lab, breaker, call):
    breaker.broken = {call: errno.ENOSPC}
    with pytest.raises(LedgerError):
        lab.open(disk=breaker.disk())
    lab.open().close()
    assert verify(lab.folder).outcome is Outcome.INTACT


SMALL_DISK = """
import json, sys, time
from pathlib import Path
from recorder.checkpoint import SigningKey
from recorder.ledger import Ledger, LedgerError
from recorder.verify import verify

folder = Path(sys.argv[1]) / "ledger"
ledger = Ledger.open(folder, origin="o/2026", key=SigningKey.generate(), boot="b",
                     clock=lambda: (time.time_ns() // 1000, time.monotonic_ns() // 1000))
try:
    while True:
        acknowledged = ledger.append([{"type": "a", "pad": "x" * 5000}] * 3)
        ledger.sync()
except LedgerError as error:
    reason = str(error)
ended = [{"type": "session.ended", "session": str(n), "pad": "y" * 200} for n in range(400)]
last = ledger.append_last_words(ended)
ledger.close()
report = verify(folder)
print(json.dumps([reason, acknowledged, last, report.leaves, report.signed, int(report.outcome)]))
"""


def test_on_a_disk_that_is_really_full_the_end_of_400_sessions_is_written(tmp_path):
    script = f'mount -t tmpfs -o size=2m none {tmp_path} && exec "$@"'
    command = ["unshare", "-Urm", "sh", "-c", script, "sh", sys.executable, "-c", SMALL_DISK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    reason, acknowledged, last, leaves, signed, outcome = json.loads(done.stdout)
    assert "No space left" in reason or "bytes were written" in reason
    assert last == acknowledged + 401
    assert (leaves, signed, outcome) == (last + 1, last + 1, 0)
