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
        (v.luhn, b"378282246310005", b"6800000000000009"),
        (v.luhn, b"4242424242424242", b"5452545354545459"),
        (v.digits, b"12-345678", b"2026-11-22"),
        (v.no_placeholder, b"changeme", b"${PW}"),
        (v.no_placeholder, b"$2b$10$abc", b"$DB_PASSWORD"),
        (v.no_placeholder, b"y", b"xxxx"),
        (v.no_code, b"hunter2", b"getpass("),
        (v.no_code, b"Secret(1", b"self.token"),
        (v.no_code, b"abc[def", b"Optional[str"),
        (v.no_metavariable, b"Hunter", b"TOKEN_FILE"),
        (v.no_port, b"pa/ss", b"8080/x"),
        (v.no_count, b"1234", b"12"),
        (v.login, b"dXNlcjpwYXNzdzByZA==", b"kubernetes"),
        (v.credential, b"s3cr3t", b"is bad"),
        (v.entropy, b"0f1e2d3c4b5a69788796a5b4", b"aaaaaaaaaaaaaaaa1"),
        (v.dense, b"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4B", b"0f1e2d3c4b5a69788796a5b40f1e2d3c"),
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


VALUES = (
    b"hunter2-x", b"$2b$10$abc", b"$DB", b"${PW}", b"getpass(", b"self.token", b"Optional[str]", b"null", b"nullify",
    b"8080/x", b"12", b"1234", b"is bad", b"TOKEN", b"TOKEN-1", b"****", b"<x>", b"%s", b"%s5", b":pw", b"a.b.c(",
)  # fmt: skip


@pytest.mark.parametrize(
    "name", ["no_placeholder", "no_code", "no_count", "no_metavariable", "credential", "mixed"]
)
@pytest.mark.parametrize("value", VALUES)
def test_a_verdict_that_is_given_early_is_the_verdict_at_the_end(name, value) -> None:
    check = getattr(v, name)
    early = [check(value[:size], False) for size in range(1, len(value) + 1)]
    assert {verdict for verdict in early if verdict is not None} <= {check(value, True)}


def test_every_iban_country_has_a_possible_length() -> None:
    assert all(15 <= length <= 34 and len(code) == 2 for code, length in v.IBAN_LENGTHS.items())
