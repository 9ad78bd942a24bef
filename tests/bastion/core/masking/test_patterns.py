"""Patterns: compiled, immutable, extended."""

from __future__ import annotations

import pytest

from bastion.core.masking.patterns import MAX_VALUES, compile_patterns, worth_learning
from bastion.core.masking.scan import find
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


def test_the_same_value_twice_is_one_value() -> None:
    patterns = compile_patterns([FIRST, KnownValue("again", FIRST.value + b"\n")])
    assert {span.source for span in find(patterns, FIRST.value)} == {"first"}


def test_words_are_not_learned_but_tokens_are() -> None:
    assert not worth_learning(b"production")
    assert not worth_learning(b"abc1")
    assert worth_learning(b"qW7-learn-Me_55x")
