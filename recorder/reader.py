"""Reading leaves: streamed, found by number, time, session, type; also beside a writer.

Reading checks each line's checksum and form, no roots and signatures: that is what verify does.
Memory is bounded by one leaf. A torn or still growing tail ends the stream without an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from recorder.framing import Record, records
from recorder.layout import Layout
from recorder.leaf import Leaf, LeafError, read


class ReaderError(Exception):
    """A leaf cannot be read: which, in which file, at which byte, and why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf and where it stands: segment file, byte offset of its line, canonical bytes."""

    leaf: Leaf
    path: Path
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Query:
    """Which leaves: ledger time in [start, end) Unix microseconds, session, types; empty is any."""

    start: int | None = None
    end: int | None = None
    session: str = ""
    types: frozenset[str] = field(default_factory=frozenset)

    def matches(self, leaf: Leaf) -> bool:
        """Whether the leaf is one of those asked for."""
        return (
            (self.start is None or leaf.t >= self.start)
            and (self.end is None or leaf.t < self.end)
            and (not self.session or leaf.session == self.session)
            and (not self.types or leaf.type in self.types)
        )


def entries(folder: Path, start: int = 0) -> Iterator[Entry]:
    """All leaves of the ledger in `folder` from number `start` on, in order.

    Raises ReaderError at the first line that was altered; OSError.
    """
    layout = Layout(folder)
    yield from _from_segment(layout, _segment_index(layout, lambda first: first <= start), start)


def select(folder: Path, query: Query) -> Iterator[Entry]:
    """The leaves that a query asks for, in order. Finds the beginning of a time window by halving.

    Raises ReaderError, OSError.
    """
    layout, since = Layout(folder), query.start
    index = 0 if since is None else _segment_index(layout, lambda first: _time_of(layout, first) < since)
    for entry in _from_segment(layout, index, 0):
        if query.end is not None and entry.leaf.t >= query.end:
            return
        if query.matches(entry.leaf):
            yield entry


def leaf(folder: Path, seq: int) -> Entry | None:
    """Leaf number `seq`, or None when the ledger does not reach that far. Raises ReaderError."""
    return next((entry for entry in entries(folder, seq) if entry.leaf.seq == seq), None)


def _from_segment(layout: Layout, index: int, start: int) -> Iterator[Entry]:
    segments = layout.segments()
    for position, (first, path) in enumerate(segments[index:], index):
        for seq, item in enumerate(records(path), first):
            if isinstance(item, Record):
                if seq >= start:
                    yield _entry(item, path, seq)
            elif item.torn and position == len(segments) - 1:
                return
            else:
                raise ReaderError(f"leaf {seq} ({path.name} at byte {item.offset}): {item.why}")


def _entry(item: Record, path: Path, seq: int) -> Entry:
    try:
        content = read(item.data)
    except LeafError as error:
        raise ReaderError(f"leaf {seq} ({path.name} at byte {item.offset}): {error}") from None
    if content.seq != seq:
        raise ReaderError(f"leaf {seq} ({path.name} at byte {item.offset}): it says it is leaf {content.seq}")
    return Entry(content, path, item.offset, item.data)


def _segment_index(layout: Layout, before: Callable[[int], bool]) -> int:
    """The last segment for whose first leaf `before` holds (it holds for a first part of them)."""
    segments = layout.segments()
    low, high = 0, len(segments)
    while high - low > 1:
        middle = (low + high) // 2
        if before(segments[middle][0]):
            low = middle
        else:
            high = middle
    return low


def _time_of(layout: Layout, first: int) -> int:
    """The ledger time of a segment's first leaf; an empty segment lies in the future."""
    path = layout.segment(first)
    for item in records(path):
        if isinstance(item, Record):
            return _entry(item, path, first).leaf.t
        break
    return 2**63
