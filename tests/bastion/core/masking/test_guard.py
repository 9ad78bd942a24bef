"""The guard of a terminal: bytes in the order of sending, and behind a screen's text."""

from __future__ import annotations

import pytest

from bastion.core.masking.guard import Guard
from bastion.core.masking.pair import Pair
from bastion.core.masking.patterns import compile_patterns
from bastion.model.masks import KnownValue

VALUE = b"Kx7vQp2mR9zT4wLs"
PATTERNS = compile_patterns([KnownValue("k", VALUE)])


def _guard(sent: bytes, screen: bytes) -> Guard:
    guard, pair = Guard(PATTERNS), Pair(PATTERNS)
    guard.feed(sent)
    pair.feed(screen)
    guard.append(pair)
    return guard


@pytest.mark.parametrize(("sent", "screen"), [(VALUE[:7], b"x"), (b"some more than x", VALUE[:7])])
def test_what_follows_is_read_behind_what_was_sent_and_behind_the_screen(sent, screen) -> None:
    reading = _guard(sent, screen).feed(VALUE[7:] + b"\n")
    assert (max(high for _, high, _ in reading.covers), reading.end) == (len(sent) + 9, len(sent) + 10)


@pytest.mark.parametrize(("sent", "screen"), [(VALUE[:3], b"x"), (b"some more than x", VALUE[:3])])
def test_what_waits_in_either_reading_waits(sent, screen) -> None:
    guard = _guard(sent, screen)
    assert guard.feed(VALUE[3:6]).hold < guard.end
    assert guard.waits
    assert not guard.quiet
    assert guard.feed(b"!").hold == guard.end
    assert not guard.waits


def test_one_reading_remains_when_both_remember_the_same() -> None:
    guard = _guard(b"one", b"another")
    assert len(guard._pairs) == 2
    for _ in range(40):
        guard.feed(b"nothing to be seen here\n")
    assert len(guard._pairs) == 1


def test_a_screen_ends_the_second_reading_and_a_copy_keeps_its_own() -> None:
    guard = _guard(b"x", VALUE[:7])
    other = guard.copy()
    guard.draw()
    assert not guard.feed(VALUE[7:13] + b"\n").covers
    assert other.feed(VALUE[7:13] + b"\n").covers
    assert (guard.end, other.end) == (8, 8)
