"""Rules of verified claims: who they name, and each way in which they can be wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bastion.idp.claims import principal
from bastion.idp.issuer import Issuer
from bastion.model.principal import Kind, Principal
from bastion.model.refusal import Refusal

NOW = 1_800_000_000
URL = "https://idp.example"
CONFIGURED = Issuer(
    name="main",
    issuer_url=URL,
    audiences=("bastion",),
    clients={"cli": Kind.HUMAN, "ci": Kind.AGENT},
)
ALICE = Principal(
    issuer=URL,
    subject="u-17",
    kind=Kind.HUMAN,
    name="alice",
    expires=NOW + 600,
    groups=frozenset({"dev"}),
    person=f"{URL}|u-17",
    email="alice@example.org",
    factors=frozenset({"token"}),
)


def who(issuer=CONFIGURED, now=NOW, **changes):
    """The answer for the usual claims of alice with `changes`; `...` leaves one out."""
    usual = {
        "iss": URL,
        "sub": "u-17",
        "aud": "bastion",
        "azp": "cli",
        "iat": NOW - 10,
        "exp": NOW + 600,
        "preferred_username": "alice",
        "groups": ["dev"],
        "email": "alice@example.org",
    }
    return principal(issuer, {k: v for k, v in (usual | changes).items() if v is not ...}, now)


def code(**changes):
    answer = who(**changes)
    return answer.code if isinstance(answer, Refusal) else "accepted"


def test_a_human_is_who_the_claims_say():
    assert who() == ALICE


def test_an_agent_comes_with_its_owner_and_counts_as_no_person():
    agent = who(azp="ci", owner="u-17", sub="bot", person="p-1")
    assert (agent.kind, agent.subject, agent.owner, agent.person) == (Kind.AGENT, "bot", "u-17", "")


@pytest.mark.parametrize("owner", [..., "", None, 7, ["u-17"], "bot", "a\nb", "x" * 256])
def test_an_agent_without_an_accountable_owner_is_refused(owner):
    assert code(azp="ci", sub="bot", owner=owner) == "agent-without-owner"


def test_a_humans_owner_claim_is_ignored():
    assert who(owner="someone") == ALICE


def test_the_person_claim_joins_one_human_across_issuers_and_cannot_imitate_a_key():
    assert who(person="p-1").person == "p-1"
    for bad in (f"{URL}|u-18", "", 7, None):
        assert code(person=bad) == "token-claims"


def test_claim_names_are_configurable():
    other = replace(CONFIGURED, name_claim="n", groups_claim="roles", owner_claim="o", email_claim="m")
    bot = who(other, azp="ci", n="bob", roles=["r"], o="u-1", m="m@x")
    assert (bot.name, bot.groups, bot.owner, bot.email) == ("bob", frozenset({"r"}), "u-1", "m@x")


# One defect each; `...` leaves the claim out.
DEFECTS = {
    "token-audience": [
        *({"aud": each} for each in (..., None, "", [], "cli", "bastion2", "Bastion", {"bastion": 1})),
        *({"aud": each} for each in ([["bastion"]], ["bastion", 1], ["bastion", "shop"])),
        {"aud": ["bastion", "cli"], "azp": ...},
    ],
    "client-unknown": [{"azp": each} for each in (..., None, "", "other", "CLI", ["cli"], 7, "bastion")],
    "token-expired": [{"exp": NOW}, {"exp": NOW - 1, "iat": NOW - 50}, {"exp": 0}, {"exp": NOW - 0.5}],
    "token-not-yet-valid": [{"nbf": NOW + 31}, {"iat": NOW + 31}],
    "token-lifetime": [{"exp": NOW - 10 + 24 * 3600 + 1}, {"iat": 0}],
    "token-claims": [
        *({"exp": each} for each in (..., None, str(NOW + 60), True, -1, 2**63, [NOW + 60])),
        *({"exp": each} for each in (float("inf"), float("nan"))),
        *({"iat": each} for each in (..., None, "1", True, -1)),
        *({"nbf": each} for each in (None, "1", False)),
        *({"sub": each} for each in (..., None, "", 7, "a\nb", "a\x00", "x" * 256, "\u202ebob", "\ud800")),
        *({"groups": each} for each in ("dev", None, {"dev": 1}, ["dev", 7], [""], ["x" * 129], ["a\nb"])),
        *({"groups": each} for each in (["g"] * 201, ["system:masters"], ["dev", "system:x"])),
    ],
    "token-type": [
        *({"typ": each} for each in ("Bearer", "Refresh", "Logout", ["ID"], None)),
        {"token_use": "access"},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        {"cnf": {"jkt": "x"}},
    ],
}


@pytest.mark.parametrize(
    ("expected", "changes"), [(word, each) for word, defects in DEFECTS.items() for each in defects]
)
def test_each_defect_has_its_own_refusal(expected, changes):
    assert code(**changes) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["bastion"]},
        {"aud": ["bastion", "cli"]},
        {"nbf": NOW + 30},
        {"iat": NOW + 30, "exp": NOW + 60},
        {"exp": NOW + 1},
        {"exp": float(NOW + 60)},
        {"typ": "ID"},
        {"token_use": "id"},
        {"groups": ...},
        {"groups": [f"g{n}" for n in range(200)]},
        {"sub": "x" * 255},
        {"preferred_username": ...},
    ],
)
def test_what_stands_just_inside_a_rule_is_accepted(changes):
    assert code(**changes) == "accepted"


def test_display_claims_that_cannot_be_shown_are_left_out():
    shown = who(preferred_username="a\x1b[2J", email=7)
    assert (shown.name, shown.email) == ("u-17", "")


def test_without_azp_the_single_audience_is_the_client_and_must_be_configured():
    own = replace(CONFIGURED, audiences=("cli",))
    assert code(issuer=own, aud="cli", azp=...) == "accepted"
    assert code(azp=...) == "client-unknown"


def test_the_life_of_a_token_ends_exactly_at_exp_whatever_the_leeway():
    generous = replace(CONFIGURED, leeway=300)
    assert code(issuer=generous, now=NOW + 599) == "accepted"
    assert code(issuer=generous, now=NOW + 600) == "token-expired"


def test_no_refusal_repeats_a_claim():
    changes = [each for defects in DEFECTS.values() for each in defects]
    hidden = {"email": "S3CRET", "preferred_username": "S3CRET"}
    answers = [who(**({"sub": "S3CRET", "groups": ["S3CRET"]} | hidden | each)) for each in changes]
    assert all(isinstance(each, Refusal) for each in answers)
    assert not any("S3CRET" in repr(each) for each in answers)
