"""Who: an authenticated (issuer, subject), human or agent, and who answers for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Set by issuer and client (`azp`) in the configuration, never by the login name."""

    HUMAN = "human"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Principal:
    """An identity that was proved. `issuer` and `subject` identify it; the rest describes it.

    `name` and `email` are for display only. `owner` is the subject, at the same issuer, of the
    human who answers for an agent (empty for humans). `person` is the key by which approval
    quorums count people (empty: counts as nobody). `expires` is in Unix seconds. `factors` names
    what was proved at sign-in (`token`, `certificate`); `serial` is that certificate's, in decimal.
    """

    issuer: str
    subject: str
    kind: Kind
    name: str
    expires: int
    groups: frozenset[str] = field(default_factory=frozenset)
    owner: str = ""
    person: str = ""
    email: str = ""
    factors: frozenset[str] = field(default_factory=frozenset)
    serial: str = ""

    @property
    def key(self) -> str:
        """One string for (issuer, subject), unambiguous because `|` is refused in an issuer."""
        return f"{self.issuer}|{self.subject}"
