"""Looks: no meaning by colour alone, one column an icon, xterm's colours, times as people read them."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from recorder.marks import Kind
from recorder.screen import Pen
from tui.player.looks import BACKGROUND, FOREGROUND, LOOKS, clock, rgb, style


def test_every_kind_has_its_own_icon_and_word():
    assert set(LOOKS) == set(Kind)
    assert (
        len({look.icon for look in LOOKS.values()})
        == len({look.word for look in LOOKS.values()})
        == len(LOOKS)
    )
    assert all(cell_len(look.icon) == 1 for look in LOOKS.values())


@pytest.mark.parametrize(
    ("seconds", "short", "long"),
    [
        (0, "00:00", "00:00.0"),
        (9.96, "00:09", "00:09.9"),
        (61.5, "01:01", "01:01.5"),
        (3723, "1:02:03", "1:02:03.0"),
    ],
)
def test_a_time_is_minutes_and_seconds_and_never_rounds_up(seconds, short, long):
    assert (clock(seconds), clock(seconds, tenths=True)) == (short, long)


@pytest.mark.parametrize(
    ("colour", "expected"),
    [(16, (0, 0, 0)), (231, (255, 255, 255)), (196, (255, 0, 0)), (232, (8, 8, 8)), (255, (238, 238, 238))],
)
def test_colours_from_16_on_are_those_of_xterm(colour, expected):
    assert rgb(colour, FOREGROUND) == expected


def test_black_is_a_colour_and_none_is_the_terminals_own():
    assert rgb((0, 0, 0), FOREGROUND) == (0, 0, 0)
    assert rgb(None, FOREGROUND) == FOREGROUND


def test_inverse_swaps_and_blinking_does_not_blink():
    drawn = style(Pen(inverse=True, blink=True))
    assert tuple(drawn.color.triplet) == BACKGROUND
    assert tuple(drawn.bgcolor.triplet) == FOREGROUND
    assert (drawn.blink, drawn.bold) == (None, True)
