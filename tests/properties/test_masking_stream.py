"""Streams: no leak, the same result for every cut, both engines alike, clean text untouched."""

from __future__ import annotations

import base64
import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.forms import MIN_WIDE, forms_of
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.stream import StreamMasker
from bastion.core.masking.table import ALL
from bastion.model.masks import KnownValue

VALUES = (
    b"Kx7-vault_Qp2mR9zT4w",
    b"tr0mbone",
    "gr\u00fcn-Schl\u00fcssel-Nr7".encode(),
    b"aabaacaabaad9x",
    b"two words+9/Zz'q",
)
KNOWN = [KnownValue(f"k{i}", value) for i, value in enumerate(VALUES)]
FAST, PLAIN = compile_patterns(KNOWN), compile_patterns(KNOWN, plain=True)
NOTHING = compile_patterns([])
FORMS = [form.data for value in VALUES for form in forms_of("k", value)]

_fragment = st.builds(
    lambda form, low, high: form[min(low, high) : max(low, high) + 1],
    st.sampled_from(FORMS), st.integers(0, 40), st.integers(0, 60),
)  # fmt: skip
_noise = st.sampled_from(
    [b" ", b"\n", b"\r\n", b"\x1b[31m", b"\x1b[0m", b"\x1b]0;t\x07", b"\xe2\x80\x8b", b"\x00", b"'", b"=", b"\xff",
     b"password=", b"-----BEGIN PRIVATE KEY-----\n", b"-----END", b"\x1b[3", b"\x1b]", b"\xe2", b"Bearer ", b"text "]
)  # fmt: skip
_example = st.sampled_from([text for row in ALL for text in (*row.positive, *row.negative)])
_piece = st.one_of(st.sampled_from(VALUES), _fragment, _noise, _example, st.binary(max_size=3))
TEXTS = st.lists(_piece, max_size=8).map(b"".join)
CUTS = st.lists(st.integers(0, 200), max_size=6)


def _pieces(text: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    return [text[a:b] for a, b in pairwise(places)]


def _mask(patterns, pieces: list[bytes]):
    masker = StreamMasker(patterns)
    parts = [masker.feed(piece, 0.0) for piece in pieces] + [masker.close(0.0)]
    return b"".join(part.data for part in parts), [event for part in parts for event in part.events]


def _bytes_and_places(result):
    """A span that two sources claim may be reported under either name."""
    return result[0], [(event.offset, event.length) for event in result[1]]


@given(TEXTS, CUTS)
@settings(max_examples=400, deadline=None)
def test_the_result_is_a_function_of_the_text_not_of_its_chunks(text, cuts) -> None:
    whole = _bytes_and_places(_mask(FAST, [text]))
    assert _bytes_and_places(_mask(FAST, _pieces(text, cuts))) == whole
    assert _bytes_and_places(_mask(FAST, [bytes([byte]) for byte in text])) == whole
    assert len(whole[0]) == len(text)


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_both_engines_mask_alike(text) -> None:
    assert _mask(FAST, [text]) == _mask(PLAIN, [text])


@given(TEXTS, st.sampled_from(VALUES), CUTS)
@settings(max_examples=200, deadline=None)
def test_a_known_value_never_leaves_whole_in_any_view(text, value, cuts) -> None:
    out, events = _mask(FAST, _pieces(text + b" " + value + b" ", cuts))
    stripped = re.sub(rb"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80\x8b", b"", out)
    coded = base64.b64encode(value).rstrip(b"=")[:-1]
    assert value not in out
    assert value not in stripped
    assert coded not in out
    assert events


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_events_add_up_to_what_was_masked(text) -> None:
    out, events = _mask(FAST, [text])
    changed = [i for i, (a, b) in enumerate(zip(text, out, strict=True)) if a != b]
    assert all(any(e.offset <= place < e.offset + e.length for e in events) for place in changed)
    assert all(out[e.offset : e.offset + e.length].strip(b"* \t\r\n") == b"" for e in events)


@given(st.lists(st.text("abcdefgh ,.\n", max_size=30).map(str.encode), max_size=8))
@settings(max_examples=100, deadline=None)
def test_prose_leaves_at_once_and_as_it_came(pieces) -> None:
    masker = StreamMasker(NOTHING)
    for piece in pieces:
        assert masker.feed(piece, 0.0).data == piece


def test_fragments_of_the_window_never_pass() -> None:
    value = VALUES[0]
    for start in range(len(value) - MIN_WIDE + 1):
        out, _ = _mask(FAST, [b"x " + value[start : start + MIN_WIDE] + b" y"])
        assert value[start : start + MIN_WIDE] not in out
