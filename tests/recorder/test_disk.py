"""Rules of recorder.disk."""

import errno
import os
import stat

import pytest

from recorder.disk import Disk, ShortWriteError, SyncError, is_full


def fails(code):
    def call(*arguments):
        raise OSError(code, os.strerror(code))

    return call


def test_a_file_is_replaced_whole_with_mode_0600(tmp_path):
    path = tmp_path / "checkpoint"
    for content in (b"first", b"2nd"):
        Disk().put(path, content)
        assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in tmp_path.iterdir()] == ["checkpoint"]


def test_a_replacement_is_durable_before_it_has_the_name(tmp_path):
    calls = []
    disk = Disk(
        fsync=lambda fd: calls.append("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file"),
        replace=lambda old, new: calls.append("rename") or old.replace(new),
    )
    disk.put(tmp_path / "checkpoint", b"x")
    assert calls == ["file", "rename", "folder"]


def test_a_failed_fsync_keeps_the_old_file(tmp_path):
    path = tmp_path / "checkpoint"
    path.write_bytes(b"old")
    with pytest.raises(SyncError):
        Disk(fsync=fails(errno.EIO)).put(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_short_write_is_an_error(tmp_path):
    disk = Disk(write=lambda fd, data: os.write(fd, data[:2]))
    with pytest.raises(ShortWriteError):
        disk.put(tmp_path / "x", b"data")


def test_only_a_lack_of_space_in_a_write_is_full():
    assert is_full(OSError(errno.ENOSPC, ""))
    assert is_full(OSError(errno.EDQUOT, ""))
    assert is_full(ShortWriteError(errno.EIO, ""))
    assert not is_full(OSError(errno.EIO, ""))
    assert not is_full(SyncError(errno.ENOSPC, ""))


def test_a_failed_fdatasync_is_a_sync_error_whatever_its_number(tmp_path):
    with pytest.raises(SyncError):
        Disk(fdatasync=fails(errno.ENOSPC)).sync_data(0)


def test_the_reserve_takes_its_space(tmp_path):
    path = tmp_path / "reserve"
    Disk().reserve(path, 65536)
    Disk().reserve(path, 65536)
    assert path.stat().st_size == 65536
    assert path.stat().st_blocks * 512 >= 65536
