"""What a marker's label says: its kind, from its first word, and its text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """The kinds that a reviewer tells apart; NOTE is every label that names none of them."""

    COMMAND = "command"
    ALLOWED = "allowed"
    DENIED = "denied"
    MASKED = "masked"
    WAITING = "waiting"
    APPROVED = "approved"
    CUT = "cut"
    NOTE = "note"


WORDS: Final[dict[str, Kind]] = {
    "command": Kind.COMMAND,
    "line": Kind.COMMAND,
    "exec": Kind.COMMAND,
    "allow": Kind.ALLOWED,
    "allowed": Kind.ALLOWED,
    "notify": Kind.ALLOWED,
    "reason": Kind.ALLOWED,
    "deny": Kind.DENIED,
    "denied": Kind.DENIED,
    "refuse": Kind.DENIED,
    "refused": Kind.DENIED,
    "mask": Kind.ALLOWED,
    "masked": Kind.MASKED,
    "approve": Kind.WAITING,
    "approve-peer": Kind.WAITING,
    "approve-totp": Kind.WAITING,
    "approval": Kind.WAITING,
    "waiting": Kind.WAITING,
    "approved": Kind.APPROVED,
    "expired": Kind.DENIED,
    "withdrawn": Kind.DENIED,
    "recording": Kind.CUT,
}
"""First word of a label (lower case, no colon) to its kind. A verdict's word is its effect, so `mask` is a
command that may run with masking; `masked` is a value that was masked."""

_SETTLED: Final = frozenset({"approved", "denied", "expired", "withdrawn"})


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker: `at` in seconds, what it is, and its whole label as recorded."""

    at: float
    kind: Kind
    label: str


def classify(label: str) -> Kind:
    """The kind of a label such as `denied: rm -r /data`, or `approval: denied by bob`."""
    words = label[:200].lower().replace(":", " ").split(maxsplit=3)
    if len(words) > 1 and words[0] == "approval" and words[1] in _SETTLED:
        return WORDS[words[1]]
    return WORDS.get(words[0], Kind.NOTE) if words else Kind.NOTE


def text_of(label: str) -> str:
    """The label without the word that `classify` took its kind from."""
    word, colon, rest = label.partition(":")
    return rest.strip() if colon and word.strip().lower() in WORDS else label
