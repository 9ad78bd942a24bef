"""Times and ages as kubectl shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bastion.demo import clock

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (600, "10m"),
        (10800, "3h"),
        (172800, "2d"),
        (-5, "0s"),
    ],
)
def test_ages_are_short(passed, text):
    assert clock.age(clock.seconds(MOMENT), MOMENT + timedelta(seconds=passed)) == text


def test_the_three_forms():
    assert clock.seconds(MOMENT) == "2026-01-02T03:04:05Z"
    assert clock.micros(MOMENT) == "2026-01-02T03:04:05.000678Z"
    assert clock.nanos(MOMENT) == "2026-01-02T03:04:05.000678000Z"
    assert clock.now().tzinfo is UTC
