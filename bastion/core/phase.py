"""The phases of a session, from its request to its end."""

from __future__ import annotations

from enum import Enum, auto


class Phase(Enum):
    """Where a session stands."""

    START = auto()
    RESOLVING = auto()
    PROBING = auto()
    READING = auto()
    WORKING = auto()
    OVER = auto()
