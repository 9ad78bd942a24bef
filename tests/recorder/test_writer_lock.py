"""Rules of recorder.writer_lock."""

import fcntl
import os
import threading

import pytest

from recorder.writer_lock import LockedError, WriterLock


def test_a_lock_is_held_until_it_is_released(tmp_path):
    lock = WriterLock(tmp_path / "lock")
    with pytest.raises(LockedError):
        WriterLock(tmp_path / "lock")
    lock.release()
    lock.release()
    WriterLock(tmp_path / "lock").release()


def test_a_reader_that_looks_for_an_instant_does_not_keep_a_writer_out(tmp_path):
    path = tmp_path / "lock"
    path.touch()
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    timer = threading.Timer(0.1, os.close, [descriptor])
    timer.start()
    WriterLock(path).release()
    timer.join()


def test_the_lock_of_a_start_that_failed_is_released(lab):
    lab.write(3)
    (lab.folder / "checkpoint").rename(lab.home / "kept")
    from recorder.ledger import LedgerError

    with pytest.raises(LedgerError, match="missing"):
        lab.open()
    (lab.home / "kept").rename(lab.folder / "checkpoint")
    lab.open().close()
