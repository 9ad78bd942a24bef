"""Terminals: clean output is untouched, our screens agree with avt, secrets drawn anyhow stay hidden."""

from __future__ import annotations

from itertools import pairwise

import avt
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.screen import Fate, Screen
from bastion.core.masking.terminal import TerminalMasker
from bastion.core.masking.vt import Parser
from bastion.model.masks import KnownValue

VALUE = "Kx7vQp2mR9zT4wLs"
PATTERNS = compile_patterns([KnownValue("k", VALUE.encode())])
COLS, ROWS = 24, 8
_number = st.integers(1, 12)
_moves = st.one_of(
    st.builds(lambda y, x: f"\x1b[{y};{x}H", _number, _number),
    st.builds(lambda n, c: f"\x1b[{n}{c}", _number, st.sampled_from("ABCDGdX@PST")),
    st.builds(lambda n, c: f"\x1b[{n}{c}\r", _number, st.sampled_from("LM")),
    st.builds(lambda n, c: f"\x1b[{n}{c}", st.integers(0, 2), st.sampled_from("JK")),
    st.sampled_from(["\r", "\n", "\r\n", "\b", "\t", "\x1b7", "\x1b8", "\x1bM", "\x1bD", "\x1bE", "\x1b[r", "\x1b[2;6r",
                     "\x1b[?1049h", "\x1b[?1049l", "\x1b[4h", "\x1b[4l", "\x1b[?7l", "\x1b[?7h", "\x1b[31m", "\x1b[0m",
                     "\x1b[?25l", "\x1b[?25h", "ab\x1b[3b"]),
)  # fmt: skip
_prose = st.text("abc de.", min_size=1, max_size=12)
CLEAN = st.lists(st.one_of(_moves, _prose, st.sampled_from(["漢", "é"])), max_size=25)
_secret = st.builds(lambda a, b: VALUE[min(a, b) : max(a, b) + 1], st.integers(0, 15), st.integers(0, 15))
DIRTY = st.lists(st.one_of(_moves, _prose, _secret, st.just(VALUE)), max_size=25)


def _cut(text: str, cuts: list[int]) -> list[bytes]:
    data = text.encode()
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(places)]


@given(CLEAN, st.lists(st.integers(0, 200), max_size=3))
@settings(max_examples=200, deadline=None)
def test_what_holds_no_secret_leaves_as_it_came(pieces, cuts) -> None:
    text = "".join(pieces)
    masker = TerminalMasker(PATTERNS, COLS, ROWS)
    out = b"".join(masker.feed(piece, 0.0).data for piece in _cut(text, cuts))
    out += masker.close(1.0).data
    whole = text.encode()
    assert not masker.failed
    if "\x1b[?7l" in pieces:  # REP is stripped without autowrap
        whole, out = whole.replace(b"\x1b[3b", b""), out.replace(b"\x1b[3b", b"")
    assert whole.startswith(out)
    assert len(whole) - len(out) <= 1


@given(CLEAN)
@settings(max_examples=500, deadline=None)
def test_our_screen_agrees_with_another_emulator(pieces) -> None:
    screen, other = Screen(COLS, ROWS), avt.Vt(COLS, ROWS)
    margins = "\x1b[2;6r" in pieces  # terminals differ about inserting outside the margins
    odd = {"L\r", "M\r", "4h"} if margins else {"漢"} if "\x1b[4h" in pieces else set()
    text = "".join(piece for piece in pieces if piece[-2:] not in odd)
    for token in Parser().feed(text.encode()):
        if screen.apply(token) is not Fate.STRIPPED:
            other.feed_str(token.raw.decode())
    assert [screen.grid.text(y) for y in range(ROWS)] == [line.text.rstrip() for line in other.view()]


@given(DIRTY, st.lists(st.integers(0, 200), max_size=4))
@settings(max_examples=300, deadline=None)
def test_a_secret_is_never_readable_on_the_clients_screen(pieces, cuts) -> None:
    masker, other = TerminalMasker(PATTERNS, COLS, ROWS), avt.Vt(COLS, ROWS)
    at = 0.0
    sent = b""
    for piece in [*_cut("".join(pieces), cuts), None]:
        outs = [masker.feed(piece, at) if piece is not None else masker.close(at)]
        at += 1.0
        if masker.deadline is not None:
            outs.append(masker.tick(at))
        for out in outs:
            for token in Parser().feed(out.data):
                other.feed_str(token.raw.decode("utf-8", "replace"))
            sent += out.data
            rows = [line.text.rstrip() for line in other.view()]
            assert all(VALUE not in row for row in rows)
            assert VALUE not in "".join(rows)
    assert VALUE.encode() not in sent


@given(DIRTY, st.lists(st.integers(0, 200), max_size=4))
@settings(max_examples=150, deadline=None)
def test_the_final_screen_does_not_depend_on_the_chunks_while_nothing_scrolls_off(pieces, cuts) -> None:
    text = "".join(
        piece for piece in pieces if "S" not in piece[-1:] and "L" not in piece and "?1049" not in piece
    )
    finals = []
    for parts in ([text.encode()], _cut(text, cuts)):
        masker, other = TerminalMasker(PATTERNS, COLS, 60), avt.Vt(COLS, 60)
        for part in parts:
            other.feed_str(masker.feed(part, 0.0).data.decode("utf-8", "replace"))
        other.feed_str(masker.close(9.0).data.decode("utf-8", "replace"))
        finals.append([line.text.rstrip() for line in other.view()])
    assert finals[0] == finals[1]
