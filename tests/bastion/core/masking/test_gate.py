"""The gate: it lets pass what holds no piece of a secret, and never more than the guard would."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.gate import Gate
from bastion.core.masking.pair import Pair
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.views import text_of
from bastion.model.masks import KnownValue

VALUE = b"Tz5-wallet_Rk8qM3vX"
PATTERNS = compile_patterns([KnownValue("k", VALUE)])
_whole = st.sampled_from(
    [b"\x1b[1;31m", b"\x1b[3;4H", b"\r\n", b" ", b"abc", b"\x1b[K", "漢".encode(), b"token="]
)
_piece = st.builds(lambda a, b: VALUE[min(a, b) : max(a, b)], st.integers(0, 19), st.integers(0, 19))


@given(st.lists(st.one_of(_whole, _piece, st.just(VALUE)), max_size=20))
@settings(max_examples=200, deadline=None)
def test_what_the_gate_lets_pass_covers_nothing(pieces) -> None:
    gate, pair = Gate(), Pair(PATTERNS)
    lead = b"some text that was sent before all this\r\n"
    gate.missed(lead)
    pair.feed(lead)
    for piece in pieces:
        silent = pair.quiet and gate.silent(PATTERNS, piece, text_of(piece))
        covers = pair.feed(piece).covers
        assert not (silent and covers)
        if not silent:
            gate.missed(piece)


def test_the_gate_lets_plain_text_pass_and_remembers_what_passed() -> None:
    gate = Gate()
    gate.missed(b"some text that was sent before all this\r\n")
    assert gate.silent(PATTERNS, b"\x1b[1mplain", b"plain")
    assert gate.silent(PATTERNS, VALUE[:5], VALUE[:5])
    assert not gate.silent(PATTERNS, b"\x1b[0m" + VALUE[5:], VALUE[5:])


def test_a_gate_that_knows_too_little_says_no() -> None:
    assert not Gate().silent(PATTERNS, b"plain", b"plain")
