"""Rules of the identity that a certificate carries."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bastion.model.principal import Kind, Principal
from bastion.ssh import cert_identity

TEXT = st.text(min_size=1, max_size=20)
PRINCIPALS = st.builds(
    Principal,
    issuer=TEXT,
    subject=TEXT,
    kind=st.sampled_from(Kind),
    name=TEXT,
    expires=st.integers(0, 2**40),
    groups=st.frozensets(TEXT, max_size=5),
    owner=TEXT,
    person=TEXT,
    email=TEXT,
    factors=st.frozensets(TEXT, max_size=3),
)
GOOD = Principal(issuer="https://i", subject="s", kind=Kind.AGENT, name="n", expires=1, owner="o")


@given(PRINCIPALS)
def test_every_principal_comes_back_whole(who):
    assert cert_identity.unpack(cert_identity.pack(who)) == who


def fields(**changes):
    return json.dumps(json.loads(cert_identity.pack(GOOD)) | changes).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": "1"},
        {"iss": ""},
        {"sub": ""},
        {"kind": "root"},
        {"owner": ""},
        {"exp": "1"},
        {"groups": "dev"},
        {"groups": [1]},
        {"more": 1},
        {"name": None},
    ],
)
def test_anything_else_is_no_identity(changes):
    assert cert_identity.unpack(fields()) == GOOD
    assert cert_identity.unpack(fields(**changes)) is None


@pytest.mark.parametrize("name", sorted(json.loads(cert_identity.pack(GOOD))))
def test_no_field_may_be_missing(name):
    left = json.loads(cert_identity.pack(GOOD))
    del left[name]
    assert cert_identity.unpack(json.dumps(left).encode()) is None


def test_an_identity_beyond_the_limit_is_not_read():
    assert cert_identity.unpack(fields(email="e" * cert_identity.MAX_IDENTITY)) is None


@given(st.binary(max_size=60))
def test_garbage_is_no_identity_and_never_raises(garbage):
    assert cert_identity.unpack(garbage) is None
