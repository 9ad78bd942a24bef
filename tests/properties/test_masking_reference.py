"""The matcher against its definition: the same bytes masked, for any values, text, cut and engine.

What was shown of a value is counted over a text, and when it is too much, more than the definition
says is masked. So exactness is looked at with the budget out of reach, and with the counters on that
nothing the definition masks is shown.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bastion.core.masking import exposure
from bastion.core.masking.forms import forms_of, is_weak
from bastion.core.masking.patterns import Patterns, compile_patterns
from bastion.core.masking.stream import STARS, StreamMasker
from bastion.core.masking.table import ALL
from bastion.model.masks import KnownValue
from tests.properties.reference_matcher import masked

PARTED = ([b"aabaabaabaab9x9x'"], [b"YWFiYWFiYWFiYWFiOXg5eCc="])
FISHED = ([b"aabaabaabaabaac'"], [b"aabaaba"])

_part = st.sampled_from([b"aab", b"aac", b"ab1", b"9x", b"-Q", b"_q", b"'", b" ", b"Zz", b"q7", b"aabaac"])
_value = st.lists(_part, min_size=3, max_size=9).map(b"".join).map(bytes.strip)
VALUES = st.lists(_value.filter(lambda value: not is_weak(value)), min_size=1, max_size=3, unique=True)
_noise = st.sampled_from(
    [b" ", b"\n", b"'", b'"', b"\\", b"\t", b"\x00", b"a", b"aa", b"x", b"9", b"\x1b[31m", b"\x1b[0m", b"-"]
)


@st.composite
def _cases(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """(values, pieces): pieces are parts of forms, of values joined, and noise."""
    values = draw(VALUES)
    forms = [form.data for value in values for form in forms_of("k", value)]
    slices = st.builds(
        lambda form, low, high: form[low % (len(form) + 1) :][: high % 40],
        st.sampled_from([*forms, *values]), st.integers(0, 99), st.integers(0, 99),
    )  # fmt: skip
    coded = st.builds(
        lambda value, lead: base64.b64encode(b"x" * lead + value), st.sampled_from(values), st.integers(0, 2)
    )
    pieces = st.one_of(slices, slices, st.sampled_from(values), coded, _noise)
    return values, draw(st.lists(pieces, min_size=1, max_size=7))


def _patterns(values: list[bytes], *, plain: bool) -> Patterns:
    known = [KnownValue(f"k{number}", value) for number, value in enumerate(values)]
    return compile_patterns(known, detectors=(), plain=plain)


def _mask(patterns: Patterns, pieces: list[bytes]) -> bytes:
    masker = StreamMasker(patterns)
    return b"".join([masker.feed(piece, 0.0).data for piece in pieces]) + masker.close(0.0).data


@contextmanager
def _uncounted() -> Iterator[None]:
    """Whatever is shown of a value, it never becomes strict."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exposure, "budget", lambda symbols: symbols)
        yield


def _defined(values: list[bytes], data: bytes) -> set[int]:
    """What the definition masks: of the values, and of the parts that are values themselves."""
    parts = _patterns(values, plain=True).values
    return masked([forms_of(part.ref, part.value) for part in parts], data)


def _expected(values: list[bytes], data: bytes) -> bytes:
    found = _defined(values, data)
    return bytes(STARS[byte] if place in found else byte for place, byte in enumerate(data))


@given(_cases())
@example(FISHED)
@example(PARTED)
@settings(max_examples=250, deadline=None)
def test_exactly_what_the_definition_says_is_masked(case) -> None:
    values, pieces = case
    data = b"".join(pieces)
    expected = _expected(values, data)
    with _uncounted():
        assert _mask(_patterns(values, plain=True), [data]) == expected
        assert _mask(_patterns(values, plain=False), pieces) == expected


@given(_cases())
@example(FISHED)
@settings(max_examples=120, deadline=None)
def test_with_counters_at_least_what_the_definition_says_is_masked(case) -> None:
    values, pieces = case
    data = b"".join(pieces)
    least = _defined(values, data)
    for plain, cut in ((True, [data]), (False, pieces)):
        sent = _mask(_patterns(values, plain=plain), cut)
        assert len(sent) == len(data)
        for place, (byte, shown) in enumerate(zip(data, sent, strict=True)):
            assert shown == STARS[byte] or (shown == byte and place not in least)


def test_the_counters_mask_more_of_the_example() -> None:
    values, pieces = FISHED
    with _uncounted():
        exact = _mask(_patterns(values, plain=True), pieces)
    counted = _mask(_patterns(values, plain=True), pieces)
    assert counted.count(b"*") > exact.count(b"*")


@given(_cases())
@settings(max_examples=40, deadline=None)
def test_every_split_point_gives_the_same_output(case) -> None:
    values, pieces = case
    data = b"".join(pieces)
    patterns = _patterns(values, plain=True)
    whole = _mask(patterns, [data])
    assert len(whole) == len(data)
    for place in range(1, len(data)):
        assert _mask(patterns, [data[:place], data[place:]]) == whole
    assert _mask(patterns, [bytes([byte]) for byte in data]) == whole


@given(_cases(), st.lists(st.integers(0, 99), max_size=4))
@settings(max_examples=40, deadline=None)
def test_what_left_before_the_end_is_what_leaves_in_the_end(case, cuts) -> None:
    """Nothing that the definition masks in the whole stream stood in clear in any prefix of the output."""
    values, pieces = case
    data = b"".join(pieces)
    expected = _expected(values, data)
    masker, sent = StreamMasker(_patterns(values, plain=True)), b""
    with _uncounted():
        for low, high in pairwise(sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})):
            sent += masker.feed(data[low:high], 0.0).data
            assert expected.startswith(sent)


_rows = st.sampled_from([text for row in ALL for text in (*row.positive, *row.negative)])


@given(_cases(), st.lists(_rows, max_size=3), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_both_engines_mask_alike_with_every_detector(case, examples, step) -> None:
    values, pieces = case
    data = b" ".join([*examples, b"".join(pieces).swapcase()])
    known = [KnownValue(f"k{number}", value) for number, value in enumerate(values)]
    cut = [data[at : at + step] for at in range(0, len(data), step)]
    fast, plain = (_mask(compile_patterns(known, plain=plain), cut) for plain in (False, True))
    assert fast == plain
