"""Pace: slices fit a turn, and floods together leave half of the time to the others."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bastion.relay.pace import (
    LIGHT_SECONDS,
    MAX_CONTROLS,
    MAX_SLICE,
    MAX_TURN,
    MIN_SLICE,
    TERMINAL_SLICE,
    TURN_SECONDS,
    Share,
    Slices,
)


@pytest.mark.parametrize(("terminal", "most"), [(True, TERMINAL_SLICE), (False, MAX_SLICE)])
def test_cheap_output_comes_in_large_slices(terminal, most):
    slices = Slices(terminal=terminal)
    assert slices.cut(b"x" * 10 * MAX_SLICE) == most
    assert slices.cut(b"abc") == 3


def test_a_costly_slice_shrinks_the_next_one_at_once_and_growth_is_slow():
    slices, data = Slices(terminal=True), b"x" * MAX_SLICE
    slices.took(TERMINAL_SLICE, 1.0)
    assert slices.cut(data) == MIN_SLICE
    sizes = []
    for _ in range(4):
        slices.took(slices.cut(data), 0.0)
        sizes.append(slices.cut(data))
    assert sizes == [MIN_SLICE * 2, MIN_SLICE * 4, MIN_SLICE * 8, MIN_SLICE * 16]


def test_a_short_piece_says_nothing_of_a_long_one():
    slices = Slices(terminal=False)
    slices.took(10, TURN_SECONDS / 2)
    assert slices.cut(b"x" * MAX_SLICE) == MAX_SLICE


@given(st.lists(st.sampled_from([b"\n", b"\x1bM", b"\r", b"x", b"long text ", "é".encode()]), max_size=3000))
def test_on_a_terminal_a_slice_holds_few_controls_and_nothing_is_lost(parts):
    data, taken, slices = b"".join(parts), b"", Slices(terminal=True)
    rest = data
    while rest:
        piece, rest = rest[: slices.cut(rest)], rest[slices.cut(rest) :]
        assert len(piece) > 0
        assert sum(byte < 0x20 for byte in piece) <= MAX_CONTROLS
        taken += piece
    assert taken == data


class Clock:
    """Time that passes only when somebody sleeps or works."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(asyncio, "sleep", self.sleep)

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += max(0.0, seconds)


@pytest.mark.parametrize("floods", [1, 3, 20])
async def test_floods_together_take_half_of_the_time_however_many(monkeypatch, floods):
    clock = Clock(monkeypatch)
    share, begun, worked = Share(clock), clock.now, 0.0
    for _ in range(30):
        for _ in range(floods):
            await share.turn(TURN_SECONDS)
            clock.now += TURN_SECONDS
            worked += TURN_SECONDS
            share.took(TURN_SECONDS)
    assert worked <= 0.51 * (clock.now - begun)


async def test_a_turn_that_took_longer_than_planned_is_rested_for(monkeypatch):
    clock = Clock(monkeypatch)
    share = Share(clock)
    share.took(0.2)
    await share.turn(TURN_SECONDS)
    assert clock.now == pytest.approx(100.2)


async def test_light_work_never_waits(monkeypatch):
    clock = Clock(monkeypatch)
    share = Share(clock)
    share.took(MAX_TURN)
    await share.turn(LIGHT_SECONDS)
    assert clock.now == 100.0


async def test_no_turn_makes_the_others_wait_for_ever(monkeypatch):
    clock = Clock(monkeypatch)
    share = Share(clock)
    await share.turn(3600.0)
    share.took(3600.0)
    await share.turn(TURN_SECONDS)
    assert clock.now <= 100.0 + 2 * MAX_TURN
