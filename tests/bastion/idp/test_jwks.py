"""Rules of the key cache and of which published keys are usable."""

from __future__ import annotations

import asyncio
import json
import warnings

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from bastion.idp import jwks
from bastion.idp.fetch import FetchError
from bastion.idp.jwks import Absent, KeyCache

OKP, EC, RSA = OKPKey.generate_key("Ed25519"), ECKey.generate_key("P-256"), RSAKey.generate_key(2048)


def entry(key, kid="k", **more):
    return {
        name: value for name, value in (key.as_dict(private=False) | {"kid": kid} | more).items() if value
    }


def document(*entries):
    return json.dumps({"keys": entries}).encode()


def places(*entries):
    return set(jwks.parse(document(*entries)))


@pytest.mark.parametrize(
    ("key", "algorithms"), [(OKP, {"EdDSA", "Ed25519"}), (EC, {"ES256"}), (RSA, {"RS256"})]
)
def test_a_key_is_used_for_its_own_algorithm_and_no_other(key, algorithms):
    assert places(entry(key)) == {("k", alg) for alg in algorithms}
    assert places(entry(key, alg=min(algorithms), use="sig", key_ops=["verify"])) == {
        ("k", alg) for alg in algorithms
    }


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # joserfc warns of what the test wants
    WEAK = entry(RSAKey.generate_key(1024))
UNUSABLE = {
    "encryption": entry(RSA, use="enc"),
    "another operation": entry(RSA, key_ops=["encrypt"]),
    "operations that are no list": entry(RSA, key_ops="verify-not"),
    "symmetric": OctKey.generate_key(256).as_dict() | {"kid": "k"},
    "private": OKP.as_dict(private=True) | {"kid": "k"},
    "another algorithm": entry(RSA, alg="PS256"),
    "symmetric algorithm": entry(RSA, alg="HS256"),
    "another curve": entry(ECKey.generate_key("P-384")),
    "another Edwards curve": entry(OKPKey.generate_key("Ed448")),
    "agreement only": entry(OKPKey.generate_key("X25519")),
    "weak": WEAK,
    "no id": entry(RSA, kid=None),
    "id of another type": entry(RSA, kid=7),
    "type of another type": entry(RSA, kty=["RSA"]),
    "broken": entry(RSA, n="!!"),
    "missing part": {"kty": "EC", "crv": "P-256", "x": "AA", "kid": "k"},
    "point off the curve": entry(EC, x=EC.as_dict(private=False)["y"]),
    "no object": "key",
}


@pytest.mark.filterwarnings("ignore:Key size should be")
@pytest.mark.parametrize("why", UNUSABLE)
def test_an_unusable_key_is_left_out_and_does_not_spoil_the_others(why):
    assert places(UNUSABLE[why], entry(EC, kid="good")) == {("good", "ES256")}


def test_two_keys_with_one_id_and_algorithm_are_both_left_out():
    assert places(entry(OKP), entry(OKPKey.generate_key("Ed25519")), entry(EC)) == {("k", "ES256")}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys":{}}',
        b'{"keys":[],"keys":[]}',
        b"[" * 9000,
        b"\xff",
        document(*[entry(EC)] * 65),
    ],
)
def test_what_is_no_key_set_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        jwks.parse(text)


class Source:
    """A settable issuer and clock, counting its fetches."""

    def __init__(self):
        self.now, self.fetches, self.keys, self.problem = 1000.0, 0, {("a", "ES256"): EC}, None
        self.gate = None

    async def load(self):
        self.fetches += 1
        if self.gate:
            await self.gate.wait()
        if self.problem:
            raise self.problem
        return dict(self.keys)

    def cache(self):
        return KeyCache(self.load, lambda: self.now)


async def test_keys_are_fetched_once_and_answered_from_memory_while_fresh():
    source = Source()
    cache = source.cache()
    assert [await cache.key("a", "ES256") for _ in range(5)] == [EC] * 5
    source.now += jwks.TTL - 1
    assert await cache.key("a", "ES256") is EC
    assert source.fetches == 1
    source.now += 2
    assert await cache.key("a", "ES256") is EC
    assert source.fetches == 2


async def test_a_key_is_not_given_for_another_algorithm():
    assert await Source().cache().key("a", "RS256") is Absent.UNKNOWN


async def test_unknown_ids_cause_at_most_one_fetch_per_interval_and_find_a_rotated_key():
    source = Source()
    cache = source.cache()
    for n in range(100):
        assert await cache.key(f"guess-{n}", "ES256") is Absent.UNKNOWN
    assert source.fetches == 1
    source.keys = {("b", "ES256"): EC}
    source.now += jwks.RETRY
    assert await cache.key("b", "ES256") is EC
    assert source.fetches == 2


async def test_a_key_that_is_no_longer_published_is_forgotten_at_once():
    source = Source()
    cache = source.cache()
    await cache.key("a", "ES256")
    source.keys = {("b", "ES256"): EC}
    source.now += jwks.TTL
    assert await cache.key("a", "ES256") is Absent.UNKNOWN


@pytest.mark.parametrize("problem", [FetchError("down"), ValueError("not JSON")])
async def test_the_last_keys_hold_for_a_bounded_time_when_the_issuer_is_down(problem):
    source = Source()
    cache = source.cache()
    await cache.key("a", "ES256")
    source.problem = problem
    source.now += jwks.STALE - 1
    assert await cache.key("a", "ES256") is EC
    assert await cache.key("b", "ES256") is Absent.UNREACHABLE
    source.now += 1
    assert await cache.key("a", "ES256") is Absent.UNREACHABLE
    source.problem = None
    source.now += jwks.RETRY
    assert await cache.key("a", "ES256") is EC


async def test_an_issuer_that_is_down_is_not_asked_at_every_login():
    source = Source()
    source.problem = FetchError("down")
    cache = source.cache()
    for _ in range(50):
        assert await cache.key("a", "ES256") is Absent.UNREACHABLE
    assert source.fetches == 1


async def test_many_logins_at_once_share_one_fetch():
    source = Source()
    source.gate = asyncio.Event()
    cache = source.cache()
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(cache.key("a", "ES256")) for _ in range(20)]
        await asyncio.sleep(0)
        source.gate.set()
    assert all(task.result() is EC for task in asked)
    assert source.fetches == 1


async def test_a_client_that_hangs_up_does_not_stop_the_fetch_for_the_others():
    source = Source()
    source.gate = asyncio.Event()
    cache = source.cache()
    first = asyncio.ensure_future(cache.key("a", "ES256"))
    second = asyncio.ensure_future(cache.key("a", "ES256"))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    source.gate.set()
    assert await second is EC
    assert first.cancelled()
    assert source.fetches == 1


async def test_close_ends_a_fetch_under_way():
    source = Source()
    source.gate = asyncio.Event()
    cache = source.cache()
    waiting = asyncio.ensure_future(cache.key("a", "ES256"))
    await asyncio.sleep(0)
    await cache.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(asyncio.all_tasks()) == 1


ISSUER = "https://idp.example/realms/x"


def web(pages):
    asked = []

    async def fetch(url):
        asked.append(url)
        if url not in pages:
            raise FetchError(url)
        return pages[url]

    fetch.asked = asked
    return fetch


async def test_the_keys_address_is_discovered_at_the_issuer():
    fetch = web(
        {
            f"{ISSUER}{jwks.DISCOVERY}": json.dumps(
                {"issuer": ISSUER, "jwks_uri": "https://keys.example/k"}
            ).encode(),
            "https://keys.example/k": document(entry(EC)),
        }
    )
    assert set(await jwks.key_source(fetch, ISSUER, "")()) == {("k", "ES256")}


async def test_a_pinned_address_asks_nobody_else():
    fetch = web({"https://keys.example/k": document(entry(EC))})
    assert set(await jwks.key_source(fetch, ISSUER, "https://keys.example/k")()) == {("k", "ES256")}
    assert fetch.asked == ["https://keys.example/k"]


@pytest.mark.parametrize(
    "found",
    [
        {"issuer": f"{ISSUER}/", "jwks_uri": "https://keys.example/k"},
        {"issuer": "https://evil.example", "jwks_uri": "https://keys.example/k"},
        {"jwks_uri": "https://keys.example/k"},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks_uri": "http://keys.example/k"},
        {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"},
        {"issuer": ISSUER, "jwks_uri": ["https://keys.example/k"]},
    ],
)
async def test_a_discovery_document_of_another_issuer_or_with_an_unsafe_address_is_refused(found):
    pages = {f"{ISSUER}{jwks.DISCOVERY}": json.dumps(found).encode()}
    fetch = web(pages | {"https://keys.example/k": document(entry(EC))})
    with pytest.raises(ValueError, match="discovery"):
        await jwks.key_source(fetch, ISSUER, "")()
    assert len(fetch.asked) == 1
