"""Rules of recorder.lineage: each year's ledger vouches for the one before it."""

import shutil

import pytest

from recorder.__main__ import main
from recorder.checkpoint import SigningKey
from recorder.layout import Layout
from recorder.lineage import named_by, predecessor


@pytest.fixture
def years(lab):
    """Three ledgers side by side."""
    folder = lab.home / "ledger"
    for year in ("2026", "2027", "2028"):
        ledger = lab.open(folder / year, origin=f"bastion/prod/node-1/{year}")
        ledger.append([{"type": "a"}] * 3)
        ledger.close()
    return folder


def test_the_first_leaf_names_the_year_before(years):
    assert named_by(Layout(years / "2026")) is None
    for before, year in (("2026", "2027"), ("2027", "2028")):
        named = named_by(Layout(years / year))
        assert (named.origin, named.size) == (f"bastion/prod/node-1/{before}", 5)


def test_a_whole_chain_of_years_is_intact(lab, years, capsys):
    assert main(["verify", str(lab.home)]) == 0
    assert capsys.readouterr().out.count("INTACT") == 3


@pytest.mark.parametrize("year", ["2026", "2027"])
def test_a_year_that_was_taken_away_is_missed(lab, years, capsys, year):
    (years / year).rename(lab.home / "gone")
    assert main(["verify", str(lab.home)]) == 2
    assert f"bastion/prod/node-1/{year}, which is not here" in capsys.readouterr().out


def test_a_year_by_itself_can_be_verified(years):
    assert main(["verify", str(years / "2027")]) == 0


def test_a_year_that_was_rolled_back_or_forged_is_found(lab, years):
    old = years / "2026"
    shutil.rmtree(old)
    ledger = lab.open(old)
    ledger.close()
    assert main(["verify", str(lab.home)]) == 2
    ledger = lab.open(old)
    ledger.append([{"type": "b"}] * 5)
    ledger.close()
    assert main(["verify", str(lab.home)]) == 1


def test_only_ledgers_of_the_same_node_and_key_precede(lab, years):
    assert predecessor(years / "2029", "bastion/prod/node-1/2029", lab.key).origin.endswith("2028")
    assert predecessor(years / "2029", "bastion/prod/node-2/2029", lab.key) is None
    assert predecessor(years / "2029", "bastion/prod/node-1/2029", SigningKey.generate()) is None
    assert predecessor(years / "2025", "bastion/prod/node-1/2025", lab.key) is None
