"""Appending leaves: stamps events, writes a batch at once, rolls segments, grows the tree.

Not safe for threads; the ledger guards it. When a call raises OSError the file may end within a
record; `mend` cuts it back to the last whole batch.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from recorder.canonical import JSON
from recorder.disk import Disk
from recorder.framing import frame
from recorder.layout import Layout
from recorder.leaf import Stamp, build
from recorder.merkle import Tree
from recorder.recovery import Found

Clock = Callable[[], tuple[int, int]]
"""(Unix microseconds, monotonic microseconds)"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment of the log: its tree, ledger time, and where its last segment ended."""

    tree: Tree
    t: int
    segment: int
    offset: int


class Appender:
    """Owns the open segment. `size` is the number of leaves written."""

    def __init__(
        self, layout: Layout, found: Found, disk: Disk, *, clock: Clock, boot: str, segment_leaves: int
    ) -> None:
        self._layout, self._disk = layout, disk
        self._clock, self._boot, self._segment_leaves = clock, boot, segment_leaves
        self._tree, self._t = found.tree, found.t
        self._segment, self._offset = found.segment, found.offset
        self._retired: list[int] = []
        self._file = self._create(found.segment)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._tree.size

    @property
    def file(self) -> int:
        """The descriptor of the open segment; older segments are durable already."""
        return self._file

    def append(self, events: Sequence[Mapping[str, JSON]]) -> None:
        """Write the events as leaves in one write(2).

        Raises LeafError before anything is written, or OSError.
        """
        lines, hashes, t = self._lines(events)
        if self._tree.size - self._segment >= self._segment_leaves:
            self._roll()
        self._disk.write_all(self._file, b"".join(lines))
        for digest in hashes:
            self._tree.append(digest)
        self._t = t
        self._offset += sum(map(len, lines))

    def snapshot(self) -> Snapshot:
        """This moment; what is appended later leaves it as it is."""
        return Snapshot(self._tree.copy(), self._t, self._segment, self._offset)

    def mend(self) -> None:
        """Cut what a failed write left behind the last whole batch."""
        self._disk.truncate(self._file, self._offset)

    def close_retired(self) -> None:
        """Close older segments; the caller knows that no thread uses them any more."""
        while self._retired:
            os.close(self._retired.pop())

    def close(self) -> None:
        """Close all files. Idempotent."""
        self.close_retired()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _lines(self, events: Sequence[Mapping[str, JSON]]) -> tuple[list[bytes], list[bytes], int]:
        wall, mono = self._clock()
        t = max(self._t, wall)
        lines, hashes = [], []
        for seq, event in enumerate(events, self._tree.size):
            line, digest = frame(build(event, Stamp(seq, t, wall, mono, self._boot)))
            lines.append(line)
            hashes.append(digest)
        return lines, hashes, t

    def _roll(self) -> None:
        """Begin a segment. The old one is made durable first: only the last one can ever be torn."""
        self._disk.sync_data(self._file)
        fresh = self._create(self._tree.size)
        self._retired.append(self._file)
        self._file, self._segment, self._offset = fresh, self._tree.size, 0

    def _create(self, first: int) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self._layout.segment(first), flags, 0o600)
        try:
            self._disk.sync_folder(self._layout.entries)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor
