"""Rules of recorder.leaf."""

import json
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.canonical import encode
from recorder.framing import MAX_RECORD
from recorder.leaf import HEAD, OWN, LeafError, Stamp, build, read

STAMP = Stamp(seq=7, t=10, wall=9, mono=3, boot="b")


def test_a_leaf_is_the_event_in_its_envelope():
    data = build({"type": "session.started", "session": "s1", "actor": {"name": "alice"}}, STAMP)
    assert data == (
        b'{"actor":{"name":"alice"},"boot":"b","mono":3,"seq":7,"session":"s1","t":10,'
        b'"type":"session.started","v":1,"wall":9}'
    )
    leaf = read(data)
    assert (leaf.seq, leaf.t, leaf.type, leaf.session) == (7, 10, "session.started", "s1")


@pytest.mark.parametrize("name", OWN)
def test_an_event_cannot_claim_what_the_ledger_says(name):
    with pytest.raises(LeafError, match=name):
        build({"type": "x", name: 1}, STAMP)


@pytest.mark.parametrize("kind", [None, "", 7, "Verdict", "a b", "a..b", ".a", "x" * 65, "a\n", "ä"])
def test_an_event_needs_a_plain_type(kind):
    with pytest.raises(LeafError):
        build({"type": kind}, STAMP)


def test_an_unfit_member_is_named():
    with pytest.raises(LeafError, match=r"verdict: \$\.score"):
        build({"type": "verdict", "score": 0.5}, STAMP)


def test_a_string_too_large_is_replaced_by_its_digest_and_head():
    text = "é" * MAX_RECORD
    body = json.loads(build({"type": "x", "line": text, "small": "s"}, STAMP))
    raw = text.encode()
    assert body["line"] == {"bytes": len(raw), "head": text[:HEAD], "sha256": sha256(raw).hexdigest()}
    assert body["small"] == "s"


def test_a_list_too_large_is_replaced_by_the_digest_of_its_canonical_form():
    items = ["x" * 10] * 2000
    body = json.loads(build({"type": "x", "items": items}, STAMP))
    raw = encode(items)
    assert body["items"] == {"bytes": len(raw), "of": "json", "sha256": sha256(raw).hexdigest()}


def test_only_as_many_members_are_replaced_as_must_be():
    body = json.loads(build({"type": "x", "a": "a" * 9000, "b": "b" * 8000}, STAMP))
    assert isinstance(body["a"], dict)
    assert body["b"] == "b" * 8000


def test_an_event_of_too_many_members_is_refused():
    with pytest.raises(LeafError, match="larger"):
        build({"type": "x", **{f"member{index}": "x" for index in range(5000)}}, STAMP)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30_000).map("z".__mul__), max_size=6))
def test_no_leaf_is_larger_than_its_limit_and_each_reads_back(members):
    data = build({"type": "x", **members}, STAMP)
    assert len(data) <= MAX_RECORD
    assert read(data).seq == 7


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"1",
        b"{}",
        b'{"seq":0,"t":0,"type":"x","v":2}',
        b'{"seq":"0","t":0,"type":"x","v":1}',
        b'{"seq":true,"t":0,"type":"x","v":1}',
        b'{"seq":-1,"t":0,"type":"x","v":1}',
        b'{"seq":0,"type":"x","v":1}',
        b'{"seq":0,"t":0,"v":1}',
        b'{"v":1,"seq":0,"t":0,"type":"x"}',
    ],
)
def test_what_is_no_leaf_is_refused(data):
    with pytest.raises(LeafError):
        read(data)
