"""Group commit: durable means synced; a failure is final; a hanging disk is a failure."""

import asyncio
import threading

import pytest

from bastion.relay.journal import EvidenceError, Journal


class DiskError(Exception):
    pass


class Writer:
    """A ledger whose disk can fail at the n-th append or sync, or hang."""

    def __init__(self, append_fails_at=None, sync_fails_at=None, hang=None):
        self.leaves, self.syncs, self.checkpoints, self.dead = [], [], 0, ""
        self._append_at, self._sync_at, self._hang = append_fails_at, sync_fails_at, hang
        self.words = []

    @property
    def size(self):
        return len(self.leaves)

    def append(self, events):
        if self._append_at is not None and len(self.leaves) >= self._append_at:
            self.dead = "full"
            raise DiskError("full")
        if any("unfit" in event for event in events):
            raise DiskError("unfit")
        self.leaves += events
        return len(self.leaves) - 1

    def append_last_words(self, events):
        self.words += events

    def sync(self):
        if self._hang:
            self._hang.wait(5)
        if self._sync_at is not None and len(self.syncs) >= self._sync_at:
            self.dead = "EIO"
            raise DiskError("EIO")
        self.syncs.append(len(self.leaves))

    def checkpoint(self):
        self.checkpoints += 1

    def close(self):
        pass


class Running:
    def __init__(self, writer, **more):
        self.journal = Journal(writer, faults=(DiskError,), **more)

    async def __aenter__(self):
        self._task = asyncio.ensure_future(self.journal.run())
        return self.journal

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.wait([self._task])


async def test_durable_returns_only_after_a_sync_that_covers_the_leaf():
    writer = Writer()
    async with Running(writer) as journal:
        seq = journal.append([{"type": "a"}, {"type": "b"}])
        await journal.durable(seq)
        assert writer.syncs[-1] >= 2


async def test_many_waiters_share_few_syncs():
    writer = Writer()
    async with Running(writer) as journal:
        await asyncio.gather(*(journal.durable(journal.append([{"type": "a"}])) for _ in range(300)))
    assert len(writer.leaves) == 300
    assert len(writer.syncs) < 30


async def test_a_failed_append_is_final():
    async with Running(Writer(append_fails_at=1)) as journal:
        journal.append([{"type": "a"}])
        with pytest.raises(EvidenceError):
            journal.append([{"type": "b"}])
        assert journal.failed.is_set()
        with pytest.raises(EvidenceError):
            journal.append([{"type": "c"}])


async def test_a_failed_sync_wakes_every_waiter_with_an_error():
    async with Running(Writer(sync_fails_at=0)) as journal:
        waits = [journal.durable(journal.append([{"type": "a"}])) for _ in range(5)]
        done = await asyncio.gather(*waits, return_exceptions=True)
    assert all(isinstance(one, EvidenceError) for one in done)


async def test_a_disk_that_hangs_is_a_failure():
    hang = threading.Event()
    try:
        async with Running(Writer(hang=hang), deadline=0.1) as journal:
            with pytest.raises(EvidenceError):
                await journal.durable(journal.append([{"type": "a"}]))
            assert journal.failed.is_set()
    finally:
        hang.set()


async def test_an_unfit_batch_fails_its_session_and_not_the_house():
    async with Running(Writer()) as journal:
        with pytest.raises(EvidenceError):
            journal.append([{"type": "a", "unfit": 1}])
        assert not journal.failed.is_set()
        await journal.durable(journal.append([{"type": "b"}]))


async def test_checkpoints_follow_within_a_second_or_256_leaves():
    writer = Writer()
    async with Running(writer) as journal:
        for _ in range(300):
            seq = journal.append([{"type": "a"}])
        await journal.durable(seq)
        for _ in range(100):
            if writer.checkpoints:
                break
            await asyncio.sleep(0.05)
    assert writer.checkpoints >= 1
