"""Validators: what a shape promises."""

from __future__ import annotations

import pytest

from bastion.core.masking import validators as v


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (v.luhn, b"4242424242424242", b"4242424242424241"),
        (v.ssn, b"078051120", b"666051120"),
        (v.iban, b"GB82WEST12345698765432", b"GB82WEST12345698765433"),
        (v.aba, b"021000021", b"021000022"),
        (v.no_placeholder, b"hunter2", b"null"),
        (v.mixed, b"abc123", b"abcdef"),
    ],
)
def test_a_good_value_passes_and_a_bad_one_fails(check, good: bytes, bad: bytes) -> None:
    assert check(good, True) is True
    assert check(bad, True) is False


@pytest.mark.parametrize("check", [v.luhn, v.ssn, v.iban, v.aba])
def test_checksums_wait_for_the_end(check) -> None:
    assert check(b"4242", False) is None


def test_a_value_is_decided_as_soon_as_it_is_no_keyword() -> None:
    assert v.no_placeholder(b"nul", False) is None
    assert v.no_placeholder(b"nulx", False) is True
    assert v.no_placeholder(b"****", False) is None


def test_every_iban_country_has_a_possible_length() -> None:
    assert all(15 <= length <= 34 and len(code) == 2 for code, length in v.IBAN_LENGTHS.items())
