"""Rules of recorder.heads."""

import pytest

from recorder.checkpoint import Checkpoint
from recorder.findings import Outcome, Report
from recorder.framing import records
from recorder.heads import Heads
from recorder.layout import Layout
from recorder.merkle import Tree, leaf_hash


@pytest.fixture
def small(lab):
    """A ledger of six leaves and as many checkpoints; its tree at each size."""
    lab.write(6)
    trees, tree = [Tree()], Tree()
    for item in records(Layout(lab.folder).segment(0)):
        tree.append(item.hash)
        trees.append(tree.copy())
    return lab, trees


def walk(heads, trees, upto=None):
    return [heads.compare(tree.size, tree, "f") for tree in trees[1:upto]]


def test_every_checkpoint_is_compared_at_its_size(small):
    lab, trees = small
    report = Report("x")
    heads = Heads(Layout(lab.folder), report)
    heads.read("", {}, {})
    assert all(walk(heads, trees))
    heads.finish(6, "")
    assert (report.outcome, report.checkpoints, report.signed) == (Outcome.INTACT, 6, 6)


@pytest.mark.parametrize("size", range(1, 7))
def test_another_root_is_told_at_its_size(small, size):
    lab, trees = small
    report = Report("x")
    heads = Heads(Layout(lab.folder), report)
    heads.read("", {}, {})
    walk(heads, trees, size)
    other = trees[size - 1].copy()
    other.append(leaf_hash(b"other"))
    assert not heads.compare(size, other, "f")
    assert report.findings[0].seq == size - 1


def test_what_is_signed_beyond_the_leaves_is_missing(small):
    lab, trees = small
    report = Report("x")
    heads = Heads(Layout(lab.folder), report)
    heads.read("", {"anchor": lab.key.sign(Checkpoint(lab.origin, 9, b"x" * 32))}, {})
    walk(heads, trees)
    heads.finish(6, "torn")
    assert [(item.outcome, item.file) for item in report.findings] == [(Outcome.INCOMPLETE, "anchor")]
    assert "torn" in report.findings[0].why


def test_a_pin_is_compared_but_is_no_anchor(small):
    lab, trees = small
    for root, outcome in ((trees[4].root(), Outcome.UNANCHORED), (b"x" * 32, Outcome.ALTERED)):
        report = Report("x", anchor_required=True)
        heads = Heads(Layout(lab.folder), report)
        heads.read("", {}, {"2027": Checkpoint(lab.origin, 4, root)})
        walk(heads, trees)
        heads.finish(6, "")
        assert report.outcome is outcome


def test_the_key_in_use_is_known(small):
    lab, _ = small
    heads = Heads(Layout(lab.folder), Report("x"))
    assert heads.vkey == ""
    heads.read("", {}, {})
    assert heads.vkey == lab.key.verifier(lab.origin).vkey


@pytest.mark.parametrize("key", ["nonsense", "a+b+c"])
def test_a_given_key_that_is_none_is_altered(small, key):
    report = Report("x")
    Heads(Layout(small[0].folder), report).read(key, {}, {})
    assert report.outcome is Outcome.ALTERED
