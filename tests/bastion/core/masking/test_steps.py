"""The pattern language: linear, and strict about what it accepts."""

from __future__ import annotations

import pytest

from bastion.core.masking.steps import MANY, Step, mandatory, steps


def test_a_pattern_becomes_steps() -> None:
    assert steps(rb"k[:=](\w{2,}x?)") == (
        Step(b"k", 1, 1, secret=False),
        Step(b"[:=]", 1, 1, secret=False),
        Step(rb"\w", 2, MANY, secret=True),
        Step(b"x", 0, 1, secret=True),
    )


@pytest.mark.parametrize("bad", [b"(a", b"a)", b"((a))", b"(a)+", b"*a", b"abc", b"(a|b){2}", b"[a"])
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
