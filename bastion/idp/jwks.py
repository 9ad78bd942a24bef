"""An issuer's published keys (RFC 7517): where they come from, which are usable, how long they hold.

    fresh      < TTL since the last success      answered from memory
    stale      < STALE                           answered from memory after a failed refetch
    neither                                      UNREACHABLE

At most one fetch runs at a time and at most one starts every `RETRY` seconds, whoever asks:
unknown key ids come from strangers.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from enum import Enum
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from bastion.idp.fetch import Fetch, FetchError, is_allowed
from bastion.idp.tokens import Key, strict_object

TTL = 600.0
STALE = 3600.0
RETRY = 15.0
MAX_KEYS = 64
RSA_BITS = range(2048, 8193)
DISCOVERY = "/.well-known/openid-configuration"
_SHAPES: dict[tuple[str, str], frozenset[str]] = {  # key type and curve → algorithms (RFC 7518, 8037, 9864)
    ("OKP", "Ed25519"): frozenset({"EdDSA", "Ed25519"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("RSA", ""): frozenset({"RS256"}),
}
_TYPES: dict[str, type[OKPKey | ECKey | RSAKey]] = {"OKP": OKPKey, "EC": ECKey, "RSA": RSAKey}
_PARTS = ("kty", "crv", "x", "y", "n", "e")

Keys = Mapping[tuple[str, str], Key]
"""(key id, algorithm) → the one public key that may be used so."""


class Absent(Enum):
    """Why there is no key."""

    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"


def key_source(fetch: Fetch, issuer_url: str, jwks_uri: str) -> Callable[[], Awaitable[Keys]]:
    """Loads an issuer's keys, discovering their address where `jwks_uri` is empty.

    What it returns raises FetchError, or ValueError for documents that are not what they should
    be: OpenID Connect Discovery 1.0 §4.3 wants the same issuer in the document.
    """

    async def load() -> Keys:
        address = jwks_uri
        if not address:
            document = strict_object(await fetch(issuer_url.rstrip("/") + DISCOVERY))
            address = document.get("jwks_uri", "")
            if (
                document.get("issuer") != issuer_url
                or not isinstance(address, str)
                or not is_allowed(address)
            ):
                raise ValueError("the discovery document is another issuer's, or names no safe jwks_uri")
        return parse(await fetch(address))

    return load


def parse(document: bytes) -> Keys:
    """The usable keys of a JWK Set; ValueError when it is none or holds more than `MAX_KEYS`.

    Left out: keys for encryption, symmetric keys, keys with private parts (the issuer has leaked
    them), weak RSA keys, and every key whose id and algorithm another one has as well.
    """
    listed = strict_object(document).get("keys")
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise ValueError("not a JWK Set")
    found = [(place, key) for entry in listed if isinstance(entry, dict) for place, key in _usable(entry)]
    times = Counter(place for place, _ in found)
    return {place: key for place, key in found if times[place] == 1}


def _usable(entry: dict[str, Any]) -> list[tuple[tuple[str, str], Key]]:
    kid, kty, curve = entry.get("kid"), entry.get("kty"), entry.get("crv", "")
    operations = entry.get("key_ops", ["verify"])
    if (
        not (isinstance(kid, str) and isinstance(kty, str) and isinstance(curve, str))
        or (kty, curve) not in _SHAPES
    ):
        return []
    if (
        entry.get("use", "sig") != "sig"
        or "d" in entry
        or not isinstance(operations, list)
        or "verify" not in operations
    ):
        return []
    try:
        key = _TYPES[kty].import_key({name: entry[name] for name in _PARTS if name in entry})
    except (JoseError, ValueError, TypeError, KeyError):
        return []
    if isinstance(key, RSAKey) and key.public_key.key_size not in RSA_BITS:
        return []
    algorithms = _SHAPES[kty, curve]
    declared = entry.get("alg")
    return [((kid, each), key) for each in algorithms if declared is None or declared in algorithms]


class KeyCache:
    """One issuer's keys. Owns its fetch task, which outlives the login that started it; `close` ends it."""

    def __init__(self, load: Callable[[], Awaitable[Keys]], clock: Callable[[], float]) -> None:
        """`load` raises OSError or ValueError when it fails; `clock` is monotonic, in seconds."""
        self._load, self._clock = load, clock
        self._keys: Keys = {}
        self._loaded = self._tried = float("-inf")
        self._failed = False
        self._task: asyncio.Task[None] | None = None

    async def key(self, kid: str, alg: str) -> Key | Absent:
        """The key for a token; waits for at most one fetch."""
        if self._clock() - self._loaded >= TTL or (kid, alg) not in self._keys:
            await self._refresh()
        missing = Absent.UNREACHABLE if self._failed else Absent.UNKNOWN
        return self._keys.get((kid, alg), missing) if self._clock() - self._loaded < STALE else missing

    async def close(self) -> None:
        """End a fetch that is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _refresh(self) -> None:
        if self._task is None or self._task.done():
            if self._clock() - self._tried < RETRY:
                return
            self._tried = self._clock()
            self._task = asyncio.create_task(self._replace())
        await asyncio.shield(self._task)  # a client that hangs up must not stop it for the others

    async def _replace(self) -> None:
        self._failed = True
        with suppress(FetchError, ValueError):
            self._keys, self._loaded = await self._load(), self._clock()
            self._failed = False
