"""Views: what is text, and where it stands in the bytes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.views import View
from bastion.model.masks import KnownValue

VALUE = b"Tz5-wallet_Rk8qM3vX"
PATTERNS = compile_patterns([KnownValue("k", VALUE)])
NOISE = st.sampled_from(
    [b"\x1b[31m", b"\x1b]0;t\x07", b"\x1b]8;;\x1b\\", b"\x1bP\x1b\\", b"\x1b(B", b"\x1b[1\x1b[2m", b"\x1b[9\x18", b"\x00",
     b"\xe2\x80\x8b", b"\xc2\x9b1m", b"\xcc\x88", b"\x1b\x1b[0m", b"\x7f"]
)  # fmt: skip


def _woven(noise: list[bytes]) -> bytes:
    step = max(1, len(VALUE) // (len(noise) + 1))
    return b"".join(
        VALUE[i * step : (i + 1) * step if i < len(noise) else len(VALUE)] + piece
        for i, piece in enumerate([*noise, b""])
    )


@given(st.lists(NOISE, max_size=5), st.lists(st.integers(0, 80), max_size=4))
@settings(max_examples=300, deadline=None)
def test_a_secret_is_found_through_whatever_a_terminal_drops(noise, cuts) -> None:
    data = b"go " + _woven(noise) + b" end"
    view, at, found = View(PATTERNS, escapes=True), 0, set()
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    for low, high in pairwise(places):
        for start, end, _ in view.feed(data[low:high], at).covers:
            found |= set(range(start, end))
        at += high - low
    for start, end, _ in view.feed(b"", at, final=True).covers:
        found |= set(range(start, end))
    assert bytes(data[place] for place in sorted(found)) == VALUE[3:]


def test_the_byte_view_reads_into_sequences() -> None:
    data = b"\x1b]0;" + VALUE + b"\x07"
    (cover,) = View(PATTERNS, escapes=False).feed(data, 0).covers
    assert data[cover[0] : cover[1]] == VALUE[3:]
    assert View(PATTERNS, escapes=True).feed(data, 0).covers == []


def test_an_open_sequence_is_remembered_not_kept() -> None:
    view = View(PATTERNS, escapes=True)
    for _ in range(50):
        view.feed(b"\x1b]0;" + b"x" * 1000, 0)
    assert not view.idle
    view.feed(b"\x07", 0)
    assert view.idle
