"""The linear tier's ground: what only appends, and the ring."""

from __future__ import annotations

import pytest

from bastion.core.masking.linear import RING, Ring, split
from bastion.core.masking.screen import Screen


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"plain\r\n\ttext", (b"plain\r\n\ttext", b"", b"")),
        (b"\x1b[1;31mred\x1b[0m\x1b[K", (b"\x1b[1;31mred\x1b[0m\x1b[K", b"", b"")),
        ("é漢".encode()[:-1], ("é".encode(), "漢".encode()[:-1], b"")),
        (b"a\x1b[3", (b"a", b"\x1b[3", b"")),
        (b"a\r", (b"a", b"\r", b"")),
        (b"a\rb", (b"a", b"", b"\rb")),
        (b"a\nb", (b"a", b"", b"\nb")),
        (b"a\x1b[2Jb", (b"a", b"", b"\x1b[2Jb")),
        (b"a\x08b", (b"a", b"", b"\x08b")),
    ],
)
def test_only_bytes_that_append_are_linear(data: bytes, parts: tuple[bytes, bytes, bytes]) -> None:
    assert split(data) == parts


def test_the_ring_shows_the_last_screen_however_much_passed() -> None:
    ring = Ring(Screen(40, 5), Screen(40, 5), alike=True)
    for i in range(20_000):
        line = b"\x1b[3%dmline %d\x1b[0m\r\n" % (i % 8, i)
        ring.add(line, line)
    drawn, shown = ring.screens()
    assert drawn.same(shown)
    assert [drawn.grid.text(y) for y in range(5)] == [
        "line 19996",
        "line 19997",
        "line 19998",
        "line 19999",
        "",
    ]
    assert ring._size <= 3 * RING


def test_the_pen_outlives_what_was_forgotten() -> None:
    ring = Ring(Screen(40, 5), Screen(40, 5), alike=True)
    ring.add(b"\x1b[1;32m", b"\x1b[1;32m")
    for _ in range(5000):
        ring.add(b"green text in this line\r\n", b"green text in this line\r\n")
    drawn, _ = ring.screens()
    assert (drawn.grid.pen.bold, drawn.grid.pen.fg) == (True, "32")


def test_the_ring_keeps_what_was_sent_apart_from_what_came() -> None:
    ring = Ring(Screen(40, 5), Screen(40, 5), alike=True)
    ring.add(b"secret\r\n", b"******\r\n")
    drawn, shown = ring.screens()
    assert (drawn.grid.text(0), shown.grid.text(0)) == ("secret", "******")
    assert not ring.alike
