"""Lanes: found by pieces, equal to a search of every window."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.forms import Form, window_of
from bastion.core.masking.lane import GAP, Lane

ALPHABET = st.sampled_from(b"abc")
FORMS = st.lists(st.lists(ALPHABET, min_size=12, max_size=40).map(bytes), min_size=1, max_size=3, unique=True)


def _brute(forms: list[Form], text: bytes) -> set[int]:
    """Positions masked by the definition: every factor of a form of its window's length or more."""
    masked: set[int] = set()
    for form in forms:
        for end in range(1, len(text) + 1):
            start = end
            while start and text[start - 1 : end] in form.data:
                start -= 1
            if end - start >= form.window:
                masked |= set(range(start + form.shown, end))
    return masked


@given(FORMS, st.lists(ALPHABET, max_size=60).map(bytes), st.booleans())
@settings(max_examples=200, deadline=None)
def test_runs_cover_exactly_the_forbidden_windows(values, text, plain) -> None:
    forms = [Form("k", value, window_of(len(value)), min(4, window_of(len(value)) // 3)) for value in values]
    lane = Lane(forms, whole=False, plain=plain)
    covered: set[int] = set()
    for start, end, form, _ in lane.runs(text, range(len(text)), lane.seek(text)):
        covered |= set(range(start + form.shown, end))
    assert covered == _brute(forms, text)


@given(FORMS, st.lists(ALPHABET, max_size=60).map(bytes), st.lists(ALPHABET, max_size=20).map(bytes))
@settings(max_examples=150, deadline=None)
def test_what_is_masked_later_was_waiting_before(values, text, more) -> None:
    forms = [Form("k", value, window_of(len(value)), min(4, window_of(len(value)) // 3)) for value in values]
    lane = Lane(forms, whole=False)
    waiting = lane.pending(text, range(len(text)))
    newly = _brute(forms, text + more) - _brute(forms, text)
    assert all(place >= waiting for place in newly)


def test_a_run_ends_at_a_wide_gap() -> None:
    lane = Lane([Form("k", b"abcdefghijkl", 6, 2)], whole=False)
    text = b"abcdefghijkl"
    places = [*range(5), *range(5 + GAP, 12 + GAP)]
    assert lane.runs(text, range(12), lane.seek(text)) == [(0, 12, lane._forms[0], 0)]
    assert lane.runs(text, places, lane.seek(text)) == [(5, 12, lane._forms[0], 5)]


def test_short_values_match_only_as_a_whole() -> None:
    lane = Lane([Form("k", b"hunter2", 7, 2)], whole=True)
    assert lane.runs(b"hunter1", range(7), lane.seek(b"hunter1")) == []
    assert lane.pending(b"say hunte", range(9)) == 6
    assert lane.pending(b"say unter", range(9)) == 9


def test_every_head_at_the_end_is_tested_not_only_the_longest() -> None:
    lane = Lane([Form("a", b"xabcdefghijk", 12, 4), Form("b", b"abcdzz", 6, 2)], whole=True)
    assert lane.pending(b"xabcd", range(5)) == 3
    assert lane.pending(b"xabce", range(5)) == 5
