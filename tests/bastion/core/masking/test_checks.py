"""Checks of rows: what is wrong with a row is said, in the order of its keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bastion.core.masking.checks import problems
from bastion.core.masking.detector import Detector

GOOD = Detector(
    id="own", title="Own", anchors=(b"own_",), patterns=(rb"(\w{8,})",), positive=(b"own_01234567",), negative=(b"own_0",)
)  # fmt: skip


def test_a_good_row_has_no_problems() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "a--b"}, "id: "),
        ({"title": "a|b"}, "title: "),
        ({"anchors": (b"xy",)}, "anchors: "),
        ({"before": b"a]b"}, "before: "),
        ({"patterns": (b"a",)}, "patterns: "),
        ({"patterns": (b"(a)" * 200,)}, "is longer than"),
        ({"positive": (b"own_1",)}, "is not found"),
        ({"negative": (b"own_01234567",)}, "is found"),
        ({"negative": (b"x" * 5000,)}, "is longer than"),
        ({"first": 6}, "would show"),
        ({"anchors": (b" id=",), "patterns": (rb"([0-9a-f]{4,})",), "positive": (b" id=0a0b",)}, "too broad"),
    ],
)
def test_a_bad_row_is_told_what_is_wrong(changes, said) -> None:
    found = problems(replace(GOOD, **changes))
    assert any(said in each for each in found), found
