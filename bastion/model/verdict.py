"""What the policy says of a unit: an effect, the rule that decided, and the reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Effect(StrEnum):
    """The only effect names, anywhere; `STRICTNESS` orders them, strictest first."""

    DENY = "deny"
    APPROVE_PEER = "approve-peer"
    APPROVE_TOTP = "approve-totp"
    REASON = "reason"
    MASK = "mask"
    NOTIFY = "notify"
    ALLOW = "allow"


STRICTNESS: tuple[Effect, ...] = tuple(Effect)


@dataclass(frozen=True, slots=True)
class Terms:
    """What an approval needs: `peers` distinct people out of `groups`, a code or both.

    `totp` asks the requester for a code. `approver_factor` asks each approver for one.
    `ttl` is in seconds.
    """

    peers: int = 0
    groups: frozenset[str] = field(default_factory=frozenset)
    totp: bool = False
    approver_factor: Literal["totp", "none"] = "totp"
    ttl: int = 600


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rule` decided; `matched` lists every rule that matched; `policy` is the policy's sha256 (hex).

    `understood` is False where the judge could not tell what would run. `terms` stands exactly
    where the effect is approve-peer or approve-totp.
    """

    effect: Effect
    rule: str
    reasons: tuple[str, ...]
    policy: str
    understood: bool = True
    matched: tuple[str, ...] = ()
    terms: Terms | None = None
