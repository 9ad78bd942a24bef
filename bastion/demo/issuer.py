"""A small OIDC issuer on loopback for the demo: discovery, keys made at each start, and minting.

It signs whatever it is told for whomever it knows, so it is for demos and tests only.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from aiohttp import web
from joserfc import jws, jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeyParameters, KeySet, OKPKey, RSAKey

from bastion.model.principal import Kind

AUDIENCE = "bastion"
PATH = "/bastion-demo"
"""In every demo issuer's URL: `bastion serve` refuses an issuer that has it."""
LIFETIME = 12 * 3600
CLIENTS: Mapping[str, Kind] = MappingProxyType({"bastion-cli": Kind.HUMAN, "bastion-agent": Kind.AGENT})
_CLIENT_OF = {kind: client for client, kind in CLIENTS.items()}


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A user of the demo; `owner` names the user who answers for an agent. `subject` empty: the name."""

    kind: Kind
    groups: tuple[str, ...]
    owner: str = ""
    subject: str = ""


USERS: Mapping[str, DemoUser] = MappingProxyType(
    {
        "alice": DemoUser(Kind.HUMAN, ("dev",)),
        "carol": DemoUser(Kind.HUMAN, ("dev",)),
        "bob": DemoUser(Kind.HUMAN, ("sre",)),
        "dana": DemoUser(Kind.HUMAN, ("sre",)),
        "erin": DemoUser(Kind.HUMAN, ("auditors",)),
        "agent-refactor": DemoUser(Kind.AGENT, ("agents",), owner="alice"),
    }
)


def owner(name: str, users: Mapping[str, DemoUser] = USERS) -> str:
    """The user who answers for `name`: an agent's owner; people answer for themselves."""
    return users[name].owner or name


class DemoIssuer:
    """A running issuer; make it with `start`, end it with `close`."""

    audience = AUDIENCE

    def __init__(self, users: Mapping[str, DemoUser], clock: Callable[[], float]) -> None:
        """`clock` gives Unix seconds. Use `start`."""
        self.url = ""
        self._users, self._clock = users, clock
        self._keys: dict[str, OKPKey | ECKey | RSAKey] = {}
        self._runner: web.AppRunner | None = None

    @classmethod
    async def start(
        cls,
        users: Mapping[str, DemoUser] = USERS,
        *,
        port: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> DemoIssuer:
        """Listen on 127.0.0.1 (`port` 0: any free one); OSError when the port is taken."""
        issuer = cls(users, clock)
        issuer._keys = await asyncio.to_thread(_new_keys)
        app = web.Application()
        app.router.add_get(f"{PATH}/.well-known/openid-configuration", issuer._discovery)
        app.router.add_get(f"{PATH}/jwks", issuer._jwks)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        issuer._runner = runner
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError:
            await issuer.close()
            raise
        issuer.url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
        return issuer

    def mint(self, user: str, *, alg: str = "EdDSA", **overrides: Any) -> str:
        """An ID token for `user`, signed with `alg` (EdDSA, ES256 or RS256).

        `overrides` replace claims; None leaves one out. KeyError for an unknown user or algorithm.
        """
        known, now = self._users[user], int(self._clock())
        claims: dict[str, Any] = {
            "iss": self.url,
            "sub": known.subject or user,
            "aud": AUDIENCE,
            "azp": _CLIENT_OF[known.kind],
            "iat": now,
            "exp": now + LIFETIME,
            "preferred_username": user,
            "groups": list(known.groups),
        }
        if known.owner:
            claims["owner"] = self._users[known.owner].subject or known.owner
        claims = {name: value for name, value in (claims | overrides).items() if value is not None}
        key = self._keys[alg]
        header = {"alg": alg, "kid": key.kid}
        with (
            warnings.catch_warnings()
        ):  # the old name of Ed25519 (RFC 9864) is the one that every library reads
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.encode(header, claims, key, registry=jws.JWSRegistry(algorithms=[alg]))

    async def close(self) -> None:
        """Stop listening; the keys are forgotten with the object. Idempotent."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _discovery(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/jwks",
                "id_token_signing_alg_values_supported": list(self._keys),
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
            }
        )

    async def _jwks(self, _request: web.Request) -> web.Response:
        return web.json_response(KeySet(list(self._keys.values())).as_dict(private=False))


def _new_keys() -> dict[str, OKPKey | ECKey | RSAKey]:
    def use(alg: str) -> KeyParameters:
        return {"kid": secrets.token_hex(4), "alg": alg, "use": "sig"}

    return {
        "EdDSA": OKPKey.generate_key("Ed25519", use("EdDSA")),
        "ES256": ECKey.generate_key("P-256", use("ES256")),
        "RS256": RSAKey.generate_key(2048, use("RS256")),
    }
