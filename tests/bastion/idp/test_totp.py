"""Rules of one-time codes."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bastion.idp import totp

RFC_SEED = base64.b32encode(b"12345678901234567890").decode()
# RFC 6238 appendix B, the SHA-1 rows, cut to six digits
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.mark.parametrize(("now", "code"), VECTORS.items())
def test_the_codes_are_those_of_the_rfc(now, code):
    assert totp.matching_step(RFC_SEED, code, now, -1) == now // 30


@pytest.mark.parametrize(
    ("drift", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_one_step_before_and_after_counts_and_no_more(drift, accepted):
    code = pyotp.TOTP(RFC_SEED).at(1111111111 + drift)
    step = totp.matching_step(RFC_SEED, code, 1111111111, -1)
    assert step == ((1111111111 + drift) // 30 if accepted else None)


def test_a_code_opens_nothing_twice_nor_does_an_older_one():
    now = 1111111111
    step = totp.matching_step(RFC_SEED, VECTORS[now], now, -1)
    assert totp.matching_step(RFC_SEED, VECTORS[now], now, step) is None
    assert totp.matching_step(RFC_SEED, pyotp.TOTP(RFC_SEED).at(now - 30), now, step) is None
    assert totp.matching_step(RFC_SEED, pyotp.TOTP(RFC_SEED).at(now + 30), now, step) == step + 1


@pytest.mark.parametrize(
    "code", ["", "05047", "0504711", "05O471", "٠٥٠٤٧١", "+50471", "-1", "050471\n0", "None"]
)
def test_only_six_ascii_digits_are_a_code(code):
    assert totp.matching_step(RFC_SEED, code, 1111111111, -1) is None


def test_the_gap_that_apps_print_may_be_typed():
    assert totp.matching_step(RFC_SEED, "050 471", 1111111111, -1) == 1111111111 // 30


@given(st.integers(0, 2**33), st.integers(0, 999_999), st.integers(-1, 2**29))
def test_an_accepted_step_is_new_near_and_its_codes_own(now, number, last):
    step = totp.matching_step(RFC_SEED, f"{number:06}", now, last)
    if step is not None:
        assert step > last
        assert abs(step - now // 30) <= 1
        assert pyotp.TOTP(RFC_SEED).generate_otp(step) == f"{number:06}"


def test_every_step_is_compared_in_constant_time_even_after_a_match(monkeypatch):
    compared = []
    monkeypatch.setattr(totp.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or a == b)
    totp.matching_step(RFC_SEED, pyotp.TOTP(RFC_SEED).at(1111111081), 1111111111, -1)
    assert len(compared) == 3


def test_seeds_are_160_random_bits():
    seeds = {totp.new_seed() for _ in range(50)}
    assert len(seeds) == 50
    assert {len(base64.b32decode(seed)) for seed in seeds} == {20}


def test_the_provisioning_address_says_what_apps_need():
    seed = totp.new_seed()
    parts = urlsplit(totp.provisioning_uri(seed, "alice@example.org"))
    assert (parts.scheme, parts.netloc, unquote(parts.path)) == (
        "otpauth",
        "totp",
        "/bastion:alice@example.org",
    )
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert query["secret"] == seed
    assert query["issuer"] == "bastion"
    assert query.get("algorithm", "SHA1") == "SHA1"
    assert query.get("digits", "6") == "6"
    assert query.get("period", "30") == "30"


def test_the_first_four_failures_cost_nothing():
    assert [totp.locked_until(count, 1000) for count in range(5)] == [0] * 5


def test_from_the_fifth_failure_the_wait_doubles_up_to_a_day():
    waits = [totp.locked_until(count, 1000) - 1000 for count in range(5, 9)]
    assert waits == [30, 60, 120, 240]
    assert totp.locked_until(10**9, 1000) == 1000 + 24 * 3600


@given(st.integers(5, 200), st.integers(0, 2**33))
def test_one_more_failure_never_shortens_the_wait(count, at):
    assert at < totp.locked_until(count, at) <= totp.locked_until(count + 1, at)


def test_a_year_of_guessing_at_the_allowed_rate_is_hopeless():
    at, guesses, end = 0, 0, 365 * 24 * 3600
    while at < end:
        guesses += 1
        at = max(at, totp.locked_until(guesses, at))
    chance = guesses * 3 / 10**6  # three steps are accepted at a time
    assert chance < 0.01
