"""Strict JSON in any pieces: what is refused, where, and at what cost."""

from __future__ import annotations

import json

import pytest

from bastion.core.masking.fields import json_parser
from bastion.core.masking.fields.body import BodyMasker
from bastion.core.masking.fields.grammar import MAX_DEPTH, MAX_SCALAR
from bastion.core.masking.patterns import compile_patterns

PATTERNS = compile_patterns([])


def read(*pieces: bytes) -> tuple[bytes, str]:
    masker = BodyMasker(PATTERNS)
    out = b"".join(masker.feed(piece, 0.0).data for piece in pieces) + masker.close(0.0).data
    return out, masker.refused


BAD = (
    b'{"a":1,}', b"[1,]", b"[,1]", b'{"a" 1}', b'{"a":1 "b":2}', b"{1:2}", b"[1 2]", b"]", b'{"a":]}', b'{"a":1]', b"[01]",
    b"[1.]", b"[.5]", b"[+1]", b"[1e]", b"[NaN]", b"[tru]", b"[truee]", b'["\\x41"]', b'["\\u12"]', b'["a\nb"]', b"['a']",
    b'{"a":"b":1}', b'["a":1]', b'"a":1', b"{} x", b"{} []", b"{},{}", b"\xef\xbb\xbf{}", b'["\xff"]', b'["\xc3"]', b'["\xed\xa0\x80"]',
    b"[1]\x00", b"{/**/}",
)  # fmt: skip


@pytest.mark.parametrize("body", BAD)
def test_what_is_no_json_is_refused_at_the_same_place_however_it_is_cut(body) -> None:
    out, refused = read(body)
    assert "cannot be masked" in refused
    assert body.startswith(out)
    assert read(*(bytes([byte]) for byte in body)) == (out, refused)


GOOD = (
    b"", b"  \n", b"{}", b"[]", b'"a"', b"-0.5e+10 ", b"null", b'{"a":{"b":[1,2.5,true,null,"\\ud83d\\ude00\\ud800"]}}',
    b'{"a":1}{"b":2}\n{"c":3}\n', b'{ "a" : [ 1 , "x" ] }\r\n', b'{"a":1,"a":2}', b"[1e999,123456789012345678901234567890]",
)  # fmt: skip


@pytest.mark.parametrize("body", GOOD)
def test_what_is_json_leaves_as_it_came_however_it_is_cut(body) -> None:
    assert read(body) == (body, "")
    assert read(*(bytes([byte]) for byte in body)) == (body, "")


SPACED = (
    b' "', b'{ "', b'{"a":\n "', b'{"a":1 ,"b', b'{"a":1, "b', b'{"a":1 , ', b"[1 , tr", b"[ 1", b'{"a" : "b" "c', b"{} \t[", b'["a" :',
    b'[ "\xff"]', b'{ "\xff":1}', b'{"a": "\xff"}', b'{"a":"b" :', b'{"items":[{"data":{"a":"b"}}] , "kind": "List" , "kind": "SecretList"}',
    b'{"items":[{"data":{"a":"b"}}],"kind":"List","kind":"SecretList"}', b"[" * MAX_DEPTH + b" [",
)  # fmt: skip


@pytest.mark.parametrize("body", SPACED)
def test_what_leaves_of_a_refused_body_does_not_depend_on_how_it_was_cut(body) -> None:
    out, refused = read(body)
    assert refused
    assert body.startswith(out)
    assert out[-1:] != body[len(out) : len(out) + 1] or out[-1:] not in b" \t\n"
    assert read(*(bytes([byte]) for byte in body)) == (out, refused)
    for cut in range(1, len(body)):
        assert read(body[:cut], body[cut:]) == (out, refused)


FORMS = (
    b'{"data":{"a":"%s"},"b":"QUJD"}', b'{"data":{"a":"%s"} , "kind":"Pod"}', b'{"data":{"a":"%s","b":true,"c":1,"d":[]}}',
    b'{"data":{"a":"%s"\n,\n"b"\n:\n"QUJD"}}', b'{"data":{"a":"%s":', b'{"data":{"a":"%s" ,"b":"QUJD" :', b'{"name":"x","value":"%s"}',
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_what_waits_is_given_up_at_the_same_place_however_it_was_cut(form, monkeypatch) -> None:
    monkeypatch.setattr(json_parser, "HOLD", 40)
    masked = set()
    for size in range(64):
        body = form % (b"QUJD" * 16)[:size]
        whole = read(body)
        masked.add(whole[0] != body)
        assert read(*(bytes([byte]) for byte in body)) == whole
    assert True in masked


def test_a_string_that_is_too_long_is_refused_alike_when_it_is_also_wrong(monkeypatch) -> None:
    monkeypatch.setattr(json_parser, "MAX_SCALAR", 8)
    for body in (
        b'["123456789\n"]',
        b'["123456789\\x"]',
        b'["123456789"',
        b'["123456789',
        b'[ ,"123456789"]',
    ):
        out, refused = read(body)
        assert "longer than" in refused
        assert read(*(bytes([byte]) for byte in body)) == (out, refused)
        assert out.strip() == b"["


@pytest.mark.parametrize("body", [b'{"a":', b"[1", b'["abc', b'{"a":1}{"b"', b"tru"])
def test_a_body_that_stops_inside_a_document_is_refused_at_its_end(body) -> None:
    assert "ended inside" in read(body)[1] or "no valid JSON" in read(body)[1]


def test_depth_is_bounded() -> None:
    deep = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert read(deep) == (deep, "")
    assert f"deeper than {MAX_DEPTH}" in read(b"[" * (MAX_DEPTH + 1))[1]


@pytest.mark.parametrize("size", [MAX_SCALAR, MAX_SCALAR + 1])
def test_one_string_is_bounded_whole_or_in_pieces(size) -> None:
    body = b'["' + b"a" * size + b'"]'
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)]
    assert bool(read(body)[1]) is bool(read(*pieces)[1]) is (size > MAX_SCALAR)


def test_what_is_decided_leaves_at_once() -> None:
    masker = BodyMasker(PATTERNS)
    frame = b'{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a"}}}\n'
    assert masker.feed(frame, 0.0).data == frame
    assert masker.feed(b'{"type":"ADDED","obj', 1.0).data == b'{"type":"ADDED"'


def test_an_unknown_kind_waits_no_longer_than_its_bound_and_is_masked_then() -> None:
    masker = BodyMasker(PATTERNS)
    piece = b'"k%d":"' + b"QUJD" * 5000 + b'",'
    left, sent, held = b"", 0, 0
    for data in (b'{"data":{', *(piece % i for i in range(400))):
        left += masker.feed(data, 0.0).data
        sent += len(data)
        held = max(held, sent - len(left))
    assert held < 5 * 1024 * 1024
    assert b"QUJD" not in left
    left += masker.feed(b'"z":""},"kind":"ConfigMap"}', 0.0).data + masker.close(0.0).data
    assert len(json.loads(left)["data"]) == 401
    assert masker.refused == ""


def test_a_string_that_comes_byte_by_byte_is_read_once() -> None:
    masker = BodyMasker(PATTERNS)
    body = b'["' + b"a" * 200_000 + b'"]'
    out = b"".join(masker.feed(body[at : at + 1], 0.0).data for at in range(len(body)))
    assert out + masker.close(0.0).data == body
