"""Ranges of payment cards."""

from __future__ import annotations

import pytest

from bastion.core.masking.cards import FIRST_DIGITS, RANGES, is_issued


@pytest.mark.parametrize(
    "number", ["4" * 16, "4" * 13, "34" + "0" * 13, "2221" + "0" * 12, "62" + "0" * 17, "6011" + "0" * 12]
)
def test_numbers_of_the_schemes_are_issued(number) -> None:
    assert is_issued(number)


@pytest.mark.parametrize(
    "number",
    ["4" * 14, "1" * 16, "2220" + "0" * 12, "2721" + "0" * 12, "34" + "0" * 14, "68" + "0" * 14, "70" * 8],
)
def test_other_ranges_and_lengths_are_not(number) -> None:
    assert not is_issued(number)


def test_the_ranges_are_of_equal_length_at_both_ends_and_start_with_the_listed_digits() -> None:
    assert all(len(low) == len(high) and low <= high and lengths for low, high, lengths in RANGES)
    assert {low[0] for low, _, _ in RANGES} == set(FIRST_DIGITS)
