"""Rules of recorder.opening."""

import pytest

from recorder.checkpoint import Checkpoint, SigningKey
from recorder.disk import Disk
from recorder.layout import Layout
from recorder.merkle import EMPTY_ROOT, Tree
from recorder.opening import ForeignError, claim, opening_leaves
from recorder.recovery import Cut, Found


def test_a_folder_is_claimed_once_and_for_one_key_only(lab):
    lab.folder.mkdir()
    layout, verifier = Layout(lab.folder), lab.key.verifier(lab.origin)
    claim(layout, verifier, Disk())
    claim(layout, verifier, Disk())
    assert layout.verifier.read_text() == f"{verifier.vkey}\n"
    for other in (SigningKey.generate().verifier(lab.origin), lab.key.verifier("other/2026")):
        with pytest.raises(ForeignError):
            claim(layout, other, Disk())


def test_the_first_start_tells_origin_key_and_the_year_before(lab):
    verifier = lab.key.verifier(lab.origin)
    found = Found(Tree(), 0, 0, 0, None, None)
    (leaf,) = opening_leaves(found, verifier, Checkpoint("before/2025", 7, EMPTY_ROOT))
    assert (leaf["type"], leaf["origin"], leaf["key"]) == ("ledger.opened", lab.origin, verifier.vkey)
    assert (leaf["clean"], leaf["signed"], leaf["unsigned"]) == (True, 0, 0)
    assert (leaf["previous"]["origin"], leaf["previous"]["size"]) == ("before/2025", 7)


def test_a_cut_tail_is_told_after_the_start(lab):
    found = Found(Tree(), 0, 0, 0, None, None, Cut(4, "000000000000.log", 99, 12, "ab", "torn/x"))
    opened, recovered = opening_leaves(found, lab.key.verifier(lab.origin), None)
    assert "previous" not in opened
    assert recovered == {
        "type": "ledger.recovered",
        "at": 4,
        "file": "000000000000.log",
        "offset": 99,
        "bytes": 12,
        "sha256": "ab",
        "kept": "torn/x",
    }
