"""Parameters of control sequences as numbers (ECMA-48 §5.4)."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def number(text: str, place: int = 0, default: int = 1) -> int:
    """The parameter at a place; `default` where it is missing, zero or no number. At most 9999."""
    parts = text.split(";")
    value = int(parts[place]) if place < len(parts) and parts[place].isdigit() else 0
    return min(value, 9999) or default


def margins(text: str, size: int) -> tuple[int, int]:
    """First and last row (or column) of DECSTBM (or DECSLRM), from 0; the last may lie beyond the screen."""
    return number(text) - 1, number(text, 1, size) - 1
