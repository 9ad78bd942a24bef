"""Grids: sharing rows, and what is fresh."""

from __future__ import annotations

from bastion.core.masking.grid import Grid


def test_a_clone_shares_rows_until_one_of_the_two_changes_them() -> None:
    first = Grid(10, 3)
    first.draw("abc")
    second = first.clone()
    assert second.lines[0] is first.lines[0]
    first.draw("d")
    assert (first.text(0), second.text(0)) == ("abcd", "abc")
    second.draw("x")
    assert (first.text(0), second.text(0)) == ("abcd", "abcx")


def test_only_drawn_cells_are_fresh_and_they_move_with_their_row() -> None:
    grid = Grid(10, 3)
    grid.x, grid.y = 2, 1
    grid.draw("abc")
    assert grid.is_fresh(1, 4, 5)
    assert not grid.is_fresh(1, 0, 2)
    grid.erase(2, 0, 10)
    assert not grid.is_fresh(2)
    grid.scroll(1)
    assert grid.is_fresh(0, 2, 3)
    assert not grid.is_fresh(1)


def test_filling_refuses_what_needs_a_look_and_then_does_nothing() -> None:
    grid = Grid(10, 3)
    assert grid.fill("0123456789")
    assert grid.pending
    assert not grid.fill("x")
    grid.x, grid.pending = 4, False
    assert not grid.fill("over")
    assert not grid.fill("é")
    assert grid.text(0) == "0123456789"
    grid.fresh.clear()
    assert grid.fill("over")
    assert grid.text(0) == "0123over89"
