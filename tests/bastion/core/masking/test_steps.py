"""The pattern language: linear, and strict about what it accepts."""

from __future__ import annotations

import re

import pytest

from bastion.core.masking.steps import MANY, Step, gate, mandatory, steps


def test_a_pattern_becomes_steps() -> None:
    assert steps(rb"k[:=](\w{2,}x?)") == (
        Step(b"k", 1, 1, secret=False),
        Step(b"[:=]", 1, 1, secret=False),
        Step(rb"\w", 2, MANY, secret=True),
        Step(b"x", 0, 1, secret=True),
    )


@pytest.mark.parametrize(
    "bad", [b"(a", b"a)", b"((a))", b"(a)+", b"*a", b"abc", b"(a|b){2}", b"[a", rb"(\ba)", b"([z-a])"]
)
def test_what_is_not_linear_is_refused(bad: bytes) -> None:
    with pytest.raises(ValueError, match="pattern"):
        steps(bad)


def test_a_step_takes_no_more_than_its_most() -> None:
    step = steps(rb"(\d{2,4})")[0]
    assert step.take(b"123456", 0, 0) == 4
    assert step.take(b"123456", 2, 3) == 3
    assert step.take(b"x", 0, 0) == 0


def test_the_last_mandatory_step_is_known() -> None:
    assert mandatory(steps(rb"(a)b?c*")) == 0
    assert mandatory(steps(rb"a?(b+)c?")) == 1


def test_a_quoted_step_takes_escaped_pairs_and_waits_for_the_second_byte() -> None:
    step = steps(rb"(\q*)")[0]
    assert step.take(rb'ab\"cd" x', 0, 0) == 6
    assert step.take(rb"it's", 0, 0) == 4
    assert step.waits(b"ab\\", 2)
    assert not step.waits(b"ab", 2)
    assert steps(rb"(\a*)")[0].take(rb"it\'s' x", 0, 0) == 5


def test_a_gate_accepts_what_may_become_a_match_and_nothing_else() -> None:
    row = steps(rb"[ ]{0,2}=(\d{3,5})x*")
    opens = re.compile(gate(row[: mandatory(row) + 1]))
    assert all(opens.match(text) for text in (b"", b" ", b"=", b"  =12", b"=123", b"=123y"))
    assert not any(opens.match(text) for text in (b"   =123", b"a", b"=x", b"=12x", b" 1"))
