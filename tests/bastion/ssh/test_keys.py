"""Tokens of terminal input, however the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES

from bastion.ssh.keys import MAX_SEQUENCE, PASTE_BEGIN, PASTE_END, Scanner, Token

SEQUENCES = [s.encode("latin-1") for s in ANSI_SEQUENCES if s.startswith(("\x1b[", "\x1bO")) and s.isascii()]
UNITS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6).map(str.encode),
    st.sampled_from(SEQUENCES),
    st.sampled_from([bytes([c]) for c in [*range(0x1B), *range(0x1C, 0x20), 0x7F]]),
    st.text(max_size=12).map(
        lambda text: PASTE_BEGIN + text.replace("\x1b", "").encode("utf-8", "replace") + PASTE_END
    ),
)


def scan(chunks, limit=1000):
    """All tokens of a stream that arrives in chunks, text runs joined; and what is left."""
    scanner, left, tokens = Scanner(limit), b"", []
    for chunk in chunks:
        left += chunk
        while True:
            token, count = scanner.next(left)
            if not count:
                break
            left = left[count:]
            if token is None:
                continue
            if tokens and token.kind == tokens[-1].kind == "text":
                tokens[-1] = Token("text", tokens[-1].text + token.text)
            else:
                tokens.append(token)
    return tokens, left


@settings(max_examples=150)
@given(st.lists(UNITS, max_size=8), st.lists(st.integers(0, 60), max_size=6))
def test_the_tokens_do_not_depend_on_how_the_bytes_are_cut(units, cuts):
    stream = b"".join(units)
    edges = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    pieces = [stream[a:b] for a, b in pairwise(edges)]
    assert scan(pieces) == scan([stream]) == scan([bytes([c]) for c in stream])


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_any_bytes_are_taken_but_for_a_short_beginning(data):
    tokens, left = scan([data])
    assert len(left) < MAX_SEQUENCE
    assert all(len(token.text) <= len(data) for token in tokens)


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_every_known_sequence_is_one_key_whole_only(sequence):
    if sequence == PASTE_BEGIN:
        return
    tokens, left = scan([sequence + b"x"])
    if len(sequence) > 2:
        assert (tokens[0], left) == (Token("key", sequence.decode("latin-1")), b"")


def test_a_paste_is_one_token_with_its_line_ends_made_newlines():
    assert scan([PASTE_BEGIN + b"a\r\nb\rc\x03" + PASTE_END + b"d"])[0] == [
        Token("paste", "a\nb\nc\x03"),
        Token("text", "d"),
    ]


def test_a_paste_over_the_limit_is_dropped_whole_and_never_kept():
    scanner = Scanner(100)
    scanner.next(PASTE_BEGIN)
    for _ in range(1000):
        assert scanner.next(b"y" * 1000) == (None, 1000)
    assert len(scanner._paste) <= 101
    assert scanner.next(PASTE_END) == (Token("paste", ""), len(PASTE_END))


def test_an_endless_sequence_is_dropped_piece_by_piece():
    tokens, left = scan([b"\x1b[" + b"1" * 5000])
    assert len(left) < MAX_SEQUENCE
    assert all(len(token.text) <= 5000 for token in tokens)


def test_escape_before_a_character_is_a_key_of_its_own():
    assert scan([b"\x1bb"])[0] == [Token("key", "\x1b"), Token("text", "b")]
    assert scan([b"\x1b"]) == ([], b"\x1b")


def test_a_torn_character_waits_and_a_broken_one_is_replaced():
    assert scan(["é".encode()[:1]]) == ([], b"\xc3")
    assert scan([b"\xc3\r"])[0][0] == Token("text", "\ufffd")
    assert scan([b"\xff\xfe ok"])[0][0].text.endswith(" ok")
