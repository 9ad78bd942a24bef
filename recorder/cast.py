"""Recordings in files: `Recording` appends, `Reader` reads also what is torn, `repair` mends a tail.

A write(2) has returned before any method of Recording returns, and the caller delivers only after
that; so a killed process loses nothing that was delivered. A power cut may lose what was written
since the last fsync, which the ledger's progress leaves then show.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Self

from recorder.asciicast import (
    EXIT,
    MARKER,
    RESIZE,
    STREAMS,
    CastError,
    Encoder,
    Event,
    Gap,
    Header,
    Stream,
    decode_event,
    decode_header,
)

CUT_LABEL: Final = "recording was cut here"
LINE_MAX: Final = 16 * 1024 * 1024
"""Bytes of one line that a reader holds; a longer one is a gap."""
_HEADER_MAX: Final = 1024 * 1024
_TAIL_BLOCK: Final = 64 * 1024


class Recording:
    """One asciicast v3 file that is being written; the only writer of it.

    After the first OSError it refuses everything with OSError: the session must end. It never
    retries and never buffers. Nothing here is asynchronous: each call is one write(2).
    """

    def __init__(self, path: Path, fd: int, encoder: Encoder) -> None:
        self.path = path
        self._fd = fd
        self._encoder = encoder
        self._size = 0
        self._hash = hashlib.sha256()
        self._streams = {stream: (0, hashlib.sha256()) for stream in STREAMS}
        self._failed = self._closed = False

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        term: tuple[int, int, str],
        wall: int,
        at: float,
        title: str = "",
        command: str = "",
        env: Mapping[str, str] | None = None,
        tags: tuple[str, ...] = (),
        pty: bool = True,
    ) -> Self:
        """Create the file (it must not exist; 0600) and write its header.

        `term` is (cols, rows, type); `wall` is Unix seconds; `at` is the monotonic clock's time of
        the start, in seconds, the clock of every later `at`. Raises OSError.
        """
        header = Header(*term, wall, title, command, dict(env or {}), tags, pty=pty)
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        recording = cls(path, fd, Encoder(header, at))
        try:
            recording._append(recording._encoder.header())
        except OSError:
            recording.close()
            raise
        return recording

    @property
    def size(self) -> int:
        """Bytes written, whole lines only."""
        return self._size

    @property
    def delivered(self) -> dict[Stream, tuple[int, str]]:
        """Per stream the exact bytes given to `output`: how many, and their sha256 in hex."""
        return {stream: (size, digest.hexdigest()) for stream, (size, digest) in self._streams.items()}

    def digest(self) -> str:
        """The sha256 of the first `size` bytes of the file, in hex."""
        return self._hash.hexdigest()

    def output(self, at: float, data: bytes, stream: Stream = "out") -> None:
        """Append bytes that are about to be delivered; deliver them only when this returned.

        Raises OSError when they could not be written whole; then they must not be delivered.
        """
        self._append(self._encoder.output(at, data, stream))
        size, digest = self._streams[stream]
        digest.update(data)
        self._streams[stream] = (size + len(data), digest)

    def resize(self, at: float, cols: int, rows: int) -> None:
        """Append a new terminal size. Raises OSError."""
        self._append(self._encoder.event(at, RESIZE, f"{cols}x{rows}"))

    def marker(self, at: float, label: str) -> None:
        """Append a marker (`kind: text`, see recorder.marks). Raises OSError."""
        self._append(self._encoder.event(at, MARKER, label))

    def exit(self, at: float, status: int) -> None:
        """Append the exit status, the recording's last event. Raises OSError."""
        self._append(self._encoder.flush(at) + self._encoder.event(at, EXIT, str(status)))

    def close(self) -> None:
        """Sync the file and its folder to the disk, and close; again it does nothing. Raises OSError."""
        if self._closed:
            return
        self._closed = True
        try:
            if not self._failed:
                os.fsync(self._fd)
                _sync_folder(self.path.parent)
        finally:
            os.close(self._fd)

    def _append(self, lines: bytes) -> None:
        if self._failed or self._closed:
            raise OSError(errno.EBADF, "the recording has failed or is closed", str(self.path))
        self._failed = True
        written = os.write(self._fd, lines) if lines else 0
        if written != len(lines):
            with contextlib.suppress(OSError):  # the torn line stays then, and a reader shows it as a gap
                os.ftruncate(self._fd, self._size)
            raise OSError(errno.ENOSPC, "short write to the recording", str(self.path))
        self._failed = False
        self._size += written
        self._hash.update(lines)


class Reader:
    """A recording that is read, also while it grows; holds one line at a time."""

    def __init__(self, path: Path) -> None:
        """Open and read the header. Raises OSError, or CastError for a file of another kind."""
        with path.open("rb") as file:
            first = file.readline(_HEADER_MAX)
        if not first.endswith(b"\n"):
            raise CastError(
                "not an asciicast: the file is empty" if not first else "its header is torn or too long"
            )
        self.path = path
        self.header: Header = decode_header(first)
        self.start: int = len(first)

    def events(self, offset: int = 0, at: float = 0.0) -> Iterator[Event | Gap]:
        """Every event from byte `offset` on (0: the first), `at` being the time of the one before it.

        A line that is no event is a Gap and reading goes on. Raises OSError.
        """
        with self.path.open("rb") as file:
            offset = file.seek(offset or self.start)
            while line := file.readline(LINE_MAX):
                if len(line) == LINE_MAX and not line.endswith(b"\n"):
                    end = _skip_line(offset + len(line), file)
                    found: Event | Gap | None = Gap(at, offset, end, f"a line over {LINE_MAX} bytes")
                else:
                    end = offset + len(line)
                    found = decode_event(line, at, offset)
                offset = end
                if found is not None:
                    at = found.at
                    yield found


@dataclass(frozen=True, slots=True)
class Repaired:
    """What `repair` did: bytes cut from the end, whether a marker was appended, and the new size."""

    cut: int
    marked: bool
    size: int


def repair(path: Path) -> Repaired:
    """Cut the torn last line of a recording whose writer died, and mark the place; fsync'd.

    A recording that ends in an exit event or in this marker already is left as it is, so a second
    call changes nothing. Bytes before the cut are never touched: earlier digests stay true. A file
    whose header is torn holds nothing that was delivered, and is left too. Call it only when no
    writer has the file. Raises OSError, or CastError when the first line is no header.
    """
    with path.open("rb") as file:
        if not file.readline(_HEADER_MAX).endswith(b"\n"):
            return Repaired(0, marked=False, size=path.stat().st_size)
    Reader(path)
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
    try:
        size = os.fstat(fd).st_size
        keep, last = _last_line(fd, size)
        if keep != size:
            os.ftruncate(fd, keep)
        event = decode_event(last, 0.0)
        sealed = isinstance(event, Event) and (
            event.code == EXIT or (event.code, event.data) == (MARKER, CUT_LABEL)
        )
        if not sealed:
            line = b'[0.000, "m", "%b"]\n' % CUT_LABEL.encode()
            if os.write(fd, line) != len(line):
                raise OSError(errno.ENOSPC, "short write to the recording", str(path))
        os.fsync(fd)
        return Repaired(size - keep, not sealed, os.fstat(fd).st_size)
    finally:
        os.close(fd)


def _last_line(fd: int, size: int) -> tuple[int, bytes]:
    """Where the last whole line ends, and that line (empty when it is longer than a reader takes)."""
    keep = _after_newline(fd, size)
    begin = _after_newline(fd, keep - 1)
    return keep, os.pread(fd, keep - begin, begin) if keep - begin <= LINE_MAX else b""


def _after_newline(fd: int, end: int) -> int:
    """The place behind the last newline before `end`; 0 when there is none."""
    while end > 0:
        step = min(_TAIL_BLOCK, end)
        found = os.pread(fd, step, end - step).rfind(b"\n")
        if found >= 0:
            return end - step + found + 1
        end -= step
    return 0


def _skip_line(offset: int, file: BinaryIO) -> int:
    while piece := file.readline(_HEADER_MAX):
        offset += len(piece)
        if piece.endswith(b"\n"):
            break
    return offset


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
