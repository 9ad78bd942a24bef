"""The Principal inside a certificate: one extension's JSON, written and read.

OpenSSH's clients ignore extensions that they do not know (PROTOCOL.certkeys: only critical
options must be understood), so stock ssh carries it without reading it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from bastion.model.principal import Kind, Principal

EXTENSION = b"identity@bastion"
MAX_IDENTITY = 24 * 1024


class _Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every field of a Principal, and a version."""

    v: Literal[1]
    iss: str
    sub: str
    kind: Kind
    name: str
    exp: int
    groups: list[str]
    owner: str
    person: str
    email: str
    factors: list[str]


def pack(who: Principal) -> bytes:
    """The extension's value for `who`."""
    return msgspec.json.encode(
        _Identity(
            v=1,
            iss=who.issuer,
            sub=who.subject,
            kind=who.kind,
            name=who.name,
            exp=who.expires,
            groups=sorted(who.groups),
            owner=who.owner,
            person=who.person,
            email=who.email,
            factors=sorted(who.factors),
        )
    )


def unpack(value: bytes) -> Principal | None:
    """The Principal of an extension's value, or None where it is not well-formed."""
    try:
        told = msgspec.json.decode(value, type=_Identity) if len(value) <= MAX_IDENTITY else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if told is None or not told.iss or not told.sub or (told.kind is Kind.AGENT and not told.owner):
        return None
    return Principal(
        issuer=told.iss,
        subject=told.sub,
        kind=told.kind,
        name=told.name,
        expires=told.exp,
        groups=frozenset(told.groups),
        owner=told.owner,
        person=told.person,
        email=told.email,
        factors=frozenset(told.factors),
    )
