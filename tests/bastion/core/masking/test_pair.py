"""Pairs: the second view is there when it differs, and only then."""

from __future__ import annotations

import pytest

from bastion.core.masking.pair import Pair
from bastion.core.masking.patterns import compile_patterns
from bastion.model.masks import KnownValue

VALUE = b"Tz5-wallet_Rk8qM3vX"
PATTERNS = compile_patterns([KnownValue("k", VALUE)])


@pytest.mark.parametrize("data", [b"text\n", "Größe 12°\n".encode(), b"\x00\x07", b"\xff\xfe"])
def test_text_without_sequences_is_searched_once(data) -> None:
    pair = Pair(PATTERNS)
    pair.feed(data)
    assert pair._text is None


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_sequence_in_c1_controls_hides_nothing_wherever_it_is_cut(cut) -> None:
    data = b"x " + VALUE[:7] + b"\xc2\x9b31m" + VALUE[7:] + b" y"
    pair = Pair(PATTERNS)
    covers = [
        *pair.feed(data[:cut]).covers,
        *pair.feed(data[cut:]).covers,
        *pair.feed(b"", final=True).covers,
    ]
    covered = {place for start, end, _ in covers for place in range(start, end)}
    assert bytes(data[place] for place in sorted(covered)) == VALUE[3:7] + VALUE[7:]


@pytest.mark.parametrize("cut", range(1, 34))
def test_a_string_that_a_c1_terminator_ends_hides_nothing_after_it(cut) -> None:
    data = b"\x1b]0;title\xc2\x9c" + VALUE[:9] + b"\x1b[m" + VALUE[9:] + b" y"
    pair = Pair(PATTERNS)
    covers = [
        *pair.feed(data[:cut]).covers,
        *pair.feed(data[cut:]).covers,
        *pair.feed(b"", final=True).covers,
    ]
    covered = {place for start, end, _ in covers for place in range(start, end)}
    assert bytes(data[place] for place in sorted(covered)) == VALUE[3:]
