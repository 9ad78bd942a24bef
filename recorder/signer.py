"""Writing checkpoints: the history first, then the file `checkpoint`, then the restart hint.

Not safe for threads; the ledger guards it. The leaves under a checkpoint are durable before it is
signed: a signed size that a power cut could take back would look like tampering.
"""

from __future__ import annotations

import os

from recorder.appender import Snapshot
from recorder.checkpoint import Checkpoint, SigningKey
from recorder.disk import Disk
from recorder.history import Signed, line_of
from recorder.layout import Layout
from recorder.recovery import hint


class Signer:
    """Owns the history file. `size` is the number of leaves under the newest checkpoint."""

    def __init__(
        self, layout: Layout, signed: Signed | None, key: SigningKey, origin: str, disk: Disk
    ) -> None:
        self._layout, self._key, self._origin, self._disk = layout, key, origin, disk
        self.size = signed.checkpoint.size if signed else 0
        self._n = signed.n + 1 if signed else 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(layout.history, flags, 0o600)
        self._offset = os.fstat(self._file).st_size

    def sign(self, moment: Snapshot) -> None:
        """Write a checkpoint of this moment durably, unless it is signed already. Raises OSError."""
        if moment.tree.size == self.size:
            return
        note = self._key.sign(Checkpoint(self._origin, moment.tree.size, moment.tree.root()))
        line = line_of(self._n, moment.t, note)
        self._disk.write_all(self._file, line)
        self._disk.sync_data(self._file)
        self._disk.put(self._layout.checkpoint, note)
        self.size, self._n, self._offset = moment.tree.size, self._n + 1, self._offset + len(line)
        frontier = hint(moment.tree, moment.segment, moment.offset)
        self._disk.put(self._layout.frontier, frontier, durable=False)

    def mend(self) -> None:
        """Cut what a failed write left behind the last whole line."""
        self._disk.truncate(self._file, self._offset)

    def close(self) -> None:
        """Close the history. Idempotent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
