"""Verifying a ledger: leaves, checkpoints and recordings; also beside a running writer.

| exit | outcome    | what it means                                                                  |
|------|------------|--------------------------------------------------------------------------------|
| 0    | intact     | everything up to the last complete leaf is as written                          |
| 1    | altered    | a byte, the order, a signature, a root or a recording differs from what was written |
| 2    | incomplete | something that was written is missing: leaves, checkpoints, the key, recordings |
| 3    | unanchored | only on demand: no checkpoint kept elsewhere was given to compare with         |

Altered outweighs incomplete. What stands above the newest checkpoint is judged by its form only;
a torn tail there is a note, because the next start cuts and reports it. A ledger that was rolled
back together with all its checkpoints looks whole from within: only an anchor, a checkpoint held
out of reach of whoever could do that, shows it. Memory does not grow with the number of leaves.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from recorder import spares
from recorder.checkpoint import Checkpoint
from recorder.findings import Report
from recorder.framing import Bad, Record, next_line, records
from recorder.heads import Heads
from recorder.layout import Layout
from recorder.leaf import Leaf, LeafError, read
from recorder.merkle import Tree
from recorder.recordings import Recordings


def verify(
    folder: Path,
    *,
    key: str = "",
    anchors: Mapping[str, bytes] | None = None,
    pins: Mapping[str, Checkpoint] | None = None,
    require_anchor: bool = False,
    recordings: Path | None = None,
    check_recordings: bool = True,
) -> Report:
    """Verify the ledger in `folder`; never raises for what it finds there.

    `key` is a verifier key from elsewhere (else the one beside the ledger is believed); `anchors`
    are signed notes kept elsewhere, by name; `pins` are tree heads that other ledgers name;
    `recordings` is the folder of the recordings.
    """
    report = Report(str(folder), anchor_required=require_anchor)
    run = _Run(Layout(folder), report)
    try:
        run.prepare(key, anchors or {}, pins or {})
        run.walk()
        run.finish()
        spares.check(Layout(folder), report)
        if check_recordings:
            run.recordings.judge(recordings, writer=report.writer)
        else:
            report.note("the recordings were not checked")
    except OSError as error:
        report.incomplete(f"cannot be read: {error.strerror}", str(error.filename or folder))
    return report


def recordings_of(folder: Path) -> Path | None:
    """The folder `recordings` beside the ledger in `folder`, or beside its parent `ledger`."""
    candidates = [folder.absolute().parent / "recordings"]
    if folder.absolute().parent.name == "ledger":
        candidates.append(folder.absolute().parent.parent / "recordings")
    return next((path for path in candidates if path.is_dir()), None)


class _Run:
    """One pass: leaves in order, the signed tree heads beside them."""

    def __init__(self, layout: Layout, report: Report) -> None:
        self._layout, self._report = layout, report
        self._tree, self._whole = Tree(), True
        self._expected = 0
        self._tail = ""
        self._heads = Heads(layout, report)
        self.recordings = Recordings(report)

    def prepare(self, key: str, anchors: Mapping[str, bytes], pins: Mapping[str, Checkpoint]) -> None:
        """Look for a writer, then read what is signed, before any leaf."""
        self._report.writer = self._layout.has_writer()
        self._heads.read(key, anchors, pins)

    def walk(self) -> None:
        """Take every leaf of every segment."""
        segments = self._layout.segments()
        for index, (first, path) in enumerate(segments):
            if first > self._expected:
                self._gap(first, path.name, 0)
            elif first < self._expected:
                self._report.altered(
                    f"should begin with leaf {self._expected}", path.name, seq=first, offset=0
                )
                self._whole = False
            self._segment(path, last=index == len(segments) - 1)

    def finish(self) -> None:
        """Judge what the leaves did not reach, and the end of the history."""
        report = self._report
        report.writer = report.writer or self._layout.has_writer()
        if self._whole:
            report.root = base64.b64encode(self._tree.root()).decode()
        else:
            report.note("roots behind the first defect were not compared")
        self._heads.finish(self._expected, self._tail)
        if self._whole and report.leaves > report.signed:
            report.note(
                f"{report.leaves - report.signed} leaves above the newest checkpoint are not signed yet"
            )
        if self._tail and not report.writer:
            report.note(self._tail)

    def _segment(self, path: Path, *, last: bool) -> None:
        """Take the leaves of one segment; behind an altered line go on with the next one."""
        start: int | None = 0
        while start is not None:
            bad = None
            for item in records(path, start):
                if isinstance(item, Bad):
                    bad = item
                else:
                    self._record(item, path)
            if bad is None:
                return
            start = self._bad(bad, path, last=last)

    def _bad(self, bad: Bad, path: Path, *, last: bool) -> int | None:
        if bad.torn and last:
            self._tail = f"{path.name} at byte {bad.offset}: {bad.why}; the next start cuts and reports it"
            return None
        if bad.torn:
            self._report.incomplete(bad.why, path.name, seq=self._expected, offset=bad.offset)
            self._whole = False
            return None
        self._report.altered(bad.why, path.name, seq=self._expected, offset=bad.offset)
        self._whole = False
        self._expected += 1
        return next_line(path, bad.offset)

    def _record(self, item: Record, path: Path) -> None:
        report = self._report
        try:
            leaf = read(item.data)
        except LeafError as error:
            report.altered(str(error), path.name, seq=self._expected, offset=item.offset)
            self._whole = False
            self._expected += 1
            return
        if leaf.seq < self._expected:
            why = f"leaf {leaf.seq} stands where leaf {self._expected} belongs"
            report.altered(why, path.name, seq=leaf.seq, offset=item.offset)
            self._whole = False
            return
        if leaf.seq > self._expected:
            self._gap(leaf.seq, path.name, item.offset)
        self._take(leaf, item, path)

    def _take(self, leaf: Leaf, item: Record, path: Path) -> None:
        report = self._report
        if report.last_t is not None and leaf.t < report.last_t:
            report.altered(
                "its time lies before the leaf before it", path.name, seq=leaf.seq, offset=item.offset
            )
        if leaf.type == "ledger.opened" and leaf.body.get("key") != (
            self._heads.vkey or leaf.body.get("key")
        ):
            report.altered("it names another verifier key", path.name, seq=leaf.seq, offset=item.offset)
        report.first_t = leaf.t if report.first_t is None else report.first_t
        report.last_t = leaf.t
        report.leaves += 1
        self._expected = leaf.seq + 1
        self._tree.append(item.hash)
        self.recordings.take(leaf, path.name)
        if not self._heads.compare(self._expected, self._tree if self._whole else None, path.name):
            self._whole = False

    def _gap(self, found: int, file: str, offset: int) -> None:
        why = f"leaves {self._expected} to {found - 1} are missing"
        self._report.incomplete(why, file, seq=self._expected, offset=offset)
        self._whole = False
        self._expected = found
