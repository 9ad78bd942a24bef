"""The RBAC evaluator and its words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.demo import access
from bastion.demo.rbac import Attributes, Binding, Caller, Rbac, Rule, forbidden
from bastion.demo.status import ApiError

BASTION = access.BASTION
DEV = Caller("oidc:alice", ("oidc:dev",))
SRE = Caller("oidc:bob", ("oidc:sre",))
EXEC = "pods/exec"


@pytest.fixture
def rbac() -> Rbac:
    return Rbac(access.ROLES, access.BINDINGS)


@pytest.mark.parametrize(
    ("caller", "asked", "allowed"),
    [
        (BASTION, Attributes("get", "", EXEC, "shop", "web-0"), True),
        (BASTION, Attributes("create", "", EXEC, "bank", "ledger-0"), True),
        (BASTION, Attributes("watch", "", "secrets", "bank"), True),
        (BASTION, Attributes("delete", "", "pods", "shop", "web-0"), False),
        (BASTION, Attributes("create", "", "pods", "shop", "exec"), False),
        (BASTION, Attributes("impersonate", "", "users", "", "oidc:alice"), True),
        (BASTION, Attributes("impersonate", "", "users", "", "admin"), False),
        (BASTION, Attributes("impersonate", "", "groups", "", "system:masters"), False),
        (
            BASTION,
            Attributes("impersonate", "authentication.k8s.io", "userextras/bastion-session", "", "x"),
            True,
        ),
        (BASTION, Attributes("impersonate", "authentication.k8s.io", "userextras/other", "", "x"), False),
        (BASTION, Attributes("impersonate", "authentication.k8s.io", "uids", "", "x"), False),
        (DEV, Attributes("create", "", EXEC, "shop", "web-0"), True),
        (DEV, Attributes("create", "", EXEC, "bank", "ledger-0"), False),
        (SRE, Attributes("create", "", EXEC, "bank", "ledger-0"), True),
        (DEV, Attributes("get", "", "secrets", "shop", "web-credentials"), False),
        (access.USERS["carol"], Attributes("get", "", EXEC, "shop", "web-0"), False),
        (access.USERS["carol"], Attributes("create", "", EXEC, "shop", "web-0"), True),
        (access.USERS["dave"], Attributes("create", "", EXEC, "shop", "web-0"), False),
        (access.USERS["mallory"], Attributes("list", "", "pods", "shop"), False),
        (access.USERS["admin"], Attributes("get", path="/anything"), True),
        (Caller("x", ("system:authenticated",)), Attributes("get", path="/apis/apps/v1"), True),
        (Caller("x", ("system:unauthenticated",)), Attributes("get", path="/apis/apps/v1"), False),
        (Caller("x", ("system:unauthenticated",)), Attributes("get", path="/version"), True),
    ],
)
def test_the_sample_roles_allow_what_they_say(rbac, caller, asked, allowed):
    assert bool(rbac.allowed(caller, asked)) is allowed


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            Attributes("get", "", EXEC, "shop", "web-0"),
            (
                'pods "web-0" is forbidden: User "x" cannot get resource "pods/exec" in API group ""'
                ' in the namespace "shop"'
            ),
        ),
        (
            Attributes("list", "apps", "deployments"),
            (
                'deployments.apps is forbidden: User "x" cannot list resource "deployments"'
                ' in API group "apps" at the cluster scope'
            ),
        ),
        (Attributes("get", path="/metrics"), 'forbidden: User "x" cannot get path "/metrics"'),
    ],
)
def test_a_refusal_names_user_verb_and_place(asked, words):
    assert forbidden(Caller("x"), asked).message == words


def test_a_revoked_user_or_group_has_no_rights_left(rbac):
    asked = Attributes("create", "", EXEC, "shop", "web-0")
    assert rbac.require(DEV, asked)
    rbac.revoke("oidc:dev")
    with pytest.raises(ApiError, match="cannot create"):
        rbac.require(DEV, asked)
    rbac.bind(Binding("again", "shell", users=("oidc:alice",), namespace="shop"))
    assert "again/shop" in rbac.require(DEV, asked)


ROLES = st.sampled_from(sorted(access.ROLES))
VERBS = st.sampled_from(["get", "create", "delete", "impersonate", "list"])
RESOURCES = st.sampled_from(["pods", EXEC, "secrets", "users", "groups"])


@settings(max_examples=80, deadline=None)
@given(
    ROLES, VERBS, RESOURCES, st.sampled_from(["shop", "bank", ""]), st.sampled_from(["oidc:x", "web-0", ""])
)
def test_nothing_is_allowed_that_no_rule_of_a_bound_role_allows(role, verb, resource, namespace, name):
    asked = Attributes(verb, "", resource, namespace, name)
    alone = Rbac(access.ROLES, (Binding("b", role, users=("u",), namespace="shop"),))
    by_rule = any(rule.allows(asked) for rule in access.ROLES[role])
    assert bool(alone.allowed(Caller("u"), asked)) is (by_rule and namespace == "shop")
    assert not alone.allowed(Caller("v"), asked)


def test_a_rule_with_names_does_not_cover_a_list():
    assert not Rule(("",), ("secrets",), ("list",), ("one",)).allows(
        Attributes("list", "", "secrets", "shop")
    )
