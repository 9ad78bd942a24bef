"""Repaints: another emulator shows the target after them."""

from __future__ import annotations

import avt
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.render import paint
from bastion.core.masking.screen import Screen
from bastion.core.masking.vt import Parser

PIECES = st.lists(
    st.sampled_from(["abc", "漢", " ", "\x1b[31mr", "\x1b[0m", "\x1b[2;3H", "\x1b[1;18H", "\x1b[4;20Hxy", "\r\n", "\x1b[K", "zzzzzzzz"]),
    max_size=14,
)  # fmt: skip


@given(PIECES, PIECES, st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_repaint_turns_what_is_shown_into_the_target(before, after, whole) -> None:
    shown, target, client = Screen(20, 5), Screen(20, 5), avt.Vt(20, 5)
    for text, screen in (("".join(before), shown), ("".join(after), target)):
        for token in Parser().feed(text.encode()):
            screen.apply(token)
    client.feed_str("".join(before))
    client.feed_str(paint(shown, target, whole=whole).decode())
    assert [line.text.rstrip() for line in client.view()] == [target.grid.text(y) for y in range(5)]
    cursor = client.cursor
    row, col = (cursor.row, cursor.col) if hasattr(cursor, "row") else cursor[:2][::-1]
    assert (row, min(col, 19)) == (target.grid.y, target.grid.x)
