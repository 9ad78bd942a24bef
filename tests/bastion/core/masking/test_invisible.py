"""Invisible bytes: both engines agree, and nothing visible is lost."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.invisible import unfinished, visible, zero_width

PARTS = st.sampled_from(
    [b"ab", b"\n", b"\x00", b"\x07", "\u200b".encode(), "\u00ad".encode(), "\u00e9".encode(), b"\xe2", b"\x80", b"\xf3\xa0",
     "\ufeff".encode(), "\u0301".encode(), "\U000e0041".encode(), "漢".encode(), b"\xc2"]
)  # fmt: skip
INVISIBLE = dict.fromkeys(map(ord, "\x00\x07\u200b\u00ad\ufeff\u0301\U000e0041"))


@given(st.lists(PARTS, max_size=12).map(b"".join))
@settings(max_examples=200, deadline=None)
def test_both_engines_see_the_same(data) -> None:
    assert visible(data, plain=True) == visible(data, plain=False)
    assert zero_width(data, plain=True) == zero_width(data, plain=False)


@given(st.text("ab\n\u00e9漢\x00\x07\u200b\u00ad\ufeff\u0301\U000e0041", max_size=30))
@settings(max_examples=150, deadline=None)
def test_what_shows_stays_and_what_does_not_goes(text) -> None:
    assert visible(text.encode(), plain=False).decode() == text.translate(INVISIBLE)


def test_clean_text_is_the_same_object_and_halves_are_counted() -> None:
    data = "Größe 漢".encode()
    assert visible(data, plain=False) is data
    assert [unfinished(part) for part in (b"a", b"a\xe2", b"a\xe2\x80", b"\xf3\xa0\x81", b"")] == [
        0,
        1,
        2,
        3,
        0,
    ]
