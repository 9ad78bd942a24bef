"""The configured OIDC issuers, and the one way from a token to a Principal.

    token -> form -> issuer -> algorithm -> key (JWKS) -> signature -> claims -> Principal

Every step answers with a Refusal of its own; none of them shows anything of the token.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bastion.idp import claims, tokens
from bastion.idp.fetch import Fetch, https
from bastion.idp.issuer import Issuer
from bastion.idp.jwks import Absent, KeyCache, key_source
from bastion.idp.refusals import Code, refuse
from bastion.model.principal import Principal
from bastion.model.refusal import Refusal


@dataclass(slots=True)
class Issuers:
    """Verifies tokens of several issuers, each with its own keys. Owns the fetches; `close` ends them."""

    issuers: Sequence[Issuer]
    fetch_with: Callable[[str], Fetch] = https
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[Issuer, KeyCache]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._known = {}
        for issuer in self.issuers:
            if issuer.issuer_url in self._known:
                raise ValueError(f"issuer {issuer.name!r}: issuer_url is configured twice")
            load = key_source(self.fetch_with(issuer.ca_file), issuer.issuer_url, issuer.jwks_uri)
            self._known[issuer.issuer_url] = issuer, KeyCache(load, self.clock)

    async def verify(self, token: str, *, now: int) -> Principal | Refusal:
        """The Principal of an ID token; `now` is in Unix seconds. Never raises for bad input.

        Waits at most for one bounded fetch of the issuer's keys.
        """
        read = tokens.read(token)
        if isinstance(read, Code):
            return refuse(read)
        named = read.claims.get("iss")
        known = self._known.get(named) if isinstance(named, str) else None
        if known is None:
            return refuse(Code.ISSUER)
        issuer, cache = known
        if read.alg not in issuer.algorithms:
            return refuse(Code.ALG)
        key = await cache.key(read.kid, read.alg)
        if isinstance(key, Absent):
            return refuse(Code.KID if key is Absent.UNKNOWN else Code.ISSUER_UNREACHABLE)
        problem = tokens.signed(read, key)
        if problem is not None:
            return refuse(problem)
        return claims.principal(issuer, read.claims, now)

    async def close(self) -> None:
        """End every fetch that is under way."""
        for _, cache in self._known.values():
            await cache.close()
