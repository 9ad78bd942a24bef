"""Verified claims → Principal: audience, client, times, and the mapping of names (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bastion.idp.issuer import Issuer
from bastion.idp.refusals import Code, refuse
from bastion.model.principal import Kind, Principal
from bastion.model.refusal import Refusal

MAX_SUBJECT = 255  # OpenID Connect Core §2
MAX_NAME = 128
MAX_EMAIL = 254
MAX_GROUPS = 200
MAX_GROUP = 128
RESERVED_GROUPS = "system:"  # Kubernetes' own: whoever impersonates one is more than a user
_KINDS_OF_ID_TOKEN = {"typ": ("ID", "JWT"), "token_use": ("id",)}  # Keycloak; Amazon Cognito
_NOT_ID_TOKENS = ("events", "cnf")  # logout and security events (RFC 8417); bound to a key (RFC 7800)

Claims = Mapping[str, Any]


def principal(issuer: Issuer, claims: Claims, now: int) -> Principal | Refusal:
    """Who the claims name; they must have been verified. `now` is in Unix seconds."""
    problem = _kind_of_token(claims) or _times(issuer, claims, now)
    if problem is not None:
        return refuse(problem)
    kind = _client(issuer, claims)
    if isinstance(kind, Code):
        return refuse(kind)
    subject, groups = text(claims.get("sub"), MAX_SUBJECT), _groups(claims.get(issuer.groups_claim, []))
    if not subject or groups is None:
        return refuse(Code.CLAIMS)
    owner = text(claims.get(issuer.owner_claim), MAX_SUBJECT) if kind is Kind.AGENT else ""
    if kind is Kind.AGENT and owner in {"", subject}:
        return refuse(Code.AGENT_WITHOUT_OWNER)
    person = _person(issuer, claims, subject) if kind is Kind.HUMAN else ""
    if person is None:
        return refuse(Code.CLAIMS)
    return Principal(
        issuer=issuer.issuer_url,
        subject=subject,
        kind=kind,
        name=text(claims.get(issuer.name_claim), MAX_NAME) or subject,
        expires=int(claims["exp"]),
        groups=groups,
        owner=owner,
        person=person,
        email=text(claims.get(issuer.email_claim), MAX_EMAIL),
        factors=frozenset({"token"}),
    )


def text(value: object, limit: int) -> str:
    """`value` where it is printable text of 1 to `limit` characters, else an empty string."""
    return value if isinstance(value, str) and len(value) <= limit and value.isprintable() else ""


def _client(issuer: Issuer, claims: Claims) -> Kind | Code:
    """The kind of the client that the token was given to (OpenID Connect Core §2, §3.1.3.7).

    Every audience must be the bastion or a configured client: a token that others hold too could
    be replayed by them. Without `azp` the single audience is the client.
    """
    audiences = claims.get("aud")
    audiences = [audiences] if isinstance(audiences, str) else audiences
    if (
        not isinstance(audiences, list)
        or not audiences
        or not all(isinstance(each, str) for each in audiences)
    ):
        return Code.AUDIENCE
    trusted = set(issuer.audiences) | issuer.clients.keys()
    if not set(audiences) & set(issuer.audiences) or not set(audiences) <= trusted:
        return Code.AUDIENCE
    if len(set(audiences)) > 1 and "azp" not in claims:
        return Code.AUDIENCE
    client = claims.get("azp", audiences[0])
    return issuer.clients.get(client, Code.CLIENT_UNKNOWN) if isinstance(client, str) else Code.CLIENT_UNKNOWN


def _kind_of_token(claims: Claims) -> Code | None:
    wrong = any(
        name in claims and claims[name] not in allowed for name, allowed in _KINDS_OF_ID_TOKEN.items()
    )
    return Code.TYPE if wrong or any(name in claims for name in _NOT_ID_TOKENS) else None


def _times(issuer: Issuer, claims: Claims, now: int) -> Code | None:
    """RFC 7519 §4.1.4 to 4.1.6. The leeway helps a token that starts, and never lengthens its life."""
    ends, starts, made = (claims.get(name, 0 if name == "nbf" else None) for name in ("exp", "nbf", "iat"))
    if not (_is_date(ends) and _is_date(starts) and _is_date(made)):
        return Code.CLAIMS
    if now >= ends:
        return Code.EXPIRED
    if max(starts, made) > now + issuer.leeway:
        return Code.NOT_YET_VALID
    return Code.LIFETIME if ends - made > issuer.max_lifetime else None


def _is_date(value: object) -> bool:
    """Whether a claim is a NumericDate that every clock can hold; no bool, infinity or NaN."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53


def _groups(value: object) -> frozenset[str] | None:
    if not isinstance(value, list) or len(value) > MAX_GROUPS:
        return None
    names = frozenset(text(each, MAX_GROUP) for each in value)
    return None if any(not name or name.startswith(RESERVED_GROUPS) for name in names) else names


def _person(issuer: Issuer, claims: Claims, subject: str) -> str | None:
    """The person claim, or the principal's own key: `|` in a claim could imitate the latter."""
    if issuer.person_claim not in claims:
        return f"{issuer.issuer_url}|{subject}"
    person = text(claims[issuer.person_claim], MAX_SUBJECT)
    return person if person and "|" not in person else None
