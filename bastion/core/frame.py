"""What a session knows from its first moment: who, where from, where to, and its limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bastion.core.masking.recall import Recall
from bastion.core.witness import no_digest
from bastion.model.principal import Principal
from bastion.model.target import Target


@dataclass(frozen=True, slots=True)
class Frame:
    """Fixed for the life of a session.

    `fresh` gives 128 random bits as 32 hex digits, so that the core itself draws no randomness.
    `recall` knows what the same person was shown of masked values in other sessions.
    `digest` gives the keyed id of a masked value for the evidence; its key never enters the core.
    `host` is how people reach the bastion, for the lines that they are told to run.
    `impersonate` holds (user, groups) for the Kubernetes API.
    """

    session: str
    who: Principal
    target: Target
    source: str
    connection: str
    login: str
    host: str
    fresh: Callable[[], str]
    user: str = ""
    groups: tuple[str, ...] = ()
    digest: Callable[[bytes], str] = no_digest
    recall: Recall | None = None
