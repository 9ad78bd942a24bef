"""Rules of recorder.framing."""

from itertools import pairwise

import pytest

from recorder.framing import (
    MAX_RECORD,
    SECTOR,
    Bad,
    Record,
    frame,
    last_records,
    next_line,
    records,
)
from recorder.merkle import leaf_hash

DATA = [b'{"n":%d,"pad":"%s"}' % (index, b"x" * (index * 7)) for index in range(20)]
LINES = [frame(data)[0] for data in DATA]


@pytest.fixture
def path(tmp_path):
    """A file of twenty records."""
    file = tmp_path / "records.log"
    file.write_bytes(b"".join(LINES))
    return file


def test_records_come_back_with_hash_and_place(path):
    found = list(records(path))
    assert [item.data for item in found] == DATA
    assert [item.hash for item in found] == [leaf_hash(data) for data in DATA]
    assert all(before.end == after.offset for before, after in pairwise(found))
    assert found[-1].end == path.stat().st_size


def test_reading_starts_and_ends_where_it_is_told(path):
    found = list(records(path))
    assert [item.data for item in records(path, found[3].offset, found[6].end)] == DATA[3:7]


def test_every_cut_within_a_record_is_torn_and_between_records_is_none(path):
    whole = path.read_bytes()
    borders = {item.end for item in records(path)} | {0}
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        last = (list(records(path)) or [None])[-1]
        if size in borders:
            assert not isinstance(last, Bad)
        else:
            assert isinstance(last, Bad)
            assert last.torn
            assert last.offset == max(border for border in borders if border < size)


def test_no_changed_byte_of_a_record_counts_as_torn(path):
    whole = path.read_bytes()
    for index in range(len(whole) - 1):
        for mask in (1, whole[index], whole[index] ^ 0x0A):
            if not mask:
                continue
            path.write_bytes(whole[:index] + bytes([whole[index] ^ mask]) + whole[index + 1 :])
            last = list(records(path))[-1]
            assert isinstance(last, Bad), index
            assert not last.torn, index


@pytest.mark.parametrize("zeros", [1, 100, 5000, 3_000_000])
def test_zeros_up_to_the_end_are_torn(path, zeros):
    with path.open("ab") as file:
        file.write(LINES[3][:20] + b"\0" * zeros)
    last = list(records(path))[-1]
    assert isinstance(last, Bad)
    assert last.torn


@pytest.mark.parametrize(
    ("start", "length", "torn"), [(0, 1, True), (0, 3, True), (1, 1, False), (0, 0.5, False)]
)
def test_zeros_in_the_middle_are_torn_only_between_sector_borders(path, start, length, torn):
    whole = path.read_bytes() * 4
    begin, size = SECTOR * 2 + start, int(SECTOR * length)
    path.write_bytes(whole[:begin] + b"\0" * size + whole[begin + size :])
    last = list(records(path))[-1]
    assert isinstance(last, Bad)
    assert last.torn is torn
    assert last.offset <= begin


def test_a_record_of_the_largest_size_is_read_and_a_larger_one_is_not(path):
    path.write_bytes(frame(b"x" * MAX_RECORD)[0])
    assert isinstance(next(records(path)), Record)
    path.write_bytes(frame(b"x" * (MAX_RECORD + 1))[0])
    bad = next(records(path))
    assert isinstance(bad, Bad)
    assert not bad.torn


@pytest.mark.parametrize("count", [1, 2, 5, 50])
def test_the_last_records_are_found_from_the_end(path, count):
    path.write_bytes(b"".join(LINES * 30))
    expected = (DATA * 30)[-count:]
    assert [item.data for item in last_records(path, count)] == expected
    with path.open("ab") as file:
        file.write(b"torn")
    *complete, bad = last_records(path, count)
    assert [item.data for item in complete] == expected
    assert isinstance(bad, Bad)
    assert bad.torn


def test_the_next_line_is_found_or_there_is_none(path):
    assert next_line(path, 3) == len(LINES[0])
    assert next_line(path, path.stat().st_size) is None
