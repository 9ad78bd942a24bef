"""Rules of recorder.history."""

import pytest

from recorder import history
from recorder.canonical import encode
from recorder.checkpoint import Checkpoint, CheckpointError
from recorder.framing import Bad, Record, frame
from recorder.layout import Layout
from recorder.merkle import leaf_hash


def record(data):
    return Record(data, leaf_hash(data), 0)


def test_the_newest_two_checkpoints_are_found_in_order(lab):
    lab.write(6)
    signed, bad = history.newest(Layout(lab.folder), lab.key.verifier(lab.origin))
    assert [(item.n, item.checkpoint.size) for item in signed] == [(4, 5), (5, 6)]
    assert signed[-1].note == Layout(lab.folder).checkpoint.read_bytes()
    assert bad is None


def test_a_bad_end_is_told(lab):
    lab.write(4)
    with Layout(lab.folder).history.open("ab") as file:
        file.write(b"torn")
    signed, bad = history.newest(Layout(lab.folder), lab.key.verifier(lab.origin))
    assert len(signed) == 2
    assert isinstance(bad, Bad)


def test_no_history_is_an_empty_one(tmp_path, lab):
    assert history.newest(Layout(tmp_path), lab.key.verifier(lab.origin)) == ([], None)


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[]",
        b"not json",
        encode({"n": 0, "note": "x", "t": 1}),
        encode({"n": "0", "note": "x", "t": 1}),
        encode({"n": 0, "note": "x", "t": 1, "more": 1}),
    ],
)
def test_a_line_that_is_no_checkpoint_is_refused(lab, data):
    with pytest.raises(CheckpointError):
        history.read(record(data), lab.key.verifier(lab.origin))


def test_a_line_holds_number_time_and_note(lab):
    note = lab.key.sign(Checkpoint(lab.origin, 1, leaf_hash(b"")))
    line = history.line_of(3, 77, note)
    assert line == frame(line[17:-1])[0]
    signed = history.read(record(line[17:-1]), lab.key.verifier(lab.origin))
    assert (signed.n, signed.t, signed.note, signed.checkpoint.size) == (3, 77, note, 1)
