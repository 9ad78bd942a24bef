"""Rows: what printing, shifting and cutting leave of wide and joined characters."""

from __future__ import annotations

import pytest

from bastion.core.masking.rendition import PLAIN, Pen
from bastion.core.masking.row import Row, cells, runs

RED = Pen(fg="31")


def _row(text: str, cols: int = 10) -> Row:
    row = Row(" " * cols, [PLAIN] * cols)
    at = 0
    for char in text:
        if char == "漢":
            row.put_wide(at, char, PLAIN)
            at += 2
        else:
            row.put(at, char, PLAIN)
            at += 1
    return row


@pytest.mark.parametrize("at", [1, 2])
def test_half_of_a_wide_character_that_is_overwritten_leaves_a_blank(at) -> None:
    row = _row("a漢b")
    row.put(at, "x", RED)
    assert row.shown == ("ax b", "a xb")[at - 1]
    assert row.pens[at] is RED


def test_shifting_cuts_wide_characters_at_the_edge_and_at_the_cursor() -> None:
    row = _row("abcdefgh漢")
    row.insert(0, 1, 10, PLAIN)
    assert row.shown == " abcdefgh"
    row = _row("a漢bc")
    row.delete(2, 1, 10, PLAIN)
    assert row.shown == "a bc"


def test_what_joins_a_cell_is_drawn_with_it_but_not_read() -> None:
    row = _row("ae")
    row.join(1, "\u0301")
    assert (row.cell(1), row.shown) == ("e\u0301", "ae")
    row.put(1, "x", PLAIN)
    assert row.cell(1) == "x"


def test_a_copy_is_a_row_of_its_own() -> None:
    row = _row("abc")
    other = row.copy()
    other.put(0, "x", RED)
    assert (row.shown, other.shown, row.pens[0]) == ("abc", "xbc", PLAIN)
    assert row != other


def test_text_is_measured_by_cells() -> None:
    assert runs("ab漢é") == [("ab", ""), ("", "漢"), ("é", "")]
    assert cells("ab漢é\u0301") == 5


def test_borders_are_known_until_the_row_changes() -> None:
    row = _row("")
    row.put(3, "│", PLAIN)
    assert row.borders == (3,)
    row.put(3, "x", PLAIN)
    assert row.borders == ()
