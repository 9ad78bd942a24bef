"""A container's log: what PID 1 writes, line by line with its time, for the log endpoint."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from bastion.demo import clock

_LINES = 5000
_LONGEST = 16 * 1024


@dataclass(frozen=True, slots=True)
class LogOptions:
    """PodLogOptions. `tail` None is all; `since` drops what is older; `limit` is in bytes."""

    follow: bool = False
    timestamps: bool = False
    tail: int | None = None
    since: datetime | None = None
    limit: int | None = None


class ContainerLog:
    """Reads a pipe into a bounded list of lines. Owns the reading end; `writer` is PID 1's."""

    def __init__(self) -> None:
        self._lines: deque[tuple[int, datetime, bytes]] = deque(maxlen=_LINES)
        self._count = 0
        self._partial = bytearray()
        self._changed = asyncio.Event()
        self._pipe, self.writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._pipe, False)
        asyncio.get_running_loop().add_reader(self._pipe, self._readable)

    @property
    def closed(self) -> bool:
        """Whether PID 1 and all that shared its output are gone."""
        return self._pipe < 0

    def started(self) -> None:
        """PID 1 has its own copy of `writer`: give up ours, so that the end can be seen."""
        os.close(self.writer)
        self.writer = -1

    def close(self) -> None:
        """Stop reading."""
        if self._pipe >= 0:
            asyncio.get_running_loop().remove_reader(self._pipe)
            os.close(self._pipe)
        if self.writer >= 0:
            os.close(self.writer)
        self._pipe = self.writer = -1
        self._tell()

    def add(self, data: bytes) -> None:
        """Take in output as it comes; a line without an end waits, up to 16 KiB."""
        self._partial += data
        *lines, rest = bytes(self._partial).split(b"\n")
        moment = clock.now()
        while len(rest) > _LONGEST:
            lines.append(rest[:_LONGEST])
            rest = rest[_LONGEST:]
        self._partial = bytearray(rest)
        for line in lines:
            self._count += 1
            self._lines.append((self._count, moment, line))
        if lines:
            self._tell()

    def text(self) -> str:
        """All of it, for a message about a container that did not start."""
        return " ".join(line.decode("utf-8", "replace") for _, _, line in self._lines)

    async def read(self, options: LogOptions) -> AsyncIterator[bytes]:
        """Lines with their ends, as asked; with `follow`, until the container is gone."""
        chosen = [entry for entry in self._lines if options.since is None or entry[1] >= options.since]
        if options.tail is not None:
            chosen = chosen[max(0, len(chosen) - options.tail) :]
        seen, left = self._count, options.limit
        while True:
            for _, moment, line in chosen:
                stamp = clock.nanos(moment).encode() + b" " if options.timestamps else b""
                whole = (stamp + line + b"\n")[:left]
                if left is not None:
                    left -= len(whole)
                yield whole
                if left == 0:
                    return
            if not options.follow or (self.closed and seen == self._count):
                return
            changed = self._changed
            if seen == self._count:
                await changed.wait()
            chosen = [entry for entry in self._lines if entry[0] > seen]
            seen = self._count

    def _readable(self) -> None:
        try:
            data = os.read(self._pipe, 65_536)
        except BlockingIOError:
            return
        if data:
            self.add(data)
        else:
            self.close()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
