"""Rules of recorder.recordings: what the ledger says of recordings is compared with the files."""

from hashlib import sha256

import pytest

from recorder.findings import Outcome
from recorder.layout import Layout
from recorder.verify import recordings_of, verify

DATA = b'{"version":3}\n' + b"x" * 5000
NAME = "2026/07/s1.cast"


def said(kind, data, name=NAME, **more):
    leaf = {"type": f"recording.{kind}", "recording": name, "bytes": len(data), "session": "s1"}
    return {**leaf, "sha256": sha256(data).hexdigest(), **more}


@pytest.fixture
def check(lab):
    """Write leaves, close the ledger and verify."""

    def run(*leaves):
        ledger = lab.open()
        ledger.append(leaves)
        ledger.close()
        return verify(lab.folder, recordings=recordings_of(lab.folder))

    return run


def test_a_sealed_recording_that_is_as_it_was_is_intact(lab, check):
    lab.record(NAME, DATA)
    report = check(said("progress", DATA[:1000]), said("progress", DATA[:3000]), said("sealed", DATA))
    assert (report.outcome, report.recordings, report.unsealed) == (Outcome.INTACT, 1, 0)


def test_every_changed_byte_of_a_recording_is_found(lab, check):
    path = lab.record(NAME, DATA)
    check(said("sealed", DATA))
    for index in range(0, len(DATA), 501):
        path.write_bytes(DATA[:index] + bytes([DATA[index] ^ 1]) + DATA[index + 1 :])
        report = verify(lab.folder, recordings=lab.recordings)
        assert report.outcome is Outcome.ALTERED
        assert (report.findings[0].file, report.findings[0].seq) == (f"recordings/{NAME}", 1)


@pytest.mark.parametrize("kind", ["progress", "sealed"])
def test_a_recording_that_is_shorter_or_gone_is_incomplete(lab, check, kind):
    path = lab.record(NAME, DATA[:-1])
    assert check(said(kind, DATA)).outcome is Outcome.INCOMPLETE
    path.unlink()
    assert verify(lab.folder, recordings=lab.recordings).outcome is Outcome.INCOMPLETE
    lab.recordings.rename(lab.home / "gone")
    assert verify(lab.folder, recordings=recordings_of(lab.folder)).outcome is Outcome.INCOMPLETE


def test_a_recording_that_grew_after_its_seal_is_altered(lab, check):
    lab.record(NAME, DATA + b"more")
    assert check(said("sealed", DATA)).outcome is Outcome.ALTERED


def test_a_recording_without_a_seal_is_a_gap_but_not_altered(lab, check):
    lab.record(NAME, DATA + b"since the last progress")
    report = check(said("progress", DATA))
    assert (report.outcome, report.unsealed) == (Outcome.INTACT, 1)
    assert any("unsealed" in note for note in report.notes)


def test_a_running_writer_may_have_open_recordings_but_not_those_of_an_earlier_start(lab):
    lab.record(NAME, DATA)
    ledger = lab.open()
    ledger.append([said("progress", DATA)])
    assert verify(lab.folder, recordings=lab.recordings).unsealed == 0
    lab.crash(ledger)
    ledger = lab.open()
    report = verify(lab.folder, recordings=lab.recordings)
    assert (report.writer, report.unsealed) == (True, 1)
    ledger.close()


@pytest.mark.parametrize(
    "leaves",
    [
        [said("sealed", DATA), said("progress", DATA)],
        [said("sealed", DATA), said("sealed", DATA)],
        [said("progress", DATA), said("progress", DATA[:10])],
    ],
)
def test_a_recording_cannot_shrink_or_outlive_its_seal(lab, check, leaves):
    lab.record(NAME, DATA)
    assert check(*leaves).outcome is Outcome.ALTERED


@pytest.mark.parametrize("name", ["../ledger/checkpoint", "/etc/hostname", "a/../../x", "", "a\0b"])
def test_a_recording_outside_its_folder_is_not_read(lab, check, name):
    lab.record(NAME, DATA)
    report = check(said("sealed", DATA, name))
    assert report.outcome is Outcome.INCOMPLETE
    assert report.recordings == 0


def test_a_link_or_folder_in_place_of_a_recording_is_not_followed(lab, check):
    path = lab.record(NAME, DATA)
    path.rename(lab.home / "elsewhere")
    path.symlink_to(lab.home / "elsewhere")
    assert check(said("sealed", DATA)).outcome is Outcome.INCOMPLETE
    path.unlink()
    path.mkdir()
    assert verify(lab.folder, recordings=lab.recordings).outcome is Outcome.INCOMPLETE


@pytest.mark.parametrize(
    "wrong",
    [{"recording": 7}, {"bytes": -1}, {"bytes": "7"}, {"bytes": True}, {"sha256": "00"}, {"sha256": None}],
)
def test_a_leaf_that_does_not_say_what_was_recorded_is_incomplete(lab, check, wrong):
    lab.record(NAME, DATA)
    assert check(said("progress", DATA, **wrong)).outcome is Outcome.INCOMPLETE


def test_files_that_no_leaf_names_are_counted(lab, check):
    lab.record(NAME, DATA)
    lab.record("stranger.cast", b"")
    report = check(said("sealed", DATA))
    assert report.outcome is Outcome.INTACT
    assert any(note.startswith("1 files") for note in report.notes)


def test_the_recordings_lie_beside_the_ledger_or_its_years(lab):
    lab.recordings.mkdir()
    (lab.folder / "2026").mkdir(parents=True)
    assert recordings_of(lab.folder) == lab.recordings
    assert recordings_of(lab.folder / "2026") == lab.recordings
    assert recordings_of(lab.home) is None


def test_recordings_can_be_left_out_and_the_report_says_so(lab, check):
    check(said("sealed", DATA))
    report = verify(lab.folder, check_recordings=False)
    assert report.outcome is Outcome.INTACT
    assert "the recordings were not checked" in report.notes
    assert Layout(lab.folder).exists()


# Recordings that a crash cut off


def lost(data, **more):
    leaf = {"type": "session.lost", "session": "s1", "recording": NAME, "bytes": len(data), "cut_bytes": 4}
    return {**leaf, "sha256": sha256(data).hexdigest(), **more}


def test_what_survived_a_crash_has_to_stay_as_it_was_mended(lab, check):
    path = lab.record(NAME, DATA)
    report = check(said("progress", DATA[:1000]), lost(DATA))
    assert (report.outcome, report.recordings, report.unsealed) == (Outcome.INTACT, 1, 1)
    for index in (0, 999, 1000, 3000, len(DATA) - 1):
        path.write_bytes(DATA[:index] + bytes([DATA[index] ^ 1]) + DATA[index + 1 :])
        assert verify(lab.folder, recordings=lab.recordings).outcome is Outcome.ALTERED, index
    path.write_bytes(DATA + b"more")
    assert verify(lab.folder, recordings=lab.recordings).outcome is Outcome.ALTERED
    path.write_bytes(DATA[:-1])
    assert verify(lab.folder, recordings=lab.recordings).outcome is Outcome.INCOMPLETE
    path.unlink()
    assert verify(lab.folder, recordings=lab.recordings).outcome is Outcome.INCOMPLETE


def test_a_change_between_the_crash_and_the_next_start_is_not_covered_by_the_mending(lab, check):
    changed = b"Z" + DATA[1:]
    lab.record(NAME, changed)
    assert check(said("progress", DATA[:1000]), lost(changed)).outcome is Outcome.ALTERED


def test_a_mending_that_found_less_than_was_noted_is_incomplete(lab, check):
    lab.record(NAME, DATA[:500])
    assert check(said("progress", DATA[:1000]), lost(DATA[:500])).outcome is Outcome.INCOMPLETE


def test_a_recording_that_only_the_mending_names_is_checked_and_known(lab, check):
    path = lab.record(NAME, DATA)
    report = check(lost(DATA))
    assert (report.outcome, report.recordings) == (Outcome.INTACT, 1)
    assert not any("named by no leaf" in note for note in report.notes)
    path.write_bytes(b"x" + DATA[1:])
    assert verify(lab.folder, recordings=lab.recordings).outcome is Outcome.ALTERED


def test_a_crash_without_a_recording_that_could_be_mended_claims_nothing(lab, check):
    leaf = {"type": "session.lost", "session": "s1", "recording": NAME, "problem": "it cannot be read"}
    assert check(leaf, {"type": "session.lost", "session": "s2"}).outcome is Outcome.INTACT
