"""Screens and parser: as another emulator draws, whatever the table generates; never a fault, never growth."""

from __future__ import annotations

import sys
from typing import Self

import avt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.disputes import forks
from bastion.core.masking.mode_table import MODES
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.screen import Fate, Screen
from bastion.core.masking.sequence_table import TABLE
from bastion.core.masking.sequences import Kind, Use
from bastion.core.masking.terminal import TerminalMasker
from bastion.core.masking.vt import LIMIT, Parser
from bastion.model.masks import KnownValue

COLS, ROWS = 20, 6
VALUE = "Kx7vQp2mR9zT4wLs"
PATTERNS = compile_patterns([KnownValue("k", VALUE.encode())])
_small = st.integers(0, 9)
_wide = st.sampled_from(["漢", "字x", "é", "🙂", "ー", "│"])
_prose = st.text("abc de.", min_size=1, max_size=30)


def _csi(name: str, *numbers: int | str) -> str:
    prefix, final = (name[0], name[1:]) if name[0] in "<=>?" and len(name) > 1 else ("", name)
    return f"\x1b[{prefix}{';'.join(map(str, numbers))}{final}"


def _written(kind: Kind, name: str) -> st.SearchStrategy[str]:
    """Sequences of one row, with parameters that mean something on a small screen."""
    match kind, name:
        case Kind.CONTROL, _:
            return st.just(name)
        case Kind.ESCAPE, _:
            return st.just(f"\x1b{name}")
        case Kind.OSC, _:
            return st.sampled_from([f"\x1b]{name};x\x07", f"\x1b]{name};?\x1b\\"])
        case Kind.STRING, _:
            return st.sampled_from(
                [f"\x1b{name}{text}\x1b\\" for text in ("", "q#0", "tmux;x", "$qm", "+q54", "Gx")]
            )
        case Kind.CSI, "H" | "f" | "r" | "s":
            return st.one_of(
                st.just(_csi(name)), st.builds(lambda a, b: _csi(name, a, b), _small, st.integers(0, 24))
            )
        case Kind.CSI, "J" | "K" | "g":
            return st.builds(lambda n: _csi(name, n), st.integers(0, 3))
        case Kind.CSI, "m":
            return st.builds(lambda *n: _csi(name, *n), st.integers(0, 60), st.integers(0, 60))
        case _:
            return st.one_of(st.just(_csi(name)), st.builds(lambda n: _csi(name, n), _small))


def _rows(*uses: Use) -> list[st.SearchStrategy[str]]:
    return [_written(row.kind, row.name) for row in TABLE.rows if row.use in uses]


def _mode_sets(*uses: Use) -> list[st.SearchStrategy[str]]:
    return [
        st.builds(
            lambda final, mode=mode: f"\x1b[{'?' * mode.private}{mode.number}{final}", st.sampled_from("hl")
        )
        for mode in MODES
        if not {mode.on, mode.off}.isdisjoint(uses)
    ]


MODELLED = st.one_of(*_rows(Use.MODELLED), *_mode_sets(Use.MODELLED))
ANYTHING = st.one_of(*_rows(*Use), *_mode_sets(*Use))
# What the other emulator does in its own way: side margins, LS1 after a restore without a save, wide characters
# while inserting, and a cursor that no longer fits after reset.
OTHERS = {"\x1b8", "\x1b[u", "\x1b[?1048l", "\x1b[?1049l", "\x1b[?1047l", "\x1b[?47l"}


@given(st.lists(st.one_of(MODELLED, MODELLED, _prose, _wide), max_size=25))
@settings(max_examples=600, deadline=None)
def test_our_screen_agrees_with_another_emulator_on_what_the_table_generates(pieces) -> None:
    screen, other = Screen(COLS, ROWS), avt.Vt(COLS, ROWS)
    saved: set[bool] = set()
    for piece in pieces:
        back = piece in OTHERS or (piece[1:2] == "[" and piece[-1] == "u")
        if piece == "\x1b[?69h" or (back and (screen.other is not None) not in saved):
            continue
        if piece in {"\x1b7", "\x1b[s", "\x1b[?1048h", "\x1b[?1049h"}:
            saved.add(screen.other is not None)
        if screen.grid.insert and not piece.isascii():
            continue
        for token in Parser().feed(piece.encode()):
            if not forks(token, screen) and screen.apply(token) is not Fate.STRIPPED:
                other.feed_str(token.raw.decode())
        if piece in {"\x1bc", "\x1b[!p"}:
            saved.clear()
    assert [screen.grid.text(y) for y in range(ROWS)] == [line.text.rstrip() for line in other.view()]
    assert (screen.grid.x, screen.grid.y) == (min(other.cursor.col, COLS - 1), other.cursor.row)


_noise = st.lists(
    st.one_of(
        ANYTHING.map(str.encode), _wide.map(str.encode), st.binary(max_size=12), st.just(VALUE.encode())
    ),
    max_size=40,
)
_sizes = st.sampled_from([(1, 1), (2, 1), (1, 3), (20, 6), (80, 24), (1000, 500)])


@given(_noise.map(b"".join), _sizes, st.integers(1, 97))
@settings(max_examples=250, deadline=None)
def test_hostile_bytes_make_no_fault_and_no_growth(data, size, step) -> None:
    masker = TerminalMasker(PATTERNS, *size)
    out = 0
    for at in range(0, len(data), step):
        out += len(masker.feed(data[at : at + step], float(at)).data)
        if masker.deadline is not None:
            out += len(masker.tick(masker.deadline).data)
    out += len(masker.resize(size[1], size[0], 1e6).data) + len(masker.close(1e6).data)
    assert len(masker._carry) <= LIMIT
    if masker._screens:
        grid = masker._screens._drawn.grid
        assert len(masker._screens._parser._rest) <= LIMIT
        assert (len(grid.lines), len(grid.lines[0].text), len(grid.lines[0].pens)) == (
            grid.rows,
            grid.cols,
            grid.cols,
        )
        assert 0 <= grid.x < grid.cols
        assert 0 <= grid.y < grid.rows


class Steps:
    """Counts Python calls: work that depends on no clock."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Self:
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, _frame: object, event: str, _arg: object) -> None:
        self.count += event in {"call", "c_call"}


HOSTILE = {
    "scroll": b"\x1b[9999S", "repeat": b"a\x1b[9999b", "tabs": b"\x1b[9999I\x1b[9999Z", "align": b"\x1b#8", "clear": b"\x1b[2J",
    "lines": b"\x1b[H\x1b[9999L", "shift": b"\x1b[9999@\x1b[9999P", "marks": "e\u0301".encode() * 20, "wide": "漢".encode() * 20, "alternate": b"\x1b[?1049h\x1b[?1049l",
    "margins": b"\x1b[?69h\x1b[2;9s\x1b[99T", "inside": b"\x1b[1\n\n\n\n1m", "strings": b"\x1b]0;" + b"\x1b" * 20, "pens": b"\x1b[38;2;1;2;3;48;5;9m", "modes": b"\x1b[?6;7;25;1000h",
    "save": b"\x1b7x\x1b8", "random": bytes(range(256)),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_the_work_for_a_byte_does_not_grow_with_what_came_before(name) -> None:
    """The second half of the same bytes costs no more calls than the first."""
    piece = HOSTILE[name]
    half = piece * (2000 // len(piece) + 1)
    masker = TerminalMasker(PATTERNS, 80, 24)
    counts = []
    for _ in range(3):
        with Steps() as steps:
            for at in range(0, len(half), 500):
                masker.feed(half[at : at + 500], 0.0)
        counts.append(steps.count)
    assert counts[2] <= counts[1] * 1.3 + 2000
    assert max(counts) / len(half) < 3000


@pytest.mark.parametrize("name", HOSTILE)
def test_the_largest_screen_costs_at_most_by_its_rows(name) -> None:
    piece = HOSTILE[name]
    counts = []
    for size in ((80, 24), (1000, 500)):
        masker = TerminalMasker(PATTERNS, *size)
        masker.feed(b"\x1b[2J", 0.0)
        with Steps() as steps:
            for _ in range(3):
                masker.feed(piece, 0.0)
        counts.append(steps.count)
    assert counts[1] <= (counts[0] + 100) * 500
