"""Group commit: one fdatasync carries every leaf that was appended before it.

    append ──▶ write(2), at once, in order          durable ──▶ waits for the next fdatasync

A ledger that failed once is dead for good: every later call raises, `failed` is set, and the house
severs its sessions. A disk that hangs for longer than `deadline` seconds has failed too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Protocol

CHECKPOINT_LEAVES = 256
CHECKPOINT_SECONDS = 1.0


class EvidenceError(Exception):
    """Nothing can be recorded, so nothing may happen."""


class Writer(Protocol):
    """What the journal needs of `recorder.ledger.Ledger`."""

    @property
    def size(self) -> int:
        """Leaves appended."""

    @property
    def dead(self) -> str:
        """Why nothing more can be written; empty while alive."""

    def append(self, events: Sequence[Mapping[str, Any]]) -> int:
        """Write a batch; the sequence number of its last leaf."""

    def append_last_words(self, events: Sequence[Mapping[str, Any]]) -> object:
        """Write into the space kept free for the end."""

    def sync(self) -> None:
        """Make it durable (fdatasync)."""

    def checkpoint(self) -> None:
        """Sign and store the tree's head."""

    def close(self) -> None:
        """Final checkpoint."""


class Journal:
    """The one writer of the ledger in this process. `run` must be running for `durable` to return."""

    def __init__(self, ledger: Writer, *, faults: tuple[type[Exception], ...], deadline: float = 5.0) -> None:
        self._ledger, self._deadline = ledger, deadline
        self._faults: tuple[type[Exception], ...] = (TimeoutError, *faults)
        self._pool = ThreadPoolExecutor(1, "ledger")
        self._appended = ledger.size - 1
        self._synced = ledger.size - 1
        self._signed = ledger.size - 1
        self._wanted = asyncio.Event()
        self._moved = asyncio.Condition()
        self.failed = asyncio.Event()
        self.why = ""

    def append(self, leaves: Sequence[Mapping[str, Any]]) -> int:
        """Append a batch in one write(2); raises EvidenceError.

        A batch that is unfit for the ledger fails its own session, not the house.
        """
        if self.why:
            raise EvidenceError(self.why)
        try:
            self._appended = self._ledger.append(leaves)
        except self._faults as error:
            if self._ledger.dead:
                self._fail(error)
            raise EvidenceError(str(error)) from error
        self._wanted.set()
        return self._appended

    async def durable(self, seq: int) -> None:
        """Wait until leaf `seq` is on the disk; raises EvidenceError."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._synced >= seq or bool(self.why))
        if self._synced < seq:
            raise EvidenceError(self.why)

    def last_words(self, leaves: Sequence[Mapping[str, Any]]) -> bool:
        """After a failure: use the space kept free for the end. Whether it worked."""
        try:
            self._ledger.append_last_words(leaves)
        except self._faults:
            return False
        return True

    async def run(self) -> None:
        """Sync and sign until cancelled or failed."""
        loop = asyncio.get_running_loop()
        signed_at = loop.time()
        while not self.why:
            if self._synced == self._signed:
                await self._wanted.wait()
            else:
                await self._wait(signed_at + CHECKPOINT_SECONDS - loop.time())
            self._wanted.clear()
            target = self._appended
            try:
                if target > self._synced:
                    await self._on_disk(self._ledger.sync)
                    self._synced = target
                    async with self._moved:
                        self._moved.notify_all()
                due = loop.time() >= signed_at + CHECKPOINT_SECONDS
                if self._synced > self._signed and (due or self._synced - self._signed >= CHECKPOINT_LEAVES):
                    covers = self._synced
                    await self._on_disk(self._ledger.checkpoint)
                    self._signed, signed_at = covers, loop.time()
            except self._faults as error:
                self._fail(error)
        async with self._moved:
            self._moved.notify_all()

    async def close(self) -> None:
        """Sync and sign what is left. Call after `run` has ended."""
        try:
            if not self.why:
                await self._on_disk(self._ledger.close)
        except self._faults as error:
            self._fail(error)
        self._pool.shutdown(wait=False)

    async def _on_disk(self, act: Any) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._deadline):
            await loop.run_in_executor(self._pool, act)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._wanted.wait()

    def _fail(self, error: Exception) -> None:
        self.why = f"the ledger cannot be written: {error or type(error).__name__}"
        self.failed.set()
        self._wanted.set()
