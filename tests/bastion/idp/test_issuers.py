"""Rules of the whole way from a token to a Principal, with keys of our own and no network."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from bastion.idp.fetch import FetchError
from bastion.idp.issuer import Issuer
from bastion.idp.issuers import Issuers
from bastion.idp.refusals import Code
from bastion.model.principal import Kind
from bastion.model.refusal import Refusal

NOW = 1_800_000_000
URL, OTHER = "https://idp.example", "https://other.example"
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # by the tests' own signing
KEYS = {
    "EdDSA": OKPKey.generate_key("Ed25519"),
    "ES256": ECKey.generate_key("P-256"),
    "RS256": RSAKey.generate_key(2048),
}
KIDS = {"EdDSA": "okp", "ES256": "ec", "RS256": "rsa"}
OTHER_KEY = OKPKey.generate_key("Ed25519")
FIRST = Issuer(
    name="first",
    issuer_url=URL,
    audiences=("bastion",),
    clients={"cli": Kind.HUMAN, "ci": Kind.AGENT},
    jwks_uri=f"{URL}/keys",
)
SECOND = replace(
    FIRST, name="second", issuer_url=OTHER, jwks_uri=f"{OTHER}/keys", clients={"cli": Kind.AGENT}
)


def published(**keys):
    return json.dumps(
        {"keys": [key.as_dict(private=False) | {"kid": kid} for kid, key in keys.items()]}
    ).encode()


PAGES = {
    f"{URL}/keys": published(okp=KEYS["EdDSA"], ec=KEYS["ES256"], rsa=KEYS["RS256"]),
    f"{OTHER}/keys": published(okp=OTHER_KEY),
}


def house(*configured, pages=PAGES):
    async def fetch(url):
        if url not in pages:
            raise FetchError(url)
        return pages[url]

    return Issuers(configured or (FIRST,), fetch_with=lambda _: fetch, clock=lambda: 0.0)


def sign(alg="EdDSA", *, key=None, kid=None, **changes):
    usual = {"iss": URL, "sub": "u-17", "aud": "bastion", "azp": "cli", "iat": NOW - 10, "exp": NOW + 600}
    claims = {name: value for name, value in (usual | changes).items() if value is not ...}
    header = {"alg": alg, "kid": kid or KIDS[alg]}
    registry = jws.JWSRegistry(algorithms=[alg])
    return jws.serialize_compact(header, json.dumps(claims).encode(), key or KEYS[alg], registry=registry)


async def code(token, *configured):
    answer = await house(*configured).verify(token, now=NOW)
    return answer.code if isinstance(answer, Refusal) else "accepted"


@pytest.mark.parametrize("alg", KEYS)
async def test_a_token_of_each_algorithm_names_its_principal(alg):
    who = await house().verify(sign(alg), now=NOW)
    assert (who.issuer, who.subject, who.kind, who.expires) == (URL, "u-17", Kind.HUMAN, NOW + 600)


@pytest.mark.parametrize("iss", [..., None, 7, "", f"{URL}/", URL.upper(), OTHER, [URL], {URL: 1}])
async def test_only_the_exact_configured_issuer_is_believed(iss):
    assert await code(sign(iss=iss)) == "token-issuer"


@pytest.mark.parametrize(
    ("alg", "kid"), [("ES256", "okp"), ("RS256", "ec"), ("EdDSA", "rsa"), ("ES256", "rsa")]
)
async def test_an_algorithm_is_never_used_with_a_key_of_another_type(alg, kid):
    assert await code(sign(alg, kid=kid)) == "token-kid"


@pytest.mark.parametrize("kid", ["nobody", "../okp", "okp\x00", "OKP"])
async def test_an_unpublished_key_is_unknown(kid):
    assert await code(sign(kid=kid)) == "token-kid"


async def test_an_algorithm_that_the_issuer_may_not_use_is_refused():
    strict = replace(FIRST, algorithms=("ES256",))
    assert await code(sign("ES256"), strict) == "accepted"
    assert await code(sign("EdDSA"), strict) == "token-alg"


async def test_the_key_of_another_issuer_with_the_same_id_signs_nothing_here():
    both = (FIRST, SECOND)
    assert await code(sign(key=OTHER_KEY), *both) == "token-signature"
    assert await code(sign(iss=OTHER), *both) == "token-signature"
    assert await code(sign(iss=OTHER, key=OTHER_KEY, owner="u-1"), *both) == "accepted"


async def test_each_issuer_decides_by_its_own_configuration():
    both = house(FIRST, SECOND)
    assert (await both.verify(sign(), now=NOW)).kind is Kind.HUMAN
    agent = await both.verify(sign(iss=OTHER, key=OTHER_KEY, owner="u-1"), now=NOW)
    assert (agent.kind, agent.issuer, agent.owner) == (Kind.AGENT, OTHER, "u-1")


async def test_the_claims_are_judged_and_only_after_the_signature():
    assert await code(sign(aud="shop")) == "token-audience"
    assert await code(sign(aud="shop", key=OTHER_KEY)) == "token-signature"
    assert await code(sign(exp=NOW - 1, groups=["system:masters"], key=OTHER_KEY)) == "token-signature"


async def test_an_issuer_whose_keys_cannot_be_had_is_said_to_be_unreachable():
    answer = await house(pages={}).verify(sign(), now=NOW)
    assert answer.code == "issuer-unreachable"


async def test_each_issuer_is_fetched_with_its_own_authorities():
    asked = []

    def fetch_with(ca_file):
        asked.append(ca_file)
        return house().fetch_with("")

    Issuers((replace(FIRST, ca_file="/a.pem"), SECOND), fetch_with=fetch_with)
    assert asked == ["/a.pem", ""]


def test_two_issuers_with_one_address_are_a_mistake():
    with pytest.raises(ValueError, match="twice"):
        house(FIRST, FIRST)


TOKEN = sign("ES256")


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCabc019-_.=+ \n\x00é"))
async def test_no_token_with_another_character_is_accepted(place, other):
    changed = TOKEN[:place] + other + TOKEN[place + 1 :]
    same = decoded(changed) == decoded(TOKEN)
    assert await code(changed) != "accepted" or same


def decoded(token):
    """The bytes of the segments: unused bits at the end of one may differ and mean nothing."""
    try:
        return [base64.b64decode(part + "==", altchars=b"-_") for part in token.strip().split(".")]
    except ValueError:
        return token


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["EdDSA", "okp", URL, "bastion"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["alg", "kid", "iss", "aud"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=80)
    | st.tuples(JSON, JSON).map(lambda parts: ".".join(map(segment, parts)) + "." + "A" * 86)
)
async def test_whatever_was_not_signed_is_refused_and_never_raises(text):
    assert await code(text) in {each.value for each in Code}


def segment(value):
    return encode(json.dumps(value).encode())


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["iss", "sub", "aud", "azp", "exp", "iat", "nbf", "groups", "owner", "person", "typ"]
        ),
        JSON,
        min_size=1,
    )
)
async def test_whatever_its_issuer_signed_has_an_answer(changes):
    answer = await house().verify(sign(**changes), now=NOW)
    if not isinstance(answer, Refusal):
        assert answer.issuer == URL
        assert answer.subject
        assert NOW < answer.expires <= NOW + FIRST.max_lifetime + FIRST.leeway
        assert not any(group.startswith("system:") for group in answer.groups)
