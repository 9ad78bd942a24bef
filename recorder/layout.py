"""The folder of one ledger: which file is which, how segments are named, who writes.

ledger/
  entries/000000000000.log    leaves, a line each (framing); named by the first one's seq
  checkpoints.log             every checkpoint, a line {"n","note","t"} each
  checkpoint                  the newest signed note, for anchors and people
  ledger.vkey                 the public key that verifies it
  frontier                    a hint that spares a restart the reading of all leaves; no evidence
  reserve                     space given up when the disk is full
  torn/                       tails that a crash cut, kept as they were found
  lock                        held by the writer
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SEGMENT = re.compile(r"([0-9]{12})\.log")


@dataclass(frozen=True, slots=True)
class Layout:
    """Names within the folder of one ledger."""

    folder: Path

    @property
    def entries(self) -> Path:
        """The folder of the segments."""
        return self.folder / "entries"

    @property
    def history(self) -> Path:
        """Every checkpoint."""
        return self.folder / "checkpoints.log"

    @property
    def checkpoint(self) -> Path:
        """The newest checkpoint."""
        return self.folder / "checkpoint"

    @property
    def verifier(self) -> Path:
        """The public key."""
        return self.folder / "ledger.vkey"

    @property
    def frontier(self) -> Path:
        """The restart hint."""
        return self.folder / "frontier"

    @property
    def reserve(self) -> Path:
        """The space that is given up when the disk is full."""
        return self.folder / "reserve"

    @property
    def torn(self) -> Path:
        """The folder of cut tails."""
        return self.folder / "torn"

    @property
    def lock(self) -> Path:
        """The writer's lock."""
        return self.folder / "lock"

    def segment(self, first: int) -> Path:
        """The segment whose first leaf is number `first`."""
        return self.entries / f"{first:012d}.log"

    def segments(self) -> list[tuple[int, Path]]:
        """All segments as (number of the first leaf, path), in order; empty when there is no folder."""
        try:
            names = [path.name for path in self.entries.iterdir()]
        except FileNotFoundError:
            return []
        found = ((_SEGMENT.fullmatch(name), name) for name in names)
        return sorted((int(match[1]), self.entries / name) for match, name in found if match)

    def origin(self) -> str:
        """The name in the verifier key beside the ledger; empty when there is none."""
        if not self.verifier.is_file():
            return ""
        return self.verifier.read_bytes()[:1024].split(b"+")[0].decode("ascii", "replace")

    def exists(self) -> bool:
        """Whether this folder is a ledger, whole or not."""
        parts = (self.entries, self.history, self.checkpoint, self.verifier)
        return any(part.exists() for part in parts)

    def has_writer(self) -> bool:
        """Whether a process holds the writer's lock. Looking takes it for an instant."""
        try:
            descriptor = os.open(self.lock, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False


def ledgers(folder: Path) -> Iterator[Layout]:
    """The ledgers in `folder`: itself, or those in its `ledger` folder or one level below either."""
    for base in (folder, folder / "ledger"):
        if Layout(base).exists():
            yield Layout(base)
            return
    for base in (folder / "ledger", folder):
        below = [Layout(path) for path in sorted(base.iterdir()) if path.is_dir()] if base.is_dir() else []
        found = [layout for layout in below if layout.exists()]
        if found:
            yield from found
            return
