"""A request for approval as bytes to seal and as JSON to show."""

from __future__ import annotations

from typing import Any

import msgspec

from bastion.model.approval import Asked


def pack(asked: Asked) -> bytes:
    """Everything, for sealing."""
    return msgspec.msgpack.encode(asked)


def unpack(data: bytes) -> Asked:
    """The same request back; raises msgspec.ValidationError for anything else."""
    return msgspec.msgpack.decode(data, type=Asked)


def shown(asked: Asked) -> dict[str, Any]:
    """What may be listed: the text holds no secret, since one that did was refused."""
    terms = asked.terms
    return {
        "id": asked.id,
        "session": asked.session,
        "requester": asked.name,
        "kind": asked.kind,
        "identity": asked.identity,
        "owner": asked.owner,
        "target": str(asked.pod),
        "pod_uid": asked.pod.uid,
        "cwd": asked.cwd,
        "text": asked.text.decode("utf-8", "backslashreplace"),
        "environment": [list(pair) for pair in asked.environment],
        "rule": asked.rule,
        "reasons": list(asked.reasons),
        "policy": asked.policy,
        "peers": terms.peers,
        "from": sorted(terms.groups),
        "totp": terms.totp,
        "approver_factor": terms.approver_factor,
        "waits": asked.waits,
    }
