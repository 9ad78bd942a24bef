"""Tokens and impersonation."""

from __future__ import annotations

import base64
import json

import pytest

from bastion.demo import access
from bastion.demo.identity import ANONYMOUS, Identities, account, impersonate
from bastion.demo.rbac import Caller, Rbac
from bastion.demo.status import ApiError


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_is_its_callers_until_it_is_withdrawn():
    known = Identities(Clock())
    token = known.issue(Caller("alice", ("dev",)))
    assert known.authenticate(f"Bearer {token}").groups == ("dev", "system:authenticated")
    known.withdraw("alice")
    with pytest.raises(ApiError) as refused:
        known.authenticate(f"Bearer {token}")
    assert refused.value.code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Basic YWxpY2U6eA==", "", "Bearer é"])
def test_a_malformed_token_is_401_and_none_is_anonymous(header):
    known = Identities(Clock())
    with pytest.raises(ApiError) as refused:
        known.authenticate(header)
    assert refused.value.code == 401
    assert known.authenticate(None) == ANONYMOUS


def test_an_accounts_token_is_a_jwt_that_expires_and_is_bound_to_its_audience():
    clock = Clock()
    known = Identities(clock)
    token, jti, expires = known.issue_for_account("shop", "web", "uid-1", 600)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert set(claims) == {"aud", "exp", "iat", "iss", "jti", "kubernetes.io", "nbf", "sub"}
    assert claims["sub"] == "system:serviceaccount:shop:web"
    assert (claims["exp"], claims["jti"]) == (expires, jti)
    caller = known.authenticate(f"Bearer {token}")
    assert caller.extra == (("authentication.kubernetes.io/credential-id", (f"JTI={jti}",)),)
    clock.now += 600
    with pytest.raises(ApiError):
        known.authenticate(f"Bearer {token}")
    other, _, _ = known.issue_for_account("shop", "web", "uid-1", 600, ("vault",))
    with pytest.raises(ApiError):
        known.authenticate(f"Bearer {other}")


RBAC = Rbac(access.ROLES, access.BINDINGS)
FOR = {
    "user": ("Impersonate-User", "oidc:alice"),
    "dev": ("Impersonate-Group", "oidc:dev"),
    "session": ("Impersonate-Extra-bastion-session", "s-1"),
}


def test_the_bastion_acts_as_a_listed_user_with_the_groups_it_sends():
    acting = impersonate(RBAC, access.BASTION, FOR.values())
    assert acting == Caller(
        "oidc:alice", ("oidc:dev", "system:authenticated"), "", (("bastion-session", ("s-1",)),)
    )
    assert impersonate(RBAC, access.BASTION, [("Accept", "*/*")]) is None


@pytest.mark.parametrize(
    ("headers", "code", "words"),
    [
        (
            [("Impersonate-User", "bob")],
            403,
            'users "bob" is forbidden: User "system:serviceaccount:bastion:bastion"',
        ),
        ([FOR["user"], ("Impersonate-Group", "system:masters")], 403, 'groups "system:masters" is forbidden'),
        (
            [FOR["user"], ("Impersonate-Extra-other", "1")],
            403,
            'cannot impersonate resource "userextras/other"',
        ),
        ([FOR["user"], ("Impersonate-Uid", "7")], 403, 'cannot impersonate resource "uids"'),
        (
            [("Impersonate-User", "system:serviceaccount:shop:web")],
            403,
            'cannot impersonate resource "serviceaccounts" in API group "" in the namespace "shop"',
        ),
        ([FOR["dev"]], 400, "without impersonating a user name"),
    ],
)
def test_each_part_of_an_impersonation_is_checked(headers, code, words):
    with pytest.raises(ApiError) as refused:
        impersonate(RBAC, access.BASTION, headers)
    assert refused.value.code == code
    assert words in refused.value.message


def test_of_two_users_the_first_wins():
    acting = impersonate(RBAC, access.BASTION, [FOR["user"], ("Impersonate-User", "admin")])
    assert acting is not None
    assert acting.name == "oidc:alice"


def test_an_impersonated_account_has_its_groups():
    admin = access.USERS["admin"]
    acting = impersonate(RBAC, admin, [("Impersonate-User", account("shop", "web").name)])
    assert acting is not None
    assert acting.groups == ("system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated")
