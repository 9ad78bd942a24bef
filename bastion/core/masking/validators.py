"""Validators: whether a candidate is what its shape promises. True, False, or None: not yet known."""

from __future__ import annotations

import re
from collections.abc import Callable

Validator = Callable[[bytes, bool], bool | None]
IBAN_LENGTHS: dict[str, int] = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
    "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25,
    "SV": 28, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
_WORDS = (
    b"true false null none nil undefined yes no on off redacted hidden masked required optional string "
    b"unset empty default str int bool bytes"
).split()
_WORD_HEADS = frozenset(word[:i] for word in _WORDS for i in range(1, len(word) + 1))
_PLACEHOLDER = re.compile(rb"[*xX.\-_# ]+\Z")


def luhn(value: bytes, ended: bool) -> bool | None:
    """A payment card number: 13 to 19 digits in an issued range with a Luhn check digit (ISO/IEC 7812-1)."""
    if not ended:
        return None
    digits = [b - 48 for b in value if 48 <= b <= 57]
    if not 13 <= len(digits) <= 19 or digits[0] not in {2, 3, 4, 5, 6} or len(set(digits)) == 1:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def ssn(value: bytes, ended: bool) -> bool | None:
    """A US social security number: area not 000, 666 or 9xx, group not 00, serial not 0000 (SSA rules)."""
    if not ended:
        return None
    digits = bytes(b for b in value if 48 <= b <= 57)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return (
        len(digits) == 9
        and area not in {b"000", b"666"}
        and area[:1] != b"9"
        and group != b"00"
        and serial != b"0000"
    )


def iban(value: bytes, ended: bool) -> bool | None:
    """An IBAN: the length of its country and 1 modulo 97 (ISO 13616-1)."""
    if not ended:
        return None
    text = bytes(b for b in value if b not in b" -").decode("ascii", "replace").upper()
    if not text.isalnum() or IBAN_LENGTHS.get(text[:2]) != len(text):
        return False
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def aba(value: bytes, ended: bool) -> bool | None:
    """A US bank routing number: nine digits, weights 3 7 1, sum divisible by ten (ABA)."""
    if not ended:
        return None
    digits = [b - 48 for b in value]
    weights = (3, 7, 1) * 3
    return len(digits) == 9 and sum(d * w for d, w in zip(digits, weights, strict=True)) % 10 == 0


def no_placeholder(value: bytes, ended: bool) -> bool | None:
    """An assigned value that is no keyword (true, null, …) and not drawn as a mask already."""
    low = value.lower()
    if not ended and (low in _WORD_HEADS or _PLACEHOLDER.match(value)):
        return None if len(value) < 64 else False
    return low not in _WORDS and not _PLACEHOLDER.match(value)


def mixed(value: bytes, ended: bool) -> bool | None:
    """A random-looking token: digits and letters; decided as soon as both were seen."""
    letters = any(65 <= b <= 90 or 97 <= b <= 122 for b in value)
    digits = any(48 <= b <= 57 for b in value)
    if letters and digits:
        return True
    return False if ended else None
