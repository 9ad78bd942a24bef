"""Rules of recorder.verify: the tamper table, every row of it found with its exit code."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.canonical import encode
from recorder.checkpoint import SigningKey
from recorder.findings import Outcome
from recorder.framing import frame
from recorder.layout import Layout
from recorder.verify import verify

LEAVES = 6
MASKS = (0x01, 0x20, 0xFF)


@pytest.fixture
def small(lab):
    """A ledger of six leaves and as many checkpoints, closed in order."""
    lab.write(LEAVES)
    assert verify(lab.folder).outcome is Outcome.INTACT
    return lab


def outcome(lab):
    return verify(lab.folder).outcome


def lines_of(path):
    return path.read_bytes().splitlines(keepends=True)


FILES = {
    "entries": lambda layout: layout.segment(0),
    "history": lambda layout: layout.history,
    "checkpoint": lambda layout: layout.checkpoint,
    "key": lambda layout: layout.verifier,
}


@pytest.mark.parametrize("name", FILES)
def test_every_flipped_byte_is_found(small, name):
    path = FILES[name](Layout(small.folder))
    whole = path.read_bytes()
    for index in range(len(whole)):
        mask = MASKS[index % len(MASKS)]
        path.write_bytes(whole[:index] + bytes([whole[index] ^ mask]) + whole[index + 1 :])
        # Without its last newline a file of lines reads as cut short, not as changed.
        cut = name in {"entries", "history"} and index == len(whole) - 1
        assert outcome(small) is (Outcome.INCOMPLETE if cut else Outcome.ALTERED), (index, mask)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("entries", Outcome.INCOMPLETE),
        ("history", Outcome.INCOMPLETE),
        ("checkpoint", Outcome.ALTERED),
        ("key", Outcome.ALTERED),
    ],
)
def test_every_cut_is_found(small, name, expected):
    path = FILES[name](Layout(small.folder))
    whole = path.read_bytes()
    borders = {index + delta for index, byte in enumerate(whole) if byte == 0x0A for delta in (0, 1)}
    for size in sorted({*range(0, len(whole), 3), *borders} - {len(whole)}):
        path.write_bytes(whole[:size])
        assert outcome(small) is expected, size


@pytest.mark.parametrize("name", ["entries", "history"])
@pytest.mark.parametrize("index", range(LEAVES))
def test_dropped_swapped_and_repeated_lines_are_found(small, name, index):
    path = FILES[name](Layout(small.folder))
    lines = lines_of(path)
    assert len(lines) == LEAVES
    path.write_bytes(b"".join(lines[:index] + lines[index + 1 :]))
    assert outcome(small) is Outcome.INCOMPLETE
    path.write_bytes(b"".join([*lines[: index + 1], *lines[index:]]))
    assert outcome(small) is Outcome.ALTERED
    if index + 1 < len(lines):
        path.write_bytes(b"".join([*lines[:index], lines[index + 1], lines[index], *lines[index + 2 :]]))
        assert outcome(small) is Outcome.ALTERED


@pytest.mark.parametrize(
    "name", ["entries", "entries/000000000000.log", "checkpoints.log", "checkpoint", "ledger.vkey"]
)
def test_every_missing_file_is_found(small, name):
    (small.folder / name).rename(small.home / "gone")
    assert outcome(small) is Outcome.INCOMPLETE


@pytest.mark.parametrize("first", [0, 5, 10, 15])
def test_every_missing_segment_is_found_and_named(lab, first):
    lab.write(18, segment_leaves=5)
    Layout(lab.folder).segment(first).unlink()
    report = verify(lab.folder)
    assert report.outcome is Outcome.INCOMPLETE
    assert first in [finding.seq for finding in report.findings]


def test_a_segment_of_a_wrong_name_is_found(lab):
    lab.write(18, segment_leaves=5)
    layout = Layout(lab.folder)
    for first in (14, 16):
        layout.segment(15).rename(layout.segment(first))
        assert outcome(lab) is Outcome.ALTERED
        layout.segment(first).rename(layout.segment(15))
    assert outcome(lab) is Outcome.INTACT


@pytest.mark.parametrize("index", range(LEAVES))
def test_a_leaf_rewritten_with_a_fitting_checksum_is_found(small, index):
    path = Layout(small.folder).segment(0)
    lines = lines_of(path)
    changed = lines[index][17:-1].replace(b"boot-1", b"boot-2")
    lines[index] = frame(changed)[0]
    path.write_bytes(b"".join(lines))
    report = verify(small.folder)
    assert report.outcome is Outcome.ALTERED
    assert report.findings[0].seq == index


def test_a_leaf_that_is_not_canonical_is_found_by_its_form(small):
    path = Layout(small.folder).segment(0)
    lines = lines_of(path)
    lines[2] = frame(lines[2][17:-1].replace(b'":', b'": ', 1))[0]
    path.write_bytes(b"".join(lines))
    finding = verify(small.folder).findings[0]
    assert (finding.seq, finding.offset) == (2, len(lines[0] + lines[1]))
    assert "canonical" in finding.why


def test_time_that_runs_backwards_is_found_though_it_was_signed(small):
    ledger = small.open()
    ledger._appender._t -= 10_000_000_000
    small.now -= 10_000_000_000
    ledger.append([{"type": "a"}])
    ledger.close()
    assert any("time" in finding.why for finding in verify(small.folder).findings)
    assert outcome(small) is Outcome.ALTERED


def test_another_key_beside_the_ledger_is_found(small):
    Layout(small.folder).verifier.write_text(f"{SigningKey.generate().verifier(small.origin).vkey}\n")
    assert outcome(small) is Outcome.ALTERED


def test_a_start_that_names_another_key_is_found(small):
    ledger = small.open()
    ledger.append([{"type": "ledger.opened", "key": SigningKey.generate().verifier(small.origin).vkey}])
    ledger.close()
    assert any("another verifier key" in finding.why for finding in verify(small.folder).findings)
    assert outcome(small) is Outcome.ALTERED


def test_a_ledger_forged_whole_is_found_by_the_key_from_elsewhere(small):
    real = small.key.verifier(small.origin).vkey
    small.folder.rename(small.home / "real")
    small.key = SigningKey.generate()
    small.write(LEAVES)
    assert outcome(small) is Outcome.INTACT
    assert verify(small.folder, key=real).outcome is Outcome.ALTERED
    assert verify(small.home / "real", key=real).outcome is Outcome.INTACT


def test_an_old_checkpoint_in_place_of_the_newest_is_found(small):
    layout = Layout(small.folder)
    old = layout.checkpoint.read_bytes()
    small.open().close()
    layout.checkpoint.write_bytes(old)
    assert outcome(small) is Outcome.ALTERED


def test_a_rollback_of_everything_is_found_by_an_anchor_only(small):
    files = {path: path.read_bytes() for path in small.folder.rglob("*") if path.is_file()}
    small.open().close()
    anchor = {"anchor": Layout(small.folder).checkpoint.read_bytes()}
    report = verify(small.folder, anchors=anchor, require_anchor=True)
    assert (report.outcome, report.anchors) == (Outcome.INTACT, 1)
    for path, content in files.items():
        path.write_bytes(content)
    assert outcome(small) is Outcome.INTACT
    assert verify(small.folder, anchors=anchor).outcome is Outcome.INCOMPLETE


def test_an_anchor_of_other_leaves_is_found(small):
    small.folder.rename(small.home / "first")
    small.write(LEAVES)
    anchor = {"anchor": Layout(small.home / "first").checkpoint.read_bytes()}
    assert verify(small.folder, anchors=anchor).outcome is Outcome.ALTERED


def test_without_an_anchor_it_is_unanchored_only_on_demand(small):
    assert verify(small.folder, require_anchor=True).outcome is Outcome.UNANCHORED
    assert verify(small.folder).outcome is Outcome.INTACT
    Layout(small.folder).checkpoint.unlink()
    assert verify(small.folder, require_anchor=True).outcome is Outcome.INCOMPLETE


def test_all_bad_records_of_a_segment_are_named(small):
    path = Layout(small.folder).segment(0)
    lines = lines_of(path)
    for index in (1, 4):
        lines[index] = lines[index].replace(b"boot-1", b"boot-2")
    path.write_bytes(b"".join(lines))
    report = verify(small.folder)
    assert [finding.seq for finding in report.findings if finding.offset] == [1, 4]


def test_a_history_of_another_ledger_is_found(small):
    (small.home / "other").mkdir()
    small.folder.rename(small.home / "other" / "ledger")
    small.write(LEAVES)
    layout = Layout(small.folder)
    layout.history.write_bytes(Layout(small.home / "other" / "ledger").history.read_bytes())
    assert outcome(small) is Outcome.ALTERED


def test_a_report_says_how_far_it_goes(small):
    ledger = small.open()
    ledger.append([{"type": "a"}] * 3)
    report = verify(small.folder)
    ledger.close()
    assert (report.writer, report.leaves, report.signed) == (True, LEAVES + 4, LEAVES + 1)
    assert any(note.startswith("3 leaves above") for note in report.notes)
    assert report.first_t < report.last_t


def test_a_folder_of_something_else_is_incomplete(tmp_path):
    assert verify(tmp_path).outcome is Outcome.INCOMPLETE


EVENTS = st.lists(
    st.lists(
        st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=5) | st.integers(0, 9)), max_size=4
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=EVENTS, segment=st.integers(1, 5), signs=st.sets(st.integers(0, 8)))
def test_every_sequence_of_appends_verifies_at_every_checkpoint(
    lab, tmp_path_factory, batches, segment, signs
):
    lab.home = tmp_path_factory.mktemp("sequence")
    ledger = lab.open(segment_leaves=segment)
    for index, batch in enumerate(batches):
        try:
            encode(batch)
        except ValueError:
            continue
        ledger.append([{"type": "x", **members} for members in batch])
        if index in signs:
            ledger.checkpoint()
            assert verify(lab.folder).signed == ledger.size
    ledger.close()
    report = verify(lab.folder)
    assert (report.outcome, report.leaves) == (Outcome.INTACT, 2 + sum(map(len, batches)))
