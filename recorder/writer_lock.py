"""The writer's lock: one process at a time may write a ledger (flock, ends with it)."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

_TRIES = 20
_PAUSE = 0.05


class LockedError(Exception):
    """Another process holds the lock."""


class WriterLock:
    """Holds an exclusive flock on a file until released or until the process ends."""

    def __init__(self, path: Path) -> None:
        """Take it. Waits up to a second, because a reader that looks for a writer holds it for an instant.

        Raises LockedError, or OSError.
        """
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        for attempt in range(_TRIES):
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if attempt < _TRIES - 1:
                    time.sleep(_PAUSE)
            else:
                return
        self.release()
        raise LockedError("another process is writing this ledger")

    def release(self) -> None:
        """Let go. Idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
