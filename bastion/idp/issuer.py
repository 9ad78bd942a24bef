"""One OIDC issuer's configuration: whom to believe about what, and within which bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bastion.idp.fetch import is_allowed
from bastion.idp.tokens import SIGNATURE_BYTES
from bastion.model.principal import Kind


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer's configuration; ValueError, naming the setting, for one that could not be safe.

    `issuer_url` must equal the tokens' `iss` exactly. `clients` maps `azp` to human or agent.
    `jwks_uri` empty: discovered (OpenID Connect Discovery 1.0 §4). `leeway` and `max_lifetime`
    (of `exp` - `iat`) are in seconds. `ca_file` empty: the system's certificate authorities.
    """

    name: str
    issuer_url: str
    audiences: tuple[str, ...]
    clients: Mapping[str, Kind]
    algorithms: tuple[str, ...] = ("EdDSA", "Ed25519", "ES256", "RS256")
    jwks_uri: str = ""
    name_claim: str = "preferred_username"
    groups_claim: str = "groups"
    owner_claim: str = "owner"
    person_claim: str = "person"
    email_claim: str = "email"
    leeway: int = 30
    max_lifetime: int = 24 * 3600
    ca_file: str = ""

    def __post_init__(self) -> None:
        checks = {
            "name": bool(self.name),
            "issuer_url": is_allowed(self.issuer_url) and not set("|?") & set(self.issuer_url),
            "audiences": bool(self.audiences) and all(self.audiences),
            "clients": bool(self.clients) and all(self.clients),
            "algorithms": bool(self.algorithms) and set(self.algorithms) <= SIGNATURE_BYTES.keys(),
            "jwks_uri": not self.jwks_uri or is_allowed(self.jwks_uri),
            "leeway": 0 <= self.leeway <= 300,
            "max_lifetime": 0 < self.max_lifetime <= 7 * 24 * 3600,
        }
        for setting, good in checks.items():
            if not good:
                raise ValueError(f"issuer {self.name!r}: {setting} cannot be {getattr(self, setting)!r}")
