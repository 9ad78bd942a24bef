r"""Lines on disk: checksum, canonical JSON, newline; and what a torn tail looks like.

    3f0a9c51be77d204 {"boot":"…","seq":0,…}\n

The checksum is the first 8 bytes of the record's Merkle leaf hash, in hex. Canonical JSON holds
no raw control character, so a newline ends a record and a NUL byte is never part of one. Thus
the two ways in which a crash can leave the end of a file are told from a changed record:

* cut short: the file ends without a newline (the process died in write(2));
* a hole: zeros from one sector border to another or to the end of the file (power was lost
  before the data of an already grown file reached the disk).

A line that ends in its newline and does not fit its checksum is neither. It is an altered record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from recorder.merkle import leaf_hash

MAX_RECORD = 16 * 1024
PREFIX = 17
MAX_LINE = PREFIX + MAX_RECORD + 1
SECTOR = 512
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """A complete record: its bytes, their Merkle leaf hash and the line's place in its file."""

    data: bytes
    hash: bytes
    offset: int

    @property
    def end(self) -> int:
        """The offset of the byte after the line."""
        return self.offset + PREFIX + len(self.data) + 1


@dataclass(frozen=True, slots=True)
class Bad:
    """What stands at `offset` is no record: `torn` when a crash explains it, else it was altered."""

    offset: int
    torn: bool
    why: str


def frame(data: bytes) -> tuple[bytes, bytes]:
    """The line of a record (at most MAX_RECORD bytes without control characters) and its leaf hash."""
    digest = leaf_hash(data)
    return digest[:8].hex().encode() + b" " + data + b"\n", digest


def records(path: Path, offset: int = 0, end: int | None = None) -> Iterator[Record | Bad]:
    """The records of a file from `offset` (a line's start) up to `end` or its present end.

    A Bad, if any, comes last. Bytes that a running writer adds meanwhile may be seen or not.
    Raises OSError.
    """
    with path.open("rb") as file:
        limit = file.seek(0, 2) if end is None else end
        file.seek(offset)
        while offset < limit:
            line = file.readline(min(MAX_LINE, limit - offset))
            record = _record(line, offset)
            if record is None:
                yield _judge(file, line, offset, limit)
                return
            yield record
            offset = record.end


def last_records(path: Path, count: int) -> list[Record | Bad]:
    """Up to `count` of the last complete records of a file, oldest first, and a Bad end if any."""
    span = MAX_LINE * (count + 1)
    with path.open("rb") as file:
        start = max(0, file.seek(0, 2) - span)
        if start:
            file.seek(start)
            start += len(file.readline(span))
    found = list(records(path, start))
    complete = [item for item in found if isinstance(item, Record)][-count:]
    return [*complete, *(item for item in found if isinstance(item, Bad))]


def _record(line: bytes, offset: int) -> Record | None:
    if len(line) <= PREFIX + 1 or line[-1:] != b"\n" or line[PREFIX - 1 : PREFIX] != b" ":
        return None
    data = line[PREFIX:-1]
    digest = leaf_hash(data)
    if digest[:8].hex().encode() != line[: PREFIX - 1]:
        return None
    return Record(data, digest, offset)


def _judge(file: BinaryIO, line: bytes, offset: int, limit: int) -> Bad:
    """Tell a torn end from an altered record. `line` is what was read at `offset`."""
    if line[-1:] != b"\n" and offset + len(line) == limit and len(line) < MAX_LINE and b"\0" not in line:
        return Bad(offset, torn=True, why="the file ends within a record")
    start = line.find(b"\0")
    if start >= 0 and _is_hole(file, offset + start, limit):
        return Bad(offset, torn=True, why="the file holds a gap of zeros that was never written")
    return Bad(offset, torn=False, why="the record does not fit its checksum")


def _is_hole(file: BinaryIO, start: int, limit: int) -> bool:
    """Whether the zeros at `start` reach to the end of the file or lie between sector borders."""
    file.seek(start)
    position = start
    while position < limit:
        block = file.read(min(_BLOCK, limit - position))
        rest = block.lstrip(b"\0")
        if rest:
            position += len(block) - len(rest)
            return start % SECTOR == 0 and position % SECTOR == 0
        position += len(block)
    return True


def next_line(path: Path, offset: int) -> int | None:
    """The offset after the next newline at or behind `offset`; None when there is none."""
    with path.open("rb") as file:
        file.seek(offset)
        while block := file.read(_BLOCK):
            at = block.find(b"\n")
            if at >= 0:
                return offset + at + 1
            offset += len(block)
    return None
