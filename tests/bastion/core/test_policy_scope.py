"""Stand-ins: who and where a policy speaks of when nobody signed in."""

from __future__ import annotations

import pytest

from bastion.core.policy import Policy
from bastion.core.policy_scope import ScopeError, every_group, place, principal
from bastion.core.policy_text import load
from bastion.model.principal import Kind


def policy(rules: str) -> Policy:
    made = load(f"version: 1\nrules:\n{rules}", name="p")
    assert isinstance(made, Policy), str(made)
    return made


SHOP = policy("""
  - {id: a, who: {groups: [dev]}, where: {namespaces: [shop], labels: {tier: "web*"}}, effect: allow}
  - {id: b, who: {groups: [ops], issuers: ["https://sso"]}, where: {namespaces: [shop], workloads: ["deployment/*"]},
     effect: {approve: {peers: 1, from: [sre]}}}
  - {id: c, where: {namespaces: [bank], clusters: [prod]}, effect: deny}
""")


def test_without_a_name_it_is_a_human_in_every_group_that_the_file_names():
    who = principal(SHOP)
    assert (who.kind, who.groups, who.issuer) == (Kind.HUMAN, {"dev", "ops", "sre"}, "https://sso")
    assert every_group(SHOP) == {"dev", "ops", "sre"}


@pytest.mark.parametrize(
    ("said", "kind", "subject", "issuer", "groups"),
    [("alice", "human", "alice", "https://sso", {"dev", "ops", "sre"}), ("alice=dev,x", "human", "alice", "https://sso", {"dev", "x"}),
     ("alice=", "human", "alice", "https://sso", set()), ("agent:bot=dev", "agent", "bot", "https://sso", {"dev"}), ("agent", "agent", "agent", "https://sso", {"dev", "ops", "sre"}),
     ("https://other|bob=dev", "human", "bob", "https://other", {"dev"}), ({"subject": "x", "kind": "agent", "groups": []}, "agent", "x", "https://sso", set()),
     ({}, "human", "somebody", "https://sso", {"dev", "ops", "sre"})],
)  # fmt: skip
def test_a_principal_is_read_from_a_text_or_an_object(said, kind, subject, issuer, groups):
    who = principal(SHOP, said)
    assert (who.kind.value, who.subject, who.issuer, who.groups) == (kind, subject, issuer, groups)


@pytest.mark.parametrize(
    "said",
    [5, [], "", "a b", {"subject": 5}, {"kind": "robot"}, {"groups": "dev"}, {"groups": [1]}, {"grups": []}],
)
def test_what_is_no_principal_is_refused(said):
    with pytest.raises(ScopeError):
        principal(SHOP, said)


def test_without_a_target_the_container_is_one_that_most_rules_mean():
    pod = place(SHOP)
    assert (pod.namespace, dict(pod.labels), pod.workload) == ("shop", {"tier": "webx"}, "deployment/x")


def test_what_a_target_leaves_open_is_filled_in_and_what_it_says_is_kept():
    assert place(SHOP, "shop/web-7").name == "web-7"
    assert dict(place(SHOP, "shop/web-7").labels) == {"tier": "webx"}
    assert place(SHOP, "shop/deploy/api").workload == "deployment/api"
    assert place(SHOP, "bank/x").cluster == "prod"
    assert place(SHOP, "other/x/side").container == "side"
    assert place(SHOP, {"namespace": "shop", "labels": {"tier": "db"}}).labels == (("tier", "db"),)
    assert place(SHOP, {"namespace": "shop", "labels": {}}).labels == ()


@pytest.mark.parametrize(
    "said", [5, [], "@@", "cert", "shop", {"pod": 1}, {"labels": []}, {"labels": {"a": 1}}, {"nmespace": "x"}]
)
def test_what_is_no_target_is_refused(said):
    with pytest.raises(ScopeError):
        place(SHOP, said)


def test_a_file_with_very_many_places_is_answered():
    many = policy(
        "\n".join(f"  - {{id: r{n}, where: {{namespaces: [n{n}]}}, effect: deny}}" for n in range(300))
    )
    assert place(many).namespace == "n0"
