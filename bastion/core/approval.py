"""What an approval is bound to, who may decide it, and when it is complete. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection

from bastion.model.approval import Asked, State
from bastion.model.principal import Kind, Principal

_DOMAIN = "bastion/approval/v1"


def binding(asked: Asked, expires: int) -> str:
    """SHA-256 (hex) over everything that was approved; a change of any part is another approval.

    Canonical: JSON with sorted keys, no spaces; bytes as hex. `expires` is in Unix seconds.
    """
    pod = asked.pod
    bound = {
        "domain": _DOMAIN,
        "id": asked.id,
        "identity": asked.identity,
        "owner": asked.owner,
        "cluster": pod.cluster,
        "namespace": pod.namespace,
        "pod": pod.name,
        "uid": pod.uid,
        "container": pod.container,
        "container_id": pod.container_id,
        "cwd": asked.cwd,
        "dialect": asked.dialect,
        "text": asked.text.hex(),
        "stdin": "null",
        "environment": [list(pair) for pair in asked.environment],
        "policy": asked.policy,
        "expires": expires,
        "nonce": asked.nonce,
        "session": asked.session if asked.waits else "",
    }
    return hashlib.sha256(json.dumps(bound, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def may_decide(asked: Asked, who: Principal) -> str:
    """Empty, or why `who` may not approve: people only, of a named group, and nobody for themselves."""
    if who.kind is not Kind.HUMAN:
        return "an agent never approves"
    if not who.groups & asked.terms.groups:
        return "you are in none of the groups that may approve this: " + ", ".join(sorted(asked.terms.groups))
    if not who.person:
        return "your identity names no person, so you cannot be counted"
    if who.key == asked.identity or who.person == asked.person:
        return "nobody approves their own request"
    if who.key == asked.owner or who.person == asked.owner_person:
        return "the owner of an agent does not approve its requests"
    return ""


def complete(asked: Asked, persons: Collection[str], *, code_given: bool) -> bool:
    """Whether distinct people and the requester's code are all there."""
    return len(set(persons)) >= asked.terms.peers and (code_given or not asked.terms.totp)


_NEXT: dict[State, frozenset[State]] = {
    State.REQUESTED: frozenset({State.APPROVED, State.DENIED, State.EXPIRED, State.WITHDRAWN, State.VOID}),
    State.APPROVED: frozenset({State.CONSUMED, State.EXPIRED, State.WITHDRAWN, State.VOID}),
}


def may_become(old: State, new: State) -> bool:
    """Whether the state machine has this step; every other state is final."""
    return new in _NEXT.get(old, frozenset())
