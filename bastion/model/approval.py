"""A request for approval: the exact bytes, where and by whom they would run, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bastion.model.pod import Pod
from bastion.model.verdict import Terms


class State(StrEnum):
    """requested → approved | denied | expired | withdrawn; approved → consumed | expired | void."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    VOID = "void"
    CONSUMED = "consumed"


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that an approval is bound to, except its expiry, which the store sets.

    `text` is the exact bytes; `environment` the carried exports; standard input is /dev/null.
    `identity` is (issuer, subject) joined; `owner` the identity of an agent's owner or empty.
    `waits` says whether the requester's session waits (people) or comes back (agents).
    """

    id: str
    session: str
    identity: str
    name: str
    kind: str
    owner: str
    person: str
    owner_person: str
    pod: Pod
    cwd: str
    dialect: str
    text: bytes
    environment: tuple[tuple[str, str], ...]
    policy: str
    rule: str
    reasons: tuple[str, ...]
    terms: Terms
    waits: bool
    nonce: str
