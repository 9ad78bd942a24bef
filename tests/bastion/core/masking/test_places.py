"""Places: the same positions as counting every symbol."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.forms import KEPT
from bastion.core.masking.places import BLOCK, Places, last_places

TEXT = st.lists(st.sampled_from([b"a", b" ", b"'", b"x" * (BLOCK - 1), b"\n" * BLOCK]), max_size=6).map(
    b"".join
)


@given(TEXT, st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_places_are_where_the_symbols_stand(text, start) -> None:
    expected = [-2, -1, *(start + i for i, byte in enumerate(text) if KEPT[byte])]
    places = Places([-2, -1], text, start)
    assert len(places) == len(expected)
    assert [places[i] for i in range(len(places))] == places[:] == expected
    assert places[-1] == expected[-1]
    assert last_places(text, start, 3) == expected[2:][-3:]
