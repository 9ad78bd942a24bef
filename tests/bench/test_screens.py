"""The bench of the screens runs and has a row for every figure."""

from __future__ import annotations

import pytest

from tests.bench.screens import FOLDER, measure


@pytest.fixture(scope="module")
def rows():
    return measure(1)


def test_every_recording_has_a_rate_and_a_ratio(rows) -> None:
    rates = {name: ratio for name, figure, unit, ratio in rows if unit == "MB/s" and figure > 0}
    assert {path.stem for path in FOLDER.glob("*.json")} <= rates.keys()
    assert all(rates.values())


def test_redraw_echo_and_memory_are_measured(rows) -> None:
    assert [unit for _, figure, unit, _ in rows if unit != "MB/s" and figure > 0] == ["ms", "µs", "µs", "KiB"]
