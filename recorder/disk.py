"""The disk as the ledger uses it: a few system calls, injectable, and whole-file writes."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from errno import EDQUOT, EIO, ENOSPC
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Disk:
    """The system calls by which evidence reaches the disk; a test replaces one to make it fail."""

    write: Callable[[int, bytes], int] = os.write
    fdatasync: Callable[[int], None] = os.fdatasync
    fsync: Callable[[int], None] = os.fsync
    replace: Callable[[Path, Path], None] = os.replace
    truncate: Callable[[int, int], None] = os.ftruncate
    allocate: Callable[[int, int, int], None] = os.posix_fallocate

    def write_all(self, descriptor: int, data: bytes) -> None:
        """One write(2) of everything; a short one is an OSError."""
        written = self.write(descriptor, data)
        if written != len(data):
            raise ShortWriteError(EIO, f"only {written} of {len(data)} bytes were written")

    def sync_data(self, descriptor: int) -> None:
        """fdatasync(2); SyncError when it fails, which must never be tried again."""
        try:
            self.fdatasync(descriptor)
        except OSError as error:
            raise SyncError(error.errno, f"fdatasync: {error.strerror}") from error

    def sync_file(self, descriptor: int) -> None:
        """fsync(2); SyncError when it fails."""
        try:
            self.fsync(descriptor)
        except OSError as error:
            raise SyncError(error.errno, f"fsync: {error.strerror}") from error

    def put(self, path: Path, data: bytes, *, durable: bool = True) -> None:
        """Replace the whole file: draft, fsync, rename, fsync of the folder. Mode 0600."""
        draft = path.with_name(f".{path.name}.draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            self.write_all(descriptor, data)
            if durable:
                self.sync_file(descriptor)
        finally:
            os.close(descriptor)
        self.replace(draft, path)
        if durable:
            self.sync_folder(path.parent)

    def sync_folder(self, folder: Path) -> None:
        """Make names that were made, renamed or removed in `folder` durable."""
        self.sync_path(folder)

    def sync_path(self, path: Path) -> None:
        """Make what a file holds durable."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.sync_file(descriptor)
        finally:
            os.close(descriptor)

    def cut(self, path: Path, size: int) -> None:
        """Cut a file to `size` bytes, durably."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            self.truncate(descriptor, size)
            self.sync_file(descriptor)
        finally:
            os.close(descriptor)

    def reserve(self, path: Path, size: int) -> None:
        """Hold `size` bytes of the file system in a file that can be given up when it is full."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self.allocate(descriptor, 0, size)
        finally:
            os.close(descriptor)


class ShortWriteError(OSError):
    """write(2) took fewer bytes than it was given; the file now ends within a record."""


class SyncError(OSError):
    """fsync or fdatasync failed: what was written before it may be lost, and no retry can tell."""


def is_full(error: OSError) -> bool:
    """Whether it was only space that lacked, so that giving some up lets a last write through."""
    if isinstance(error, SyncError):
        return False
    return isinstance(error, ShortWriteError) or error.errno in {ENOSPC, EDQUOT}
