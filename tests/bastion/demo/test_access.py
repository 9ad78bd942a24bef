"""The sample users and bindings hang together."""

from __future__ import annotations

from bastion.demo import access


def test_every_binding_names_a_role_and_a_subject():
    assert all(binding.role in access.ROLES for binding in access.BINDINGS)
    assert all(binding.users or binding.groups for binding in access.BINDINGS)


def test_the_bastion_may_impersonate_oidc_names_only():
    rules = [rule for rule in access.ROLES["bastion"] if "impersonate" in rule.verbs]
    named = [rule for rule in rules if "users" in rule.resources]
    assert [rule.names for rule in named] == [("oidc:*",)]
    assert not any("*" in rule.resources or "*" in rule.verbs for rule in access.ROLES["bastion"])
