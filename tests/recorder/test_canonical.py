"""Rules of recorder.canonical."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.canonical import INTEGER_LIMIT, MAX_DEPTH, CanonicalError, decode, decode_exact, encode

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SCALARS = st.none() | st.booleans() | st.integers(1 - INTEGER_LIMIT, INTEGER_LIMIT - 1) | TEXT
KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_a_value_comes_back_from_its_canonical_form(value):
    assert decode_exact(encode(value)) == value


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_another_spelling_is_read_but_found_out(value):
    spelling = json.dumps(value, indent=1, ensure_ascii=True).encode()
    assert encode(decode(spelling)) == encode(value)
    if spelling != encode(value):
        with pytest.raises(CanonicalError):
            decode_exact(spelling)


def test_strings_are_escaped_as_rfc_8785_says():
    text = "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/\u007f\u0080"
    assert encode(text) == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f\x80"'.encode()


def test_control_characters_have_their_short_or_lower_case_escapes():
    assert encode("\b\t\n\f\r\x00\x1b") == b'"\\b\\t\\n\\f\\r\\u0000\\u001b"'


def test_keys_stand_in_ascending_order():
    assert encode({"b": 1, "a": {"Z": None, "1": True}, "A": []}) == b'{"A":[],"a":{"1":true,"Z":null},"b":1}'


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        INTEGER_LIMIT,
        -INTEGER_LIMIT,
        b"bytes",
        {1: "x"},
        {"ключ": 1},
        "\ud800",
        {"\ud800": 1},
        {"a": [{"b": 0.5}]},
        {1, 2},
        object(),
    ],
    ids=lambda value: type(value).__name__ + repr(value)[:20] if type(value) is not object else "object",
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(CanonicalError):
        encode(value)


def test_the_error_names_the_place():
    with pytest.raises(CanonicalError, match=r"\$\.a\[1\]\.b"):
        encode({"a": [0, {"b": 0.5}]})


def test_nesting_is_bounded_in_both_directions():
    nested = []
    for _ in range(MAX_DEPTH + 1):
        nested = [nested]
    with pytest.raises(CanonicalError):
        encode(nested)
    for depth in (MAX_DEPTH + 2, 100_000):
        with pytest.raises(CanonicalError):
            decode(b"[" * depth + b"]" * depth)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b"1.0",
        b"1e3",
        b"NaN",
        b"Infinity",
        b"9007199254740992",
        b"9" * 5000,
        b'"\\ud800"',
        b'"\xff"',
        b'"\n"',
        b"",
        b"{",
        b"1 2",
        '{"é":1}'.encode(),
    ],
)
def test_what_is_not_strict_json_is_refused(data):
    with pytest.raises(CanonicalError):
        decode(data)


@pytest.mark.parametrize(
    "data", [b' {"a":1}', b'{"a": 1}', b'{"b":1,"a":2}', b"-0", b'"\\u0041"', b'"\\/"', b'"\\u001B"', b"1\n"]
)
def test_json_in_another_form_is_read_but_not_exact(data):
    decode(data)
    with pytest.raises(CanonicalError):
        decode_exact(data)
