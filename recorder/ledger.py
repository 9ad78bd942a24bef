"""The ledger: an append-only event log with one writer, a Merkle tree and checkpoints.

A **leaf** is one canonical JSON object (recorder.canonical) of at most 16 KiB:

    member   type    set by   meaning
    v        1       ledger   version of this envelope
    seq      int     ledger   number of the leaf, dense from 0
    t        int     ledger   ledger time: Unix microseconds; never decreases, even if `wall` does
    wall     int     ledger   the wall clock as read, Unix microseconds
    mono     int     ledger   the monotonic clock, microseconds; comparable within one `boot`
    boot     str     ledger   which boot of the machine (or start of the process) `mono` belongs to
    type     str     caller   `session.started`, `verdict`, …: lower-case words joined by . _ or -
    session  str     caller   the session it belongs to; left out where there is none
    actor    any     caller   who: an identity, or an object with it
    target   any     caller   where: a pod, or an object with it
    …        any     caller   the event's own members

Callers give everything but the first six (giving one of those is an error). Values are strings,
booleans, null, integers below 2^53, lists and objects; keys are ASCII; floats and lone surrogates
are errors. Where a leaf would exceed 16 KiB, whole top-level members are replaced, the largest
first, by `{"bytes", "head", "sha256"}` (a string: length and digest of its UTF-8, its first 256
characters) or `{"bytes", "of": "json", "sha256"}` (anything else: of its canonical bytes).

The ledger's own leaves:

    ledger.opened     origin, key (verifier key), clean (the last one was `ledger.closed`),
                      signed (leaves covered by the last checkpoint), unsigned (leaves found above
                      it); the very first one: previous (origin, size, root of last year's ledger)
    ledger.recovered  a torn tail was cut: at (the seq it would have had), file, offset, bytes,
                      sha256, kept (where a copy of its first MiB lies)
    ledger.closed     the last leaf of a writer that ended in order
    ledger.failed     the writer gave up (reason); the last words on a full disk end with it

Leaves that `verify` reads: `recording.progress` and `recording.sealed`, both with `recording`
(path of the file, relative to the recordings' folder), `bytes` and `sha256` (of those first bytes).

    open ──▶ alive ──append, sync, checkpoint──▶ alive ──close──▶ closed
               └── a write, fdatasync or checkpoint fails ──▶ dead ──append_last_words (full disk)──▶ dead

A failed fdatasync is never tried again: the kernel may have dropped the pages it could not write
and report success the second time.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from recorder.appender import Appender, Clock
from recorder.canonical import JSON
from recorder.checkpoint import CheckpointError, SigningKey
from recorder.disk import Disk, is_full
from recorder.layout import Layout
from recorder.leaf import LeafError
from recorder.lineage import predecessor
from recorder.opening import ForeignError, claim, opening_leaves
from recorder.recovery import DamagedError, recover
from recorder.signer import Signer
from recorder.spares import RESERVE
from recorder.writer_lock import LockedError, WriterLock

SEGMENT_LEAVES = 65_536


class LedgerError(Exception):
    """The ledger cannot be opened, or what was asked of it is not in it."""


class Ledger:
    """The one writer of a ledger; `append` may run in one thread, `sync` and `checkpoint` in another.

    `dead` says why nothing can be written any more, and is empty while the ledger is alive.
    """

    def __init__(
        self, lock: WriterLock, reserve: Path, disk: Disk, appender: Appender, signer: Signer
    ) -> None:
        """For `open` only."""
        self.dead = ""
        self._lock, self._reserve, self._disk = lock, reserve, disk
        self._appender, self._signer = appender, signer
        self._words_left = False
        self._state = threading.Lock()
        self._flushing = threading.Lock()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        origin: str,
        key: SigningKey,
        clock: Clock,
        boot: str,
        disk: Disk | None = None,
        segment_leaves: int = SEGMENT_LEAVES,
    ) -> Ledger:
        """Open or create the ledger in `folder` (made 0700), cut a torn tail, note the start durably.

        `origin` is `bastion/CLUSTER/NODE/YEAR`; `clock` gives (Unix, monotonic) microseconds. Raises
        LedgerError: another writer, another origin or key, an altered or incomplete ledger, no space.
        """
        with ExitStack() as stack:
            try:
                ledger = cls._opened(
                    stack,
                    Layout(folder),
                    origin=origin,
                    key=key,
                    clock=clock,
                    boot=boot,
                    disk=disk or Disk(),
                    segment_leaves=segment_leaves,
                )
            except (LockedError, ForeignError, CheckpointError) as error:
                raise LedgerError(f"{folder}: {error}") from None
            except DamagedError as error:
                raise LedgerError(f"{folder}: {error}; run `python -m recorder verify {folder}`") from error
            except OSError as error:
                raise LedgerError(f"{folder}: the ledger cannot be opened: {error.strerror}") from error
            # Whatever ends the start before here, the folder is released again.
            stack.pop_all()
        return ledger

    @classmethod
    def _opened(
        cls,
        stack: ExitStack,
        layout: Layout,
        *,
        origin: str,
        key: SigningKey,
        clock: Clock,
        boot: str,
        disk: Disk,
        segment_leaves: int,
    ) -> Ledger:
        verifier = key.verifier(origin)
        layout.entries.mkdir(mode=0o700, parents=True, exist_ok=True)
        layout.folder.chmod(0o700)
        lock = WriterLock(layout.lock)
        stack.callback(lock.release)
        claim(layout, verifier, disk)
        found = recover(layout, verifier, disk)
        previous = predecessor(layout.folder, origin, key) if found.signed is None else None
        disk.reserve(layout.reserve, RESERVE)
        appender = Appender(layout, found, disk, clock=clock, boot=boot, segment_leaves=segment_leaves)
        stack.callback(appender.close)
        signer = Signer(layout, found.signed, key, origin, disk)
        stack.callback(signer.close)
        ledger = cls(lock, layout.reserve, disk, appender, signer)
        ledger.append(opening_leaves(found, verifier, previous))
        ledger.checkpoint()
        return ledger

    @property
    def size(self) -> int:
        """The number of leaves appended."""
        return self._appender.size

    def append(self, events: Sequence[Mapping[str, JSON]]) -> int:
        """Write the events as leaves with one write(2); the seq of the last one. Not yet durable.

        Raises LedgerError: for an unfit event (the ledger stays alive and holds nothing of the
        batch), or because it is or now became dead; then a first part of the batch may stand in the
        ledger, as records of what was not done.
        """
        with self._state:
            self._check()
            return self._append(events)

    def sync(self) -> None:
        """Make everything appended before the call durable (fdatasync).

        Blocks; call it from a worker thread. One call serves all appends before it. On failure
        LedgerError, and the ledger is dead for ever.
        """
        with self._flushing:
            self._sync()

    def checkpoint(self) -> None:
        """Sync, then sign the present size and write it durably; nothing if it is signed already."""
        with self._flushing:
            with self._state:
                self._check()
                moment = self._appender.snapshot()
            if moment.tree.size == self._signer.size:
                return
            self._sync()
            try:
                self._signer.sign(moment)
            except OSError as error:
                with self._state:
                    self._die("the checkpoint could not be written", error)

    def append_last_words(self, events: Sequence[Mapping[str, JSON]]) -> int:
        """After the disk was found full: give up the reserve, write and sign these last leaves durably.

        Works once, for up to about 200 KiB in all; a `ledger.failed` leaf is added. Returns its
        seq. The ledger stays dead. Raises LedgerError when it is alive, when it was not the disk's
        space that failed, and when the last words fail too.
        """
        with self._flushing, self._state:
            if not self._words_left:
                raise LedgerError(f"no last words: {self.dead or 'the ledger is alive'}")
            self._words_left = False
            try:
                self._reserve.unlink(missing_ok=True)
                self._appender.mend()
                self._appender.append([*events, {"type": "ledger.failed", "reason": self.dead}])
                self._disk.sync_data(self._appender.file)
                self._signer.mend()
                self._signer.sign(self._appender.snapshot())
            except LeafError as error:
                self._words_left = True
                raise LedgerError(str(error)) from None
            except OSError as error:
                raise LedgerError(f"the last words failed too: {error.strerror}") from error
            return self._appender.size - 1

    def close(self) -> None:
        """End in order: a `ledger.closed` leaf and a final checkpoint; release the folder.

        A dead ledger is only released. Raises LedgerError when the last steps fail. Idempotent.
        """
        try:
            if not self.dead:
                self.append([{"type": "ledger.closed"}])
                self.checkpoint()
        finally:
            with self._flushing, self._state:
                self.dead = self.dead or "the ledger is closed"
                self._words_left = False
                self._appender.close()
                self._signer.close()
                self._lock.release()

    def _append(self, events: Sequence[Mapping[str, JSON]]) -> int:
        if events:
            try:
                self._appender.append(events)
            except LeafError as error:
                raise LedgerError(str(error)) from None
            except OSError as error:
                self._die("leaves could not be written", error)
        return self._appender.size - 1

    def _sync(self) -> None:
        with self._state:
            self._check()
            self._appender.close_retired()
            descriptor = self._appender.file
        try:
            self._disk.sync_data(descriptor)
        except OSError as error:
            with self._state:
                self._die("leaves could not be made durable", error)

    def _check(self) -> None:
        if self.dead:
            raise LedgerError(f"the ledger takes no more leaves: {self.dead}")

    def _die(self, what: str, error: OSError) -> NoReturn:
        """The first failure decides whether there may be last words."""
        if not self.dead:
            self.dead = f"{what}: {error.strerror}"
            self._words_left = is_full(error)
        else:
            self._words_left = self._words_left and is_full(error)
        raise LedgerError(self.dead) from error
