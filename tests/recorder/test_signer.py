"""Rules of recorder.signer."""

import os

import pytest

from recorder import history
from recorder.appender import Snapshot
from recorder.checkpoint import open_note
from recorder.disk import Disk
from recorder.layout import Layout
from recorder.merkle import Tree, leaf_hash
from recorder.recovery import hint
from recorder.signer import Signer


def moment(size):
    tree = Tree()
    for index in range(size):
        tree.append(leaf_hash(b"%d" % index))
    return Snapshot(tree, 1000 + size, 0, 100 * size)


@pytest.fixture
def layout(lab):
    """An empty folder of a ledger."""
    lab.folder.mkdir()
    return Layout(lab.folder)


def test_a_moment_is_signed_in_history_and_checkpoint_and_hinted(lab, layout):
    signer = Signer(layout, None, lab.key, lab.origin, Disk())
    for size in (3, 5, 5, 9):
        signer.sign(moment(size))
    signer.close()
    signer.close()
    verifier = lab.key.verifier(lab.origin)
    assert open_note(layout.checkpoint.read_bytes(), verifier).root == moment(9).tree.root()
    signed, _ = history.newest(layout, verifier)
    assert [(item.n, item.checkpoint.size, item.t) for item in signed] == [(1, 5, 1005), (2, 9, 1009)]
    assert layout.frontier.read_bytes() == hint(moment(9).tree, 0, 900)


def test_the_history_is_durable_before_the_checkpoint_is_replaced(lab, layout):
    calls = []
    disk = Disk(
        fdatasync=lambda fd: calls.append("history") or os.fdatasync(fd),
        replace=lambda old, new: calls.append(new.name) or old.replace(new),
    )
    signer = Signer(layout, None, lab.key, lab.origin, disk)
    signer.sign(moment(1))
    signer.close()
    assert calls == ["history", "checkpoint", "frontier"]


def test_numbers_go_on_after_a_restart(lab, layout):
    signer = Signer(layout, None, lab.key, lab.origin, Disk())
    signer.sign(moment(2))
    signer.close()
    verifier = lab.key.verifier(lab.origin)
    signer = Signer(layout, history.newest(layout, verifier)[0][-1], lab.key, lab.origin, Disk())
    assert signer.size == 2
    signer.sign(moment(4))
    signer.close()
    assert [item.n for item in history.newest(layout, verifier)[0]] == [0, 1]


def test_mending_cuts_a_line_that_was_not_written_whole(lab, layout):
    short = []
    disk = Disk(write=lambda fd, data: os.write(fd, data[:9] if short else data))
    signer = Signer(layout, None, lab.key, lab.origin, disk)
    signer.sign(moment(1))
    whole = layout.history.read_bytes()
    short.append(True)
    with pytest.raises(OSError, match="only 9"):
        signer.sign(moment(2))
    assert len(layout.history.read_bytes()) == len(whole) + 9
    signer.mend()
    assert layout.history.read_bytes() == whole
    signer.close()
