"""Rules of recorder.reader."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.layout import Layout
from recorder.reader import Query, ReaderError, entries, leaf, select


@pytest.fixture
def full(lab):
    """A ledger of 60 leaves in segments of 7, and all its leaves."""
    lab.write(60, segment_leaves=7)
    return lab, [entry.leaf for entry in entries(lab.folder)]


def test_leaves_stream_in_order_across_segments(full):
    lab, leaves = full
    assert [item.seq for item in leaves] == list(range(60))
    assert [entry.leaf.seq for entry in entries(lab.folder, 23)] == list(range(23, 60))


@pytest.mark.parametrize("seq", [0, 6, 7, 8, 35, 59])
def test_a_leaf_is_found_by_its_number(full, seq):
    lab, leaves = full
    found = leaf(lab.folder, seq)
    assert found.leaf == leaves[seq]
    with found.path.open("rb") as file:
        file.seek(found.offset)
        assert file.readline()[17:-1] == found.data


def test_a_leaf_that_is_not_there_is_none(full, tmp_path):
    assert leaf(full[0].folder, 60) is None
    assert leaf(tmp_path, 0) is None


TYPES = st.frozensets(st.sampled_from(["test.event", "ledger.opened", "ledger.closed", "other"]))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_query_finds_what_a_full_reading_finds(full, data):
    lab, leaves = full
    times = st.none() | st.sampled_from([item.t + d for item in leaves for d in (-1, 0, 1)])
    query = Query(
        data.draw(times),
        data.draw(times),
        data.draw(st.sampled_from(["", "s0", "s1", "none"])),
        data.draw(TYPES),
    )
    expected = [item.seq for item in leaves if query.matches(item)]
    assert [entry.leaf.seq for entry in select(lab.folder, query)] == expected


def test_a_time_window_does_not_read_the_segments_before_it(full, monkeypatch):
    lab, leaves = full
    from recorder import reader

    read = []
    real = reader.read
    monkeypatch.setattr(reader, "read", lambda data: read.append(1) or real(data))
    assert [entry.leaf.seq for entry in select(lab.folder, Query(start=leaves[55].t))] == list(range(55, 60))
    assert len(read) < 25


def test_a_torn_tail_ends_the_stream(lab):
    lab.write(5)
    with Layout(lab.folder).segment(0).open("ab") as file:
        file.write(b"0123456789abcdef {")
    assert [entry.leaf.seq for entry in entries(lab.folder)] == [0, 1, 2, 3, 4]


def test_an_altered_leaf_is_named(lab):
    lab.write(6)
    path = Layout(lab.folder).segment(0)
    lines = path.read_bytes().split(b"\n")
    lines[3] = lines[3].replace(b"s1", b"s2")
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(ReaderError, match=rf"leaf 3 \({path.name} at byte"):
        list(entries(lab.folder))


def test_a_leaf_in_a_wrong_place_is_named(lab):
    lab.write(6)
    path = Layout(lab.folder).segment(0)
    lines = path.read_bytes().split(b"\n")
    lines[2], lines[3] = lines[3], lines[2]
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(ReaderError, match=r"leaf 2 .* says it is leaf 3"):
        list(entries(lab.folder))
