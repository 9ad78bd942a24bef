"""Masks of scalars: as long as what they hide, and of its type."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bastion.core.masking.fields import masks
from bastion.core.masking.fields.grammar import pieces, text_of
from bastion.core.masking.fields.rewrite import Facts, Rewriter


@given(st.binary(max_size=60))
def test_base64_stays_base64_of_the_same_length(data) -> None:
    text = base64.b64encode(data)
    mask = masks.coded(text)
    assert len(mask) == len(text)
    assert base64.b64decode(mask, validate=True) == b"*" * len(data)


@given(st.text(alphabet="abc=+/ \n", max_size=20))
def test_what_is_no_base64_gets_a_mask_that_is(text) -> None:
    mask = masks.coded(text.encode())
    assert len(mask) <= len(text.encode())
    assert not base64.b64decode(mask, validate=True).strip(b"*")


@given(
    st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)),
    st.integers(0, 30),
    st.integers(0, 30),
)
def test_a_number_stays_a_number_of_its_type_and_length(number, low, high) -> None:
    raw = json.dumps(number).encode()
    out = masks.number(raw, [(min(low, len(raw)), min(high, len(raw)))])
    assert len(out) == len(raw)
    assert type(json.loads(out)) is type(number)


@given(st.text(max_size=40), st.data())
def test_stars_cover_a_range_of_the_text_and_escapes_whole(text, data) -> None:
    raw = json.dumps(text)[1:-1].encode()
    plain = text_of(raw)
    low = data.draw(st.integers(0, len(plain)))
    high = data.draw(st.integers(low, len(plain)))
    out = masks.stars(raw, [(low, high)], base64_text=False)
    assert len(out) == len(raw)
    json.loads(b'"' + out + b'"')
    kept = [
        out[at : at + size] == raw[at : at + size]
        for start, length, at, size in pieces(raw)
        if start + length <= low or start >= high
    ]
    assert all(kept)


@given(st.text(max_size=40))
def test_pieces_tell_where_each_byte_of_the_text_was_written(text) -> None:
    for ascii_only in (True, False):
        raw = json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode()
        plain = text_of(raw)
        found = list(pieces(raw))
        assert sum(length for _, length, _, _ in found) == len(plain)
        assert sum(size for _, _, _, size in found) == len(raw)
        for start, length, at, size in found:
            assert text_of(raw[at : at + size]) == plain[start : start + length]


def test_a_rewritten_body_keeps_what_stays_as_it_was_written() -> None:
    raw = rb"\u0061b\/c\u0022d"
    assert masks.rewritten(raw, b'ab/c"d') == raw
    assert masks.rewritten(raw, b'ab/*"d') == rb"\u0061b\/*\u0022d"


@pytest.mark.parametrize("body", [b'{"aaaa":1}', b'{"aaaa" :1}'])
def test_masked_keys_stay_different(body) -> None:
    rewriter = Rewriter()
    seen = set()
    for _ in range(12):
        out = bytearray(body)
        assert rewriter.rewrite(out, 1, 1, Facts(whole="x"))
        seen.add(bytes(out))
        assert len(out) == len(body)
    assert len(seen) == 12
