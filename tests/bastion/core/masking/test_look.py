"""Looking at screens: joined rows, panes, what waits at the cursor."""

from __future__ import annotations

import pytest

from bastion.core.masking.look import examine, hide
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.screen import Screen
from bastion.core.masking.vt import Parser
from bastion.model.masks import KnownValue

VALUE = "Tz5-wallet_Rk8qM3vX"
PATTERNS = compile_patterns([KnownValue("k", VALUE.encode())])


def _screen(data: str, cols: int = 30, rows: int = 6) -> Screen:
    screen = Screen(cols, rows)
    for token in Parser().feed(data.encode()):
        screen.apply(token)
    return screen


def _hidden(data: str, **size: int) -> list[str]:
    screen = _screen(data, **size)
    hide(screen.grid, examine(PATTERNS, screen.grid, final=True))
    return [screen.grid.text(y) for y in range(screen.grid.rows) if screen.grid.text(y)]


def test_a_secret_across_a_soft_wrap_is_hidden_in_both_rows() -> None:
    assert _hidden("x" * 22 + VALUE) == ["x" * 22 + "Tz5*****", "*" * 11]


def test_pieces_in_a_pane_are_joined_within_the_pane() -> None:
    rows = "".join(f"{VALUE[i : i + 5]}│ right {i}\r\n" for i in range(0, 15, 5))
    assert _hidden(rows) == ["Tz5**│ right 0", "*****│ right 5", "*****│ right 10"]


@pytest.mark.parametrize("start", ["", "漢字 ", "é "])
def test_lines_that_end_without_a_return_are_read_as_lines(start) -> None:
    shown = _hidden(f"{start}{'x' * 40}\npassword: |\n  hunter2-x\nok", cols=80)
    assert shown[1].endswith(" password: |")
    assert shown[2].strip() == "*" * 9
    assert shown[3].strip() == "ok"


def test_a_line_that_wraps_between_its_blanks_is_read_as_a_line() -> None:
    shown = _hidden(f"{'x' * 53}\n- name: DB_PASSWORD\n          value: hunter2-x\nok", cols=80)
    assert shown[-2:] == ["  value: *********", " " * 18 + "ok"]


def test_wide_glyphs_are_hidden_at_their_width() -> None:
    wide = compile_patterns([KnownValue("w", "秘密の鍵は九七五二番".encode())])
    screen = _screen("a秘密の鍵は九七五二番b")
    hide(screen.grid, examine(wide, screen.grid, final=True))
    assert screen.grid.text(0) == "a秘密" + "*" * 16 + "b"


def test_a_beginning_at_the_cursor_waits_unless_the_output_ended() -> None:
    screen = _screen("go Tz5-wal")
    waiting = examine(PATTERNS, screen.grid, final=False)
    assert waiting.waiting == ((0, 6, 10),)
    assert examine(PATTERNS, screen.grid, final=True).clear


@pytest.mark.parametrize("rows", [1, 6])
def test_a_context_that_ends_at_the_cursor_waits_for_what_follows_not_for_the_line_end(rows) -> None:
    screen = _screen("amqp://u:p%40ss", rows=rows)
    assert examine(PATTERNS, screen.grid, final=False).waiting == ((0, 9, 15),)


def test_blanks_before_the_cursor_are_text() -> None:
    assert examine(PATTERNS, _screen("4111 1111 ").grid, final=False).waiting == ((0, 7, 9),)


def test_a_blank_where_a_row_wraps_is_text() -> None:
    grid = _screen("x" * 20 + " password hunter2-x\r\n", cols=30).grid
    assert grid.lines[0].flow == b"x" * 20 + b" password "
    assert grid.lines[1].flow == b"hunter2-x\n"


def test_the_cell_that_a_wide_character_leaves_free_is_no_text() -> None:
    assert _screen("abc漢", cols=4).grid.lines[0].flow == b"abc"


def test_a_beginning_with_other_text_below_waits_only_at_the_cursor() -> None:
    assert examine(PATTERNS, _screen("Tz5-wal\r\nnext").grid, final=False).clear
