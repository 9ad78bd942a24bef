"""Rules of recorder.layout."""

from recorder.layout import Layout, ledgers


def test_segments_are_sorted_by_their_first_leaf_and_other_files_ignored(tmp_path):
    layout = Layout(tmp_path)
    assert layout.segments() == []
    layout.entries.mkdir()
    for name in ("000000000010.log", "000000000000.log", "000000000002.log", "notes.txt", "1.log"):
        (layout.entries / name).touch()
    assert [first for first, _ in layout.segments()] == [0, 2, 10]
    assert layout.segment(2) == layout.segments()[1][1]


def test_a_ledger_is_found_in_its_folder_beside_recordings_and_by_year(lab):
    lab.write(2)
    assert [item.folder for item in ledgers(lab.folder)] == [lab.folder]
    assert [item.folder for item in ledgers(lab.home)] == [lab.folder]
    years = lab.home / "state" / "ledger"
    for year in ("2027", "2026"):
        lab.open(years / year).close()
    for place in (years.parent, years):
        assert [item.folder.name for item in ledgers(place)] == ["2026", "2027"]


def test_nothing_is_found_where_there_is_nothing(tmp_path):
    assert list(ledgers(tmp_path)) == []
    assert list(ledgers(tmp_path / "missing")) == []


def test_a_ledger_without_most_of_its_parts_is_still_one(lab):
    lab.write(2)
    layout = Layout(lab.folder)
    for path in (layout.checkpoint, layout.history, layout.verifier):
        path.unlink()
        assert layout.exists()


def test_the_origin_is_the_name_of_the_key(lab, tmp_path):
    lab.write(2)
    assert Layout(lab.folder).origin() == lab.origin
    assert Layout(tmp_path / "missing").origin() == ""


def test_a_writer_is_seen_while_it_runs(lab):
    assert not Layout(lab.folder).has_writer()
    ledger = lab.open()
    assert Layout(lab.folder).has_writer()
    ledger.close()
    assert not Layout(lab.folder).has_writer()
