"""Rules of the demo's issuer, and of its tokens at the bastion's own verifier."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import aiohttp
import pytest

from bastion.demo.issuer import AUDIENCE, CLIENTS, USERS, DemoIssuer, DemoUser, owner
from bastion.idp.issuer import Issuer
from bastion.idp.issuers import Issuers
from bastion.model.principal import Kind

OPAQUE = {
    "alice": DemoUser(Kind.HUMAN, ("dev",), subject="u-17"),
    "bot": DemoUser(Kind.AGENT, ("agents",), owner="alice", subject="a-4"),
}


@pytest.fixture
async def demo():
    running = await DemoIssuer.start()
    yield running
    await running.close()


def verifier(issuer):
    return Issuers([Issuer(name="demo", issuer_url=issuer.url, audiences=(AUDIENCE,), clients=CLIENTS)])


@pytest.mark.parametrize("alg", ["EdDSA", "ES256", "RS256"])
async def test_every_users_token_is_accepted_and_says_what_the_table_says(demo, alg):
    house = verifier(demo)
    for name, user in USERS.items():
        who = await house.verify(demo.mint(name, alg=alg), now=int(time.time()))
        assert (who.subject, who.name, who.kind, who.owner) == (name, name, user.kind, user.owner)
        assert who.groups == frozenset(user.groups)
        assert bool(who.person) == (user.kind is Kind.HUMAN)
    await house.close()


async def test_the_table_has_the_people_and_the_agent_that_the_demo_promises():
    groups = {name: user.groups for name, user in USERS.items()}
    assert groups["alice"] == groups["carol"] == ("dev",)
    assert groups["bob"] == groups["dana"] == ("sre",)
    assert groups["erin"] == ("auditors",)
    assert USERS["agent-refactor"] == DemoUser(Kind.AGENT, ("agents",), owner="alice")
    assert {user.owner for user in USERS.values() if user.owner} <= USERS.keys()


@pytest.mark.parametrize("alg", ["EdDSA", "ES256", "RS256"])
async def test_every_token_fits_into_a_typed_password_with_room_to_spare(demo, alg):
    assert max(len(demo.mint(name, alg=alg)) for name in USERS) < 900


async def test_an_opaque_subject_stands_in_the_token_and_in_the_owner_claim():
    demo = await DemoIssuer.start(OPAQUE)
    house = verifier(demo)
    who = await house.verify(demo.mint("bot"), now=int(time.time()))
    assert (who.subject, who.name, who.owner) == ("a-4", "bot", "u-17")
    await house.close()
    await demo.close()


async def test_tokens_live_twelve_hours_from_the_given_clock():
    demo = await DemoIssuer.start(clock=lambda: 1_800_000_000.7)
    house = verifier(demo)
    assert (await house.verify(demo.mint("alice"), now=1_800_043_199)).expires == 1_800_043_200
    assert (await house.verify(demo.mint("alice"), now=1_800_043_200)).code == "token-expired"
    await house.close()
    await demo.close()


async def test_claims_can_be_replaced_and_left_out(demo):
    house = verifier(demo)
    now = int(time.time())
    assert (await house.verify(demo.mint("alice", aud="shop"), now=now)).code == "token-audience"
    assert (
        await house.verify(demo.mint("agent-refactor", owner=None), now=now)
    ).code == "agent-without-owner"
    assert (await house.verify(demo.mint("alice", email="a@x"), now=now)).email == "a@x"
    await house.close()


@pytest.mark.parametrize(("user", "alg"), [("nobody", "EdDSA"), ("alice", "HS256"), ("alice", "none")])
async def test_it_mints_for_known_users_with_known_algorithms_only(demo, user, alg):
    with pytest.raises(KeyError):
        demo.mint(user, alg=alg)


async def test_keys_are_new_at_each_start_and_only_their_public_parts_are_shown(demo):
    second = await DemoIssuer.start()
    shown = [await page(each, "/jwks") for each in (demo, second)]
    ids = [{key["kid"] for key in each["keys"]} for each in shown]
    assert len(ids[0]) == len(ids[1]) == 3
    assert not ids[0] & ids[1]
    private = {"d", "p", "q", "dp", "dq", "qi", "k"}
    assert not any(private & key.keys() for each in shown for key in each["keys"])
    house = verifier(demo)
    forged = second.mint("alice", iss=demo.url)
    assert (await house.verify(forged, now=int(time.time()))).code == "token-kid"
    await house.close()
    await second.close()


async def page(issuer, path):
    async with aiohttp.ClientSession() as session, session.get(issuer.url + path) as answer:
        return await answer.json()


async def test_discovery_names_the_issuer_and_its_keys(demo):
    found = await page(demo, "/.well-known/openid-configuration")
    assert found["issuer"] == demo.url
    assert found["jwks_uri"] == f"{demo.url}/jwks"


async def test_it_listens_on_this_machine_only_and_is_gone_after_close():
    demo = await DemoIssuer.start()
    assert demo.url.startswith("http://127.0.0.1:")
    port = urlsplit(demo.url).port
    with pytest.raises(OSError, match=str(port)):
        await DemoIssuer.start(port=port)
    await demo.close()
    await demo.close()
    again = await DemoIssuer.start(port=port)
    await again.close()


def test_every_user_has_an_owner_who_is_a_user_and_people_own_themselves():
    for name, user in USERS.items():
        assert owner(name) in USERS
        assert owner(name) == (name if user.kind is Kind.HUMAN else user.owner)
