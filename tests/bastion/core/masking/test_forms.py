"""Forms: the encodings under which a value may appear."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse

import pytest

from bastion.core.masking.forms import fold, forms_of, is_weak, window_of
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.scan import find
from bastion.model.masks import KnownValue

VALUE = 'pl-Qx9&=?#/%+w7"zr\\K3m'
P = compile_patterns([KnownValue("k", VALUE.encode())])
RAW = VALUE.encode()


@pytest.mark.parametrize(
    "text",
    [
        RAW,
        RAW.upper(),
        RAW[::-1],
        RAW.hex().encode(),
        base64.b64encode(RAW),
        base64.b64encode(b"x" + RAW + b"tail"),
        base64.urlsafe_b64encode(b"xy" + RAW + b"t"),
        json.dumps(VALUE).encode(),
        urllib.parse.quote(VALUE, safe="").encode(),
        urllib.parse.quote_plus(VALUE).encode(),
        html.escape(VALUE).encode(),
        "'".join(VALUE.split("Q")).encode().replace(b"'", b"'Q'"),
        b"\n".join(RAW[i : i + 5] for i in range(0, len(RAW), 5)),
        VALUE.encode("utf-16-le").replace(b"\0", b""),
        b" ".join(bytes([b]) for b in RAW),
    ],
)
def test_every_encoding_of_a_value_is_found(text: bytes) -> None:
    assert find(P, b"before " + text + b" after")


def test_the_window_grows_with_the_value_and_stops_at_twelve() -> None:
    assert [window_of(n) for n in (6, 11, 12, 13, 23, 24, 400)] == [6, 11, 6, 7, 12, 12, 12]


def test_never_more_than_half_a_window_is_shown() -> None:
    wide = forms_of("k", RAW)
    short = forms_of("k", b"hunter2")
    assert short.fragments == ()
    assert all(form.shown <= min(4, form.window / 2) for form in (*wide, *short))


@pytest.mark.parametrize("value", [b"", b"abc", b"12345", b"aaaaaaaaaaaa", b"ab" * 20, b" x  y \n"])
def test_weak_values_are_not_looked_for(value: bytes) -> None:
    assert is_weak(value)


def test_folding_drops_case_space_and_quotes() -> None:
    assert fold(b"A-b_C \"'\\\n`d") == b"a+b/cd"


def test_no_representation_shows_a_value() -> None:
    wide = forms_of("k", RAW).fragments
    lane = P.wide[0]
    for thing in (wide[0], P, lane, KnownValue("k", RAW)):
        assert "Qx9" not in repr(thing)
        assert "qx9" not in repr(thing)
