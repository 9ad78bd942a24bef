"""Writes that carry masks of ours, and writes that do not."""

from __future__ import annotations

import base64
import json

import pytest

from bastion.core.masking.fields.body import BodyMasker
from bastion.core.masking.fields.writeback import is_mask
from bastion.core.masking.patterns import compile_patterns
from bastion.model.masks import KnownValue

VALUE = "Zr7-pQk2_Lm9Xw4Tv6"
PATTERNS = compile_patterns([KnownValue("v", VALUE.encode())])
YAML = "application/apply-patch+yaml"
JSON = "application/merge-patch+json"


def written(body: bytes, kind: str = JSON) -> tuple[bytes, str]:
    masker = BodyMasker(PATTERNS, kind, "request")
    early = b"".join(masker.feed(bytes([byte]), 0.0).data for byte in body)
    assert early == b""
    return masker.close(0.0).data, masker.refused


def shown(body: bytes, kind: str) -> bytes:
    masker = BodyMasker(PATTERNS, kind)
    return masker.feed(body, 0.0).data + masker.close(0.0).data


SECRETS = {
    "secret": {"kind": "Secret", "data": {"a": base64.b64encode(VALUE.encode()).decode()}},
    "short": {"kind": "Secret", "stringData": {"a": "x7"}},
    "config": {"kind": "ConfigMap", "data": {"f": f"url = redis://u:{VALUE}@h/0\nok = 1\n"}},
    "plain": {"kind": "ConfigMap", "data": {"f": VALUE}},
    "env": {"env": [{"name": "DB_PASSWORD", "value": "hush-hush"}]},
    "pem": {"f": "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAqwerty\n-----END RSA PRIVATE KEY-----\n"},
    "key": {VALUE: 1},
    "applied": {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"kind": "Secret", "stringData": {"a": "hush-hush"}})}}},
}  # fmt: skip


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize(("read", "write"), [("application/json", JSON), ("application/yaml", YAML)])
def test_what_was_masked_on_the_way_out_is_refused_on_the_way_in(name, read, write) -> None:
    body = json.dumps(SECRETS[name]).encode()
    out, refused = written(shown(body, read), write)
    assert out == b""
    assert "destroy the secret" in refused
    assert "leave masked fields out" in refused


INNOCENT = (
    {"rules": [{"verbs": ["*"], "resources": ["*", "pods/*"]}]},
    {"schedule": "* * * * *", "other": "*/5 * * * *"},
    {"data": {"m": "**bold** and /**** comment ****/ and a ** b\n/***********\n * x\n ***********/\n"}},
    {
        "kind": "Secret",
        "data": {"a": base64.b64encode(b"true value 5 * 3").decode()},
        "stringData": {"b": "a*b**c"},
    },
    {"text": "Kioq is a word", "n": 10000000, "empty": ""},
)


@pytest.mark.parametrize("tree", INNOCENT)
@pytest.mark.parametrize("kind", [JSON, YAML])
def test_asterisks_that_are_no_mask_are_written_as_they_came(tree, kind) -> None:
    body = json.dumps(tree, indent=1).encode()
    assert written(body, kind) == (body, "")


@pytest.mark.parametrize("body", [b"{", b'{"a":1} x', b"\xff", b"[" * 100_000])
def test_what_cannot_be_read_is_not_written(body) -> None:
    out, refused = written(body)
    assert out == b""
    assert "no valid JSON" in refused


def test_a_body_longer_than_the_cluster_takes_is_refused_before_its_end() -> None:
    masker = BodyMasker(PATTERNS, JSON, "request")
    masker.feed(b" " * (3 * 1024 * 1024 + 1), 0.0)
    assert "longer than" in masker.refused


def test_members_that_others_overwrite_are_looked_at_too() -> None:
    assert written(b'{"a":"********","a":"x"}')[1]


@pytest.mark.parametrize("text", ["****", "pw=****", "abc********", "Kg==", "Kioq", "x: '******'"])
def test_masks_are_known_by_their_shape(text) -> None:
    assert is_mask(text)


@pytest.mark.parametrize("text", ["*", "**", "* * * * *", "Secret", "", "# **** head ****", "*.example"])
def test_other_texts_are_none(text) -> None:
    assert not is_mask(text)
