"""Rules of recorder.appender."""

import errno
import os

import pytest

from recorder.appender import Appender
from recorder.disk import Disk
from recorder.framing import Bad, records
from recorder.layout import Layout
from recorder.leaf import LeafError
from recorder.merkle import Tree, root_of
from recorder.recovery import Found


@pytest.fixture
def make(lab):
    """An appender on an empty ledger."""
    layout = Layout(lab.folder)
    layout.entries.mkdir(parents=True)
    made = []

    def build(disk=None, segment_leaves=100):
        found = Found(Tree(), 0, 0, 0, None, None)
        made.append(
            Appender(layout, found, disk or Disk(), clock=lab.clock, boot="b", segment_leaves=segment_leaves)
        )
        return made[-1]

    yield build
    for appender in made:
        appender.close()


def test_the_tree_grows_by_the_leaves_that_were_written(lab, make):
    appender = make()
    appender.append([{"type": "a"}, {"type": "b"}])
    moment = appender.snapshot()
    appender.append([{"type": "c"}])
    path = Layout(lab.folder).segment(0)
    hashes = [item.hash for item in records(path)]
    assert (moment.tree.size, moment.tree.root()) == (2, root_of(hashes[:2]))
    assert (appender.size, appender.snapshot().tree.root()) == (3, root_of(hashes))
    assert appender.snapshot().offset == path.stat().st_size
    assert moment.offset == list(records(path))[1].end


def test_an_unfit_event_leaves_file_and_tree_as_they_were(lab, make):
    appender = make()
    with pytest.raises(LeafError):
        appender.append([{"type": "a"}, {"type": "b", "x": 0.5}])
    assert (appender.size, Layout(lab.folder).segment(0).stat().st_size) == (0, 0)


def test_mending_cuts_what_a_failed_write_left(lab, make):
    short = []
    appender = make(Disk(write=lambda fd, data: os.write(fd, data[:30] if short else data)))
    appender.append([{"type": "a"}])
    short.append(True)
    with pytest.raises(OSError, match="only 30"):
        appender.append([{"type": "b"}])
    path = Layout(lab.folder).segment(0)
    assert isinstance(list(records(path))[-1], Bad)
    appender.mend()
    assert len(list(records(path))) == 1
    short.clear()
    appender.append([{"type": "c"}])
    assert [item.data.count(b'"seq":1') for item in records(path)] == [0, 1]


def test_a_segment_is_durable_before_the_next_one_begins(lab, make):
    calls = []
    layout = Layout(lab.folder)
    disk = Disk(fdatasync=lambda fd: calls.append(len(layout.segments())) or os.fdatasync(fd))
    appender = make(disk, segment_leaves=2)
    for _ in range(5):
        appender.append([{"type": "a"}])
    assert [first for first, _ in layout.segments()] == [0, 2, 4]
    assert calls == [1, 2]


def test_the_name_of_a_new_segment_is_durable(lab, make):
    layout, synced = Layout(lab.folder), []
    disk = Disk(fsync=lambda fd: synced.append(os.readlink(f"/proc/self/fd/{fd}")))
    appender = make(disk, segment_leaves=1)
    appender.append([{"type": "a"}])
    appender.append([{"type": "a"}])
    assert synced == [str(layout.entries.resolve())] * 2


def test_a_batch_stays_in_one_segment(lab, make):
    appender = make(segment_leaves=2)
    appender.append([{"type": "a"}] * 5)
    appender.append([{"type": "b"}])
    assert [first for first, _ in Layout(lab.folder).segments()] == [0, 5]


def test_old_segments_are_closed_only_when_told(lab, make):
    appender = make(segment_leaves=1)
    appender.append([{"type": "a"}])
    old = appender.file
    appender.append([{"type": "b"}])
    os.fstat(old)
    appender.close_retired()
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.fstat(old)
    appender.close()
    appender.close()
