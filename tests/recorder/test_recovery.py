"""Rules of recorder.recovery: torn tails are cut and told, changes are not mended."""

from hashlib import sha256

import pytest

from recorder.findings import Outcome
from recorder.framing import SECTOR
from recorder.layout import Layout
from recorder.ledger import LedgerError
from recorder.reader import entries
from recorder.verify import verify


def recovered(lab):
    return [entry.leaf.body for entry in entries(lab.folder) if entry.leaf.type == "ledger.recovered"]


@pytest.fixture
def crashed(lab):
    """A ledger of five leaves, two of them unsigned, whose writer was killed; and its one segment."""
    ledger = lab.open()
    ledger.append([{"type": "a"}, {"type": "b"}])
    ledger.checkpoint()
    ledger.append([{"type": "c", "pad": "x" * 3000}, {"type": "d"}])
    lab.crash(ledger)
    return Layout(lab.folder).segment(0)


def test_a_writer_that_was_killed_left_its_unsigned_leaves(lab, crashed):
    assert verify(lab.folder).outcome is Outcome.INTACT
    lab.open().close()
    opened = [entry.leaf.body for entry in entries(lab.folder) if entry.leaf.type == "ledger.opened"][-1]
    assert (opened["clean"], opened["signed"], opened["unsigned"]) == (False, 3, 2)
    assert verify(lab.folder).outcome is Outcome.INTACT
    assert not recovered(lab)


@pytest.mark.parametrize("cut", [1, 2, 50, 100])
def test_a_torn_tail_is_cut_marked_and_kept_aside(lab, crashed, cut):
    whole = crashed.read_bytes()
    last = whole[:-1].rindex(b"\n") + 1
    crashed.write_bytes(whole[:-cut])
    report = verify(lab.folder)
    assert report.outcome is Outcome.INTACT
    assert any("next start" in note for note in report.notes)
    lab.open().close()
    tail = whole[last:-cut]
    (leaf,) = recovered(lab)
    assert (leaf["at"], leaf["offset"], leaf["bytes"]) == (4, last, len(tail))
    assert leaf["sha256"] == sha256(tail).hexdigest()
    assert (lab.folder / leaf["kept"]).read_bytes() == tail
    assert verify(lab.folder).outcome is Outcome.INTACT
    lab.open().close()
    assert len(recovered(lab)) == 1


def test_a_hole_that_a_power_cut_left_is_torn(lab, crashed):
    whole = crashed.read_bytes()
    begin = (len(whole) // SECTOR - 3) * SECTOR
    crashed.write_bytes(whole[:begin] + b"\0" * SECTOR + whole[begin + SECTOR :])
    assert verify(lab.folder).outcome is Outcome.INTACT
    lab.open().close()
    assert len(recovered(lab)) == 1
    assert verify(lab.folder).outcome is Outcome.INTACT


def test_a_tail_is_reported_even_if_the_start_that_cut_it_died(lab, crashed):
    crashed.write_bytes(crashed.read_bytes()[:-10])
    from recorder.disk import Disk
    from recorder.recovery import recover

    recover(Layout(lab.folder), lab.key.verifier(lab.origin), Disk())
    lab.open().close()
    assert len(recovered(lab)) == 1


def test_a_changed_byte_above_the_checkpoint_is_never_recovered_away(lab, crashed):
    whole = crashed.read_bytes()
    third = [index for index, byte in enumerate(whole) if byte == 0x0A][2] + 1
    for index in range(third, len(whole) - 1, 37):
        for mask in (1, whole[index]):
            crashed.write_bytes(whole[:index] + bytes([whole[index] ^ mask]) + whole[index + 1 :])
            with pytest.raises(LedgerError, match="verify"):
                lab.open()
            assert verify(lab.folder).outcome is Outcome.ALTERED


def test_what_is_signed_may_not_be_missing(lab, crashed):
    whole = crashed.read_bytes()
    signed = [index for index, byte in enumerate(whole) if byte == 0x0A][2] + 1
    for size in range(0, signed, 7):
        crashed.write_bytes(whole[:size])
        with pytest.raises(LedgerError, match="were signed"):
            lab.open()
        assert verify(lab.folder).outcome is Outcome.INCOMPLETE


@pytest.mark.parametrize("name", ["checkpoint", "checkpoints.log", "entries"])
def test_a_ledger_without_one_of_its_parts_does_not_open(lab, crashed, name):
    (lab.folder / name).rename(lab.home / "elsewhere")
    with pytest.raises(LedgerError):
        lab.open()


@pytest.mark.parametrize("segment_leaves", [3, 100])
def test_leaves_without_any_checkpoint_are_not_taken_for_a_fresh_start(lab, segment_leaves):
    lab.write(8, segment_leaves=segment_leaves)
    layout = Layout(lab.folder)
    layout.history.unlink()
    layout.checkpoint.unlink()
    with pytest.raises(LedgerError, match="every checkpoint is missing"):
        lab.open()
    assert len(list(entries(lab.folder))) == 8


def test_a_missing_segment_keeps_the_ledger_closed(lab):
    lab.write(20, segment_leaves=5)
    Layout(lab.folder).segment(5).unlink()
    Layout(lab.folder).frontier.unlink()
    with pytest.raises(LedgerError, match="should begin with leaf 5"):
        lab.open()


def test_without_its_hint_a_ledger_is_read_from_the_start(lab):
    lab.write(30, segment_leaves=8)
    Layout(lab.folder).frontier.unlink()
    ledger = lab.open(segment_leaves=8)
    assert ledger.size == 31
    ledger.close()
    assert verify(lab.folder).outcome is Outcome.INTACT


def test_a_wrong_hint_is_not_believed(lab):
    lab.write(10, segment_leaves=4)
    frontier = Layout(lab.folder).frontier
    files = {path: path.read_bytes() for path in lab.folder.rglob("*") if path.is_file()}
    whole = files[frontier]
    for index in range(0, len(whole), 5):
        for path, content in files.items():
            path.write_bytes(content)
        frontier.write_bytes(whole[:index] + bytes([whole[index] ^ 1]) + whole[index + 1 :])
        lab.open(segment_leaves=4).close()
        assert verify(lab.folder).outcome is Outcome.INTACT, index


def test_an_old_hint_is_good_enough(lab):
    lab.write(10)
    old = Layout(lab.folder).frontier.read_bytes()
    lab.open().close()
    Layout(lab.folder).frontier.write_bytes(old)
    lab.open().close()
    assert verify(lab.folder).outcome is Outcome.INTACT


def test_leaves_before_the_hint_are_not_read_again(lab, monkeypatch):
    lab.write(30)
    from recorder import recovery

    taken = []
    real = recovery._take
    monkeypatch.setattr(recovery, "_take", lambda *arguments: taken.append(1) or real(*arguments))
    lab.open().close()
    assert not taken


def test_a_torn_history_is_mended(lab, crashed):
    history = Layout(lab.folder).history
    with history.open("ab") as file:
        file.write(b"0123456789abcdef {")
    assert verify(lab.folder).outcome is Outcome.INTACT
    lab.open().close()
    assert verify(lab.folder).outcome is Outcome.INTACT


def test_a_checkpoint_that_is_one_behind_its_history_is_what_a_crash_leaves(lab):
    lab.write(5)
    layout = Layout(lab.folder)
    old = layout.checkpoint.read_bytes()
    ledger = lab.open()
    lab.crash(ledger)
    layout.checkpoint.write_bytes(old)
    assert verify(lab.folder).outcome is Outcome.INTACT
    lab.open().close()
    assert verify(lab.folder).outcome is Outcome.INTACT


def test_a_start_that_died_before_its_first_checkpoint_begins_anew(lab):
    lab.open().close()
    layout = Layout(lab.folder)
    first = layout.segment(0).read_bytes().split(b"\n")[0] + b"\n"
    for history in (b"", b"0123"):
        for entries_left in (b"", first[:20], first):
            layout.segment(0).write_bytes(entries_left)
            layout.history.write_bytes(history)
            layout.checkpoint.unlink(missing_ok=True)
            lab.open().close()
            assert verify(lab.folder).outcome is Outcome.INTACT
