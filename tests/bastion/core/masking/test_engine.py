"""Engines: Hyperscan and plain Python give the same answers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.engine import PlainSeeker, seeker

TEXT = st.lists(st.sampled_from(b"abAB01-"), max_size=80).map(bytes)


@given(st.lists(TEXT.filter(bool), min_size=1, max_size=6, unique=True), TEXT, st.booleans())
@settings(max_examples=150, deadline=None)
def test_literals_are_found_alike(literals, text, caseless) -> None:
    fast = seeker(literals, caseless=caseless)
    assert fast.seek(text) == PlainSeeker(literals, caseless=caseless).seek(text)


def test_expressions_are_found_alike() -> None:
    fast = seeker([b"abc"], [b"[0-9]{3}-[0-9]{2}"], caseless=True)
    slow = PlainSeeker([b"abc"], [b"[0-9]{3}-[0-9]{2}"], caseless=True)
    text = b"xABC 123-45 and 9123-456 abcabc"
    assert fast.seek(text) == slow.seek(text) != []


def test_a_second_search_starts_afresh() -> None:
    fast = seeker([b"abc"])
    assert fast.seek(b"abc") == [(3, 0)]
    assert fast.seek(b"xyz") == []
