"""Factors: the longest end of a text that stands in a form."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.factors import Factors, grouped
from bastion.core.masking.forms import Form

WORDS = st.lists(st.sampled_from(b"abc"), max_size=20).map(bytes)


@given(st.lists(WORDS.filter(lambda word: len(word) > 4), min_size=1, max_size=3), WORDS, st.integers(4, 12))
@settings(max_examples=150, deadline=None)
def test_the_longest_suffix_is_found(words, text, limit) -> None:
    factors = Factors([Form("k", word, 6, 3) for word in words], 3)
    ends = [n for n in range(4, min(limit, len(text)) + 1) if any(text[-n:] in word for word in words)]
    assert factors.suffix(text, limit) == max(ends, default=0)


def test_forms_are_grouped_by_what_they_show_and_hidden_in_representations() -> None:
    groups = grouped([Form("a", b"secret-one", 6, 2), Form("b", b"secret-two-longer", 12, 4)])
    assert [group.shown for group in groups] == [2, 4]
    assert "secret" not in repr(groups)
