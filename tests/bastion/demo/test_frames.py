"""Frames as the API server reads and writes them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.demo import frames

SIZES = [0, 1, 125, 126, 127, 65535, 65536, 70000]


def masked(opcode: int, payload: bytes, mask: bytes = b"\x11\x22\x33\x44") -> bytes:
    head = bytearray(frames.head(opcode, len(payload)))
    head[1] |= 0x80
    return bytes(head) + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


def test_the_accept_key_is_that_of_rfc_6455():
    assert frames.accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize("size", SIZES)
def test_every_length_form_is_read_back(size):
    payload = bytes(number % 251 for number in range(size))
    assert frames.FrameReader().feed(masked(frames.BINARY, payload)) == [(frames.BINARY, payload)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1, 2, 8, 9, 10]), st.sampled_from([0, 1, 5, 125, 126, 300])), max_size=6
    ),
    st.lists(st.integers(1, 200), min_size=1, max_size=40),
)
def test_frames_are_the_same_however_the_bytes_are_cut(kinds, cuts):
    wanted = [(opcode, bytes([place]) * size) for place, (opcode, size) in enumerate(kinds)]
    stream = b"".join(masked(opcode, payload) for opcode, payload in wanted)
    reader = frames.FrameReader()
    found, at = [], 0
    while at < len(stream):
        size = cuts[at % len(cuts)]
        found += reader.feed(stream[at : at + size])
        at += size
    assert found == wanted


def test_an_unmasked_frame_and_a_huge_one_are_refused():
    with pytest.raises(frames.FrameError):
        frames.FrameReader().feed(frames.frame(frames.BINARY, b"x"))
    head = bytes([0x82, 0xFF]) + (frames.MAX_FRAME + 1).to_bytes(8, "big")
    with pytest.raises(frames.FrameError):
        frames.FrameReader().feed(head)


@pytest.mark.parametrize("size", [0, 1, 32768, 32769, 100000])
def test_output_is_cut_at_32_kib_and_never_without_a_frame(size):
    data = bytes(number % 7 for number in range(size))
    stream, pieces = frames.output(1, data, text=False), []
    while stream:
        extra = {126: 2, 127: 8}.get(stream[1], 0)
        length = int.from_bytes(stream[2 : 2 + extra], "big") if extra else stream[1]
        pieces.append(stream[2 + extra : 2 + extra + length])
        stream = stream[2 + extra + length :]
    assert all(piece[0] == 1 and len(piece) <= 32769 for piece in pieces)
    assert b"".join(piece[1:] for piece in pieces) == data
    assert len(pieces) == max(1, -(-size // 32768))


def test_the_text_form_is_a_digit_and_base64():
    assert frames.output(2, b"hello", text=True) == frames.frame(
        frames.TEXT, b"2" + base64.b64encode(b"hello")
    )
