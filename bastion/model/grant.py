"""Proof that a request was allowed. Opening a pod takes a Grant, never a name."""

from __future__ import annotations

from dataclasses import dataclass

from bastion.model.pod import Pod


@dataclass(frozen=True, slots=True)
class Grant:
    """Permission for one exec. Built only by `bastion.core.session` (a house test holds this).

    `argv` is what the API server gets; `identity` is (issuer, subject) joined; `user` and
    `groups` are what impersonation sends. `stdin` says whether the client's stdin is attached;
    with a tty it always is. `session` is the session id, sent as Audit-ID and user extra.
    """

    session: str
    unit: str
    pod: Pod
    argv: tuple[str, ...]
    tty: bool
    stdin: bool
    identity: str
    user: str
    groups: tuple[str, ...]
    rule: str
    approval: str = ""
