"""Screens: what sequences do, and which are stripped."""

from __future__ import annotations

import pytest

from bastion.core.masking.screen import Fate, Screen
from bastion.core.masking.vt import Parser


def _drawn(data: str, cols: int = 10, rows: int = 4) -> Screen:
    screen = Screen(cols, rows)
    for token in Parser().feed(data.encode()):
        screen.apply(token)
    return screen


def _rows(data: str, **size: int) -> list[str]:
    screen = _drawn(data, **size)
    return [screen.grid.text(y) for y in range(screen.grid.rows)]


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ("abc\r\ndef", ["abc", "def", "", ""]),
        ("0123456789X", ["0123456789", "X", "", ""]),
        ("123456789漢", ["123456789", "漢", "", ""]),
        ("漢字\x1b[1;2Hx", [" x字", "", "", ""]),
        ("e\u0301a\u200bb", ["eab", "", "", ""]),
        ("abc\x1b[1;2H\x1b[2@", ["a  bc", "", "", ""]),
        ("abcdef\x1b[1;2H\x1b[2P", ["adef", "", "", ""]),
        ("a\r\nb\r\nc\r\nd\r\ne", ["b", "c", "d", "e"]),
        ("a\r\nb\r\nc\x1b[1;2r\x1b[2;1H\n", ["b", "", "c", ""]),
        ("main\x1b[?1049h\x1b[Halt\x1b[?1049l", ["main", "", "", ""]),
        ("ab\x1b[3bc", ["abbbbc", "", "", ""]),
        ("\x1b(0qx\x1b(Bq", ["─│q", "", "", ""]),
        ("\x1b[?69h\x1b[1;3s\x1b[1;1Habcde", ["abc", "de", "", ""]),
        ("a\tb", ["a       b", "", "", ""]),
        ("x\x1b[2S", ["", "", "", ""]),
        ("abc\x1bcd", ["d", "", "", ""]),
    ],
)
def test_the_cells_are_what_xterm_shows(data: str, rows: list[str]) -> None:
    assert _rows(data) == rows


@pytest.mark.parametrize(
    "data", ["\x1b]52;c;eA==\x07", "\x1bPq\x1b\\", "\x1b[i", "\x1b[?12345h", "\x1b[21t", "\x1b%G", "\x1b[2b"]
)
def test_what_is_not_in_a_table_is_stripped(data: str) -> None:
    (token,) = Parser().feed(data.encode())
    assert Screen(10, 4).apply(token) is Fate.STRIPPED


def test_a_soft_wrap_is_remembered_and_a_line_feed_is_not_one() -> None:
    assert [row.wraps for row in _drawn("0123456789X").grid.lines] == [10, 0, 0, 0]
    assert not any(row.wraps for row in _drawn("01234\r\nX").grid.lines)


@pytest.mark.parametrize(("clear", "at"), [("", 16), ("0", 16), ("1", 8), ("2", 8), ("3", 39)])
def test_only_the_stop_here_or_every_stop_is_cleared(clear: str, at: int) -> None:
    screen = Screen(40, 4)
    for token in Parser().feed(f"\t\x1b[{clear}g\x08\t".encode()):
        screen.apply(token)
    assert screen.grid.x == at


def test_a_clone_is_a_screen_of_its_own() -> None:
    first = _drawn("abc")
    second = first.clone()
    assert first.same(second)
    second.grid.draw("d")
    assert not first.same(second)
    assert first.grid.text(0) == "abc"


def test_sizes_are_bounded() -> None:
    grid = Screen(100_000, 100_000).grid
    assert (grid.cols, grid.rows) == (1000, 500)
