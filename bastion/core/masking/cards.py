"""Ranges in which payment cards are issued, with the lengths of their numbers (ISO/IEC 7812-1).

From the schemes' public lists. A number outside of them is an order, a serial or a time stamp.
"""

from __future__ import annotations

from typing import Final

_LONG: Final = frozenset(range(16, 20))
_MAESTRO: Final = frozenset(range(13, 20))
_Range = tuple[str, str, frozenset[int]]

RANGES: Final[tuple[_Range, ...]] = (
    ("2014", "2014", frozenset({15})),  # Diners Club enRoute
    ("2149", "2149", frozenset({15})),  # the same
    ("2200", "2205", _LONG),  # Mir, Borica
    ("2221", "2720", frozenset({16})),  # Mastercard
    ("300", "305", frozenset({14, 16})),  # Diners Club
    ("3095", "3095", frozenset({14, 16})),
    ("34", "34", frozenset({15})),  # American Express
    ("3528", "3589", _LONG),  # JCB
    ("36", "36", frozenset({14, 16})),  # Diners Club
    ("37", "37", frozenset({15})),  # American Express
    ("38", "39", frozenset({14, 16})),  # Diners Club
    ("4", "4", frozenset({13, 16, 19})),  # Visa
    ("500", "509", _MAESTRO),  # Maestro, Dankort, Verve, RuPay
    ("51", "55", frozenset({16})),  # Mastercard
    ("5610", "5610", frozenset({16})),  # Bankcard
    ("56", "58", _MAESTRO),  # Maestro
    ("60", "60", _MAESTRO),  # Discover, Maestro, Hipercard, RuPay
    ("62", "63", _MAESTRO),  # UnionPay, Maestro, Switch, InstaPayment
    ("644", "659", _LONG),  # Discover, Troy, Verve, RuPay
    ("67", "67", _MAESTRO),  # Maestro, Solo
    ("81", "82", _LONG),  # UnionPay, RuPay
    ("8600", "8600", frozenset({16})),  # UzCard
    ("9792", "9792", frozenset({16})),  # Troy
    ("9860", "9860", frozenset({16})),  # Humo
)
FIRST_DIGITS: Final = "".join(sorted({digit for low, high, _ in RANGES for digit in (low[0], high[0])}))


def is_issued(number: str) -> bool:
    """Whether a number of this length may be issued in the range that it starts with."""
    return any(low <= number[: len(low)] <= high and len(number) in lengths for low, high, lengths in RANGES)
