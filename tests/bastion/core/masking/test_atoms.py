"""Atoms: what of a Secret's value is secret."""

from __future__ import annotations

import base64
import json

import pytest

from bastion.core.masking.atoms import atoms

CERT = b"-----BEGIN CERTIFICATE-----\nMIIBpublicpublic\n-----END CERTIFICATE-----"
KEY = b"-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIabcdef\n-----END EC PRIVATE KEY-----"
LOGIN = base64.b64encode(b"bot:reg-Pw-4471").decode()


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (b"plain-Value-9", (b"plain-Value-9",)),
        (b"postgres://svc:Lk-pw%2F44@db:5432/app", (b"Lk-pw%2F44", b"Lk-pw/44")),
        (b"https://host/path", (b"https://host/path",)),
        (CERT, ()),
        (KEY, (b"MHcCAQEEIabcdef",)),
        (KEY + b"\n" + CERT, (b"MHcCAQEEIabcdef",)),
        (b"# env\nA=first-value\nexport B='second one'\n", (b"first-value", b"second one")),
        (json.dumps({"a": ["x-leaf-1", {"b": "y-leaf-2"}], "n": 5}).encode(), (b"y-leaf-2", b"x-leaf-1")),
        (json.dumps({"auths": {"r": {"auth": LOGIN}}}).encode(), (LOGIN.encode(), b"reg-Pw-4471")),
        (b"{not json}", (b"{not json}",)),
    ],
)
def test_structured_values_yield_their_secret_parts(value: bytes, parts: tuple[bytes, ...]) -> None:
    assert atoms(value) == parts


def test_deeply_nested_json_does_not_recurse_without_end() -> None:
    assert atoms(b"[" * 5000 + b"]" * 5000)
