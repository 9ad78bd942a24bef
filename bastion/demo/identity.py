"""Who calls: bearer tokens, service account tokens (JWT), and impersonation by headers."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
import urllib.parse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from bastion.demo.rbac import Attributes, Caller, Rbac
from bastion.demo.status import ApiError

ANONYMOUS = Caller("system:anonymous", ("system:unauthenticated",))
AUTHENTICATED = "system:authenticated"
ISSUER = "https://kubernetes.default.svc.cluster.local"
SHORTEST_TOKEN = 600
_MOST_TOKENS = 10_000
_ACCOUNT = re.compile(r"system:serviceaccount:([^:]+):([^:]+)")
_CREDENTIAL = "authentication.kubernetes.io/credential-id"

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    expires: float
    audiences: tuple[str, ...]


class Identities:
    """The tokens in force, kept as hashes; `clock` gives Unix seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._known: dict[bytes, _Known] = {}
        self._key = ECKey.generate_key("P-256")

    def issue(self, caller: Caller) -> str:
        """A new opaque token for `caller` that does not expire."""
        token = secrets.token_urlsafe(32)
        self._remember(token, _Known(_authenticated(caller), float("inf"), (ISSUER,)))
        return token

    def issue_for_account(
        self, namespace: str, name: str, uid: str, seconds: int, audiences: tuple[str, ...] = (ISSUER,)
    ) -> tuple[str, str, int]:
        """A service account's token: (JWT signed with ES256, its jti, expiry in Unix seconds)."""
        moment = int(self._clock())
        jti = secrets.token_hex(16)
        claims: dict[str, Any] = {
            "aud": list(audiences),
            "exp": moment + seconds,
            "iat": moment,
            "iss": ISSUER,
            "jti": jti,
            "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": uid}},
            "nbf": moment,
            "sub": f"system:serviceaccount:{namespace}:{name}",
        }
        token = jwt.encode({"alg": "ES256", "typ": "JWT"}, claims, self._key)
        caller = replace(account(namespace, name), uid=uid, extra=((_CREDENTIAL, (f"JTI={jti}",)),))
        self._remember(token, _Known(_authenticated(caller), moment + seconds, audiences))
        return token, jti, moment + seconds

    def withdraw(self, user: str) -> None:
        """Make every token of `user` invalid."""
        self._known = {key: known for key, known in self._known.items() if known.caller.name != user}

    def look_up(self, token: str) -> tuple[Caller, tuple[str, ...]] | None:
        """Whose token it is and for which audiences; None when it is not in force.

        Tokens are found by their SHA-256, so the comparison tells nothing of their bytes.
        """
        known = self._known.get(hashlib.sha256(token.encode()).digest())
        if known is None or known.expires <= self._clock():
            return None
        return known.caller, known.audiences

    def authenticate(self, authorization: str | None) -> Caller:
        """The caller of a request by its Authorization header. Raises ApiError 401."""
        if authorization is None:
            return ANONYMOUS
        scheme, _, token = authorization.partition(" ")
        found = self.look_up(token.strip()) if scheme.lower() == "bearer" else None
        if found is None or ISSUER not in found[1]:
            raise ApiError(401, "Unauthorized")
        return found[0]

    def _remember(self, token: str, known: _Known) -> None:
        if len(self._known) >= _MOST_TOKENS:
            moment = self._clock()
            self._known = {key: value for key, value in self._known.items() if value.expires > moment}
        if len(self._known) >= _MOST_TOKENS:
            raise ApiError(500, "too many tokens are in force")
        self._known[hashlib.sha256(token.encode()).digest()] = known


def account(namespace: str, name: str) -> Caller:
    """A service account as a caller."""
    return Caller(
        f"system:serviceaccount:{namespace}:{name}",
        ("system:serviceaccounts", f"system:serviceaccounts:{namespace}"),
    )


def _authenticated(caller: Caller) -> Caller:
    if AUTHENTICATED in caller.groups:
        return caller
    return replace(caller, groups=(*caller.groups, AUTHENTICATED))


def impersonate(rbac: Rbac, caller: Caller, headers: Headers) -> Caller | None:
    """Whom `caller` acts as, or None without Impersonate headers.

    Every part is checked against RBAC as the verb `impersonate`. Raises ApiError: 403 for a part
    that is not allowed, 400 for groups, uid or extra without a user.
    """
    user, uid, groups, extra = _asked(headers)
    if not (user or uid or groups or extra):
        return None
    if not user:
        parts = [f"{{Group  {name}    }}" for name in groups]
        parts += [f"{{UserExtra  {value}  authentication.k8s.io/v1  {key}}}" for key, value in extra]
        parts += [f"{{UID  {uid}  authentication.k8s.io/v1  }}"] if uid else []
        raise ApiError(400, f"requested [{' '.join(parts)}] without impersonating a user name")
    match = _ACCOUNT.fullmatch(user)
    if match:
        checks = [Attributes("impersonate", "", "serviceaccounts", match[1], match[2])]
        groups = groups or list(account(match[1], match[2]).groups)
    else:
        checks = [Attributes("impersonate", "", "users", "", user)]
        checks += [Attributes("impersonate", "", "groups", "", name) for name in groups]
    names = "authentication.k8s.io"
    checks += [Attributes("impersonate", names, f"userextras/{key}", "", value) for key, value in extra]
    checks += [Attributes("impersonate", names, "uids", "", uid)] if uid else []
    for check in checks:
        rbac.require(caller, check)
    found: dict[str, tuple[str, ...]] = {}
    for key, value in extra:
        found[key] = (*found.get(key, ()), value)
    return _authenticated(Caller(user, tuple(groups), uid, tuple(found.items())))


def _asked(headers: Headers) -> tuple[str, str, list[str], list[tuple[str, str]]]:
    user = uid = ""
    groups: list[str] = []
    extra: list[tuple[str, str]] = []
    for name, value in headers:
        match name.lower():
            case "impersonate-user":
                user = user or value  # sent twice: the first wins
            case "impersonate-uid":
                uid = uid or value
            case "impersonate-group":
                groups.append(value)
            case key if key.startswith("impersonate-extra-"):
                extra.append((urllib.parse.unquote(key.removeprefix("impersonate-extra-")), value))
            case _:
                pass
    return user, uid, groups, extra
