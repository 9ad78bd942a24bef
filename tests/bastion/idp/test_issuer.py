"""Rules of an issuer's configuration."""

from __future__ import annotations

import pytest

from bastion.idp.issuer import Issuer
from bastion.model.principal import Kind

GOOD = {
    "name": "main",
    "issuer_url": "https://idp.example/realms/x",
    "audiences": ("bastion",),
    "clients": {"cli": Kind.HUMAN},
}


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("name", ""),
        ("issuer_url", ""),
        ("issuer_url", "http://idp.example"),
        ("issuer_url", "https://idp.example|u-17"),
        ("issuer_url", "https://idp.example?x"),
        ("issuer_url", "https://user@idp.example"),
        ("audiences", ()),
        ("audiences", ("",)),
        ("clients", {}),
        ("clients", {"": Kind.HUMAN}),
        ("algorithms", ()),
        ("algorithms", ("none",)),
        ("algorithms", ("EdDSA", "HS256")),
        ("jwks_uri", "http://idp.example/keys"),
        ("jwks_uri", "file:///keys"),
        ("leeway", -1),
        ("leeway", 301),
        ("max_lifetime", 0),
        ("max_lifetime", 8 * 24 * 3600),
    ],
)
def test_a_setting_that_cannot_be_safe_is_named(setting, value):
    Issuer(**GOOD)
    with pytest.raises(ValueError, match=setting):
        Issuer(**(GOOD | {setting: value}))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://[::1]:1/x", "http://localhost"])
def test_an_issuer_on_this_machine_may_speak_plain_http(url):
    assert Issuer(**(GOOD | {"issuer_url": url})).issuer_url == url
