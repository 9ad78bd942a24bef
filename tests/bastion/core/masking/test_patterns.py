"""Patterns: compiled, immutable, extended."""

from __future__ import annotations

import random

import pytest

from bastion.core.masking import patterns as patterns_module
from bastion.core.masking.forms import MAX_VALUE
from bastion.core.masking.lessons import MAX_LESSONS
from bastion.core.masking.patterns import MAX_LEAVES, MAX_VALUES, compile_patterns, worth_learning
from bastion.core.masking.scan import find
from bastion.core.masking.stream import StreamMasker
from bastion.model.masks import KnownValue

FIRST = KnownValue("first", b"Zq8-first-Value-17")
SECOND = KnownValue("second", b"Wm3-other-Thing-55")


def test_extending_adds_values_and_leaves_the_old_patterns_alone() -> None:
    old = compile_patterns([FIRST])
    new = old.extended([SECOND])
    assert find(old, SECOND.value) == ()
    assert {span.source for span in find(new, FIRST.value + b" | " + SECOND.value)} == {"first", "second"}


def test_weak_values_are_reported_by_reference() -> None:
    patterns = compile_patterns([KnownValue("weak", b"root"), FIRST])
    assert patterns.uncovered == ("weak",)
    assert find(patterns, b"root") == ()


def test_too_many_values_are_refused() -> None:
    with pytest.raises(ValueError, match="more than"):
        compile_patterns([FIRST] * (MAX_VALUES + 1))


@pytest.mark.parametrize(("size", "window"), [(4096, 12), (40_000, 12), (65_536, 15), (1_048_576, 135)])
def test_a_large_value_is_masked_wherever_it_is_cut(size, window) -> None:
    value = random.Random(size).randbytes(size // 2).hex().encode()
    patterns = compile_patterns([KnownValue("k", value)], detectors=())
    for start in range(0, size - window, size // 7):
        text = b"<" + value[start : start + window] + b">"
        assert [span.source for span in find(patterns, text)] == ["k"]
        assert sum(span.end - span.start for span in find(patterns, text)) == window - 4


def test_what_cannot_be_covered_is_refused_and_never_left_out(monkeypatch) -> None:
    with pytest.raises(ValueError, match="bytes"):
        compile_patterns([KnownValue("k", b"x7-Q" * (MAX_VALUE // 4 + 1))])
    leaves = b"[%s]" % b",".join(b'"leaf-%06d"' % number for number in range(MAX_LEAVES))
    with pytest.raises(ValueError, match="parts"):
        compile_patterns([KnownValue("k", leaves)])
    monkeypatch.setattr(patterns_module, "MAX_LITERALS", 100)
    with pytest.raises(ValueError, match="literals"):
        compile_patterns([FIRST, SECOND])


def test_every_leaf_of_a_large_file_is_looked_for() -> None:
    leaves = [b"leaf-%04d-Zq8x" % number for number in range(400)]
    text = b"[" + b",".join(b'"' + leaf + b'"' for leaf in leaves) + b"]"
    patterns = compile_patterns([KnownValue("k", text)], detectors=())
    assert all(find(patterns, leaf) for leaf in leaves)


def test_learned_values_are_few_and_the_last_ones_stay() -> None:
    masker = StreamMasker(compile_patterns([]))
    values = [random.Random(number).randbytes(10).hex().encode() for number in range(MAX_LESSONS + 5)]
    for value in values:
        masker.feed(b"password=" + value + b"\n", 0.0)
        masker.feed(b"password=" + values[0] + b"\n", 0.0)
    shown = [value in masker.feed(b"now " + value + b" now\n", 0.0).data for value in values]
    assert shown == [False, *[True] * 5, *[False] * (MAX_LESSONS - 1)]


def test_the_same_value_twice_is_one_value() -> None:
    patterns = compile_patterns([FIRST, KnownValue("again", FIRST.value + b"\n")])
    assert {span.source for span in find(patterns, FIRST.value)} == {"first"}


def test_words_are_not_learned_but_tokens_are() -> None:
    assert not worth_learning(b"production")
    assert not worth_learning(b"abc1")
    assert worth_learning(b"qW7-learn-Me_55x")
