"""The VT parser: the same tokens for every cut; nothing malformed comes out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.sequences import Kind
from bastion.core.masking.vt import LIMIT, Parser

PIECES = st.lists(
    st.one_of(
        st.sampled_from([b"\x1b[1;2H", b"\x1b]0;t\x07", b"\x1b]8;;u\x1b\\", b"\x1b(B", b"\x1bM", b"\r\n", "é漢".encode(),
                         b"\x1b[3\n1m", b"\x1b[3\x1b[1m", b"\x1b[4\x18x", b"\x1bP1q\x1b\\", b"text", b"\xc2\x9b2J", b"\xff"]),
        st.binary(max_size=4),
    ),
    max_size=10,
).map(b"".join)  # fmt: skip


def _flat(tokens):
    out = []
    for token in tokens:
        if token.kind is Kind.TEXT and out and out[-1][0] is Kind.TEXT:
            out[-1] = (Kind.TEXT, out[-1][1] + token.text)
        else:
            out.append(
                (token.kind, token.text if token.kind is Kind.TEXT else (token.raw, token.name, token.text))
            )
    return out


@given(PIECES)
@settings(max_examples=300, deadline=None)
def test_every_byte_sequence_is_parsed_without_a_fault_and_stays_bounded(data) -> None:
    parser = Parser()
    tokens = parser.feed(data)
    assert sum(len(token.raw) for token in tokens) <= 3 * len(data) + 3
    for token in tokens:
        inner = token.raw[1:].removesuffix(b"\x1b\\")
        assert token.kind in {Kind.TEXT, Kind.PEN} or b"\x1b" not in inner


@given(
    st.lists(
        st.sampled_from([b"\x1b[1;2H", b"\x1b]0;t\x07", "é漢".encode(), b"\x1b[3\n1m", b"ab", b"\r"]),
        max_size=8,
    )
)
@settings(max_examples=150, deadline=None)
def test_tokens_do_not_depend_on_the_chunks(pieces) -> None:
    data = b"".join(pieces)
    drip = Parser()
    assert _flat([t for b in data for t in drip.feed(bytes([b]))]) == _flat(Parser().feed(data))


def test_a_control_inside_a_sequence_is_executed_first() -> None:
    tokens = Parser().feed(b"\x1b[3\n1mx")
    assert [(t.kind, t.raw) for t in tokens] == [
        (Kind.CONTROL, b"\n"),
        (Kind.PEN, b"\x1b[31m"),
        (Kind.TEXT, b"x"),
    ]


def test_escape_and_cancel_end_a_sequence() -> None:
    assert [t.raw for t in Parser().feed(b"a\x1b[38;5\x18b\x1b[3\x1b[1mc")] == [b"a", b"b", b"\x1b[1m", b"c"]


def test_c1_controls_come_out_in_their_seven_bit_form() -> None:
    assert [t.raw for t in Parser().feed(b"\xc2\x9b2J")] == [b"\x1b[2J"]


def test_an_overlong_string_is_dropped_to_its_end() -> None:
    parser = Parser()
    assert parser.feed(b"\x1b]0;" + b"A" * (LIMIT * 3)) == []
    assert [t.raw for t in parser.feed(b"A" * 10 + b"\x07ok")] == [b"ok"]
    assert parser.idle


def test_invalid_utf8_becomes_a_replacement_character() -> None:
    (token,) = Parser().feed(b"a\xffb")
    assert token.text == "a\ufffdb"
    assert token.raw == token.text.encode()
