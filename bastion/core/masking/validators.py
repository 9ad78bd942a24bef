"""Validators: whether a candidate is what its shape promises. True, False, or None: not yet known."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Callable

from bastion.core.masking.cards import is_issued

Validator = Callable[[bytes, bool], bool | None]
IBAN_LENGTHS: dict[str, int] = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29,
    "BI": 27, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20,
    "EG": 29,
    "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
    "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25,
    "SV": 28, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "DJ": 27, "FK": 18, "HN": 28,
    "MN": 20, "NI": 28, "OM": 23, "RU": 33, "SD": 18, "SO": 23, "YE": 30,
}  # fmt: skip
_WORDS = (
    b"true false null none nil undefined yes no on off redacted hidden masked required optional string "
    b"unset empty default str int bool bytes number boolean integer object array any void unknown never "
    b"await new not async lambda function self this include omit same-origin missing invalid incorrect "
    b"expired n/a tbd raise return continue break yield if else token"
).split()
_WORD_HEADS = frozenset(word[:i] for word in _WORDS for i in range(1, len(word) + 1))
_PLACEHOLDER = re.compile(rb"[*xX.\-_# ]+\Z")
_TEMPLATE = (b"${", b"$(", b"{{", b"<", b"%(", b"%{", b"#{", b"@{")
_VARIABLE = re.compile(rb"\$[A-Za-z_]+(?:\Z|-\Z|::|->)|%[A-Za-z_]\w*%\Z|%[a-z]\Z|:[a-z_]+\Z")
_CODE = re.compile(
    rb"[A-Za-z_][\w.:]*[(\[]\Z|[A-Za-z_]+\[\d|(?:next|cast|open|str|bytes|int|iter|field|super|input|encode)\("
    rb"|[A-Za-z_]\w*\.(?:password|passwd|token|secret|key|pass)\Z|[A-Za-z_]+(?:[._]|::|[a-z][A-Z])[\w.:]*[(\[]"
    rb"|[a-z_]*_(?:token|password|passwd|secret|key)\Z|(?:Optional|Union|List|Dict|Set|Tuple|Sequence|Annotated|Literal|Map|Array|Promise|str|list|dict|tuple)\["
    rb"|(?:self|this|process\.env|os\.environ|config|settings|req|request|args|opts|options|params|props|env"
    rb"|var|local|secrets|Values|cfg|conf|ctx|context|data|input|each|flags|module)\.[A-Za-z_][\w.]*\Z"
)
_WORDLIKE = re.compile(rb"[A-Za-z_][\w.:]*[(\[]?\Z")
_DATE = re.compile(rb"(?:19|20)\d\d-?[01]\d-?[0-3]\d(?!\d)")
PROBED = 64


def luhn(value: bytes, ended: bool) -> bool | None:
    """A payment card number: 13 to 19 digits in an issued range with a Luhn check digit (ISO/IEC 7812-1)."""
    if not ended:
        return None
    number = bytes(b for b in value if 48 <= b <= 57).decode()
    if not is_issued(number) or len(set(number)) == 1 or _is_column(number):
        return False
    total = 0
    for place, digit in enumerate(map(int, reversed(number))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _is_column(number: str) -> bool:
    """Whether it is a table of numbers that follow one another: four groups, each a little above the last."""
    groups = [int(number[at : at + 4]) for at in range(0, len(number), 4)]
    near = len(set(groups)) == len(groups) == 4 and max(groups) - min(groups)
    return bool(near) and (near < 64 or (near < 512 and groups == sorted(groups)))


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


def digits(value: bytes, ended: bool) -> bool | None:
    """At least six digits, which is no date."""
    if not ended:
        return None
    return sum(48 <= b <= 57 for b in value) >= 6 and not _DATE.match(value)


def no_placeholder(value: bytes, ended: bool) -> bool | None:
    """An assigned value that is no keyword (true, null, …), no variable and not drawn as a mask already."""
    low = value.lower()
    if value.startswith(_TEMPLATE):
        return False
    doubtful = (
        low in _WORD_HEADS or value[:1] in (b"$", b"%", b":", b"#", b"@", b"{") or _PLACEHOLDER.match(value)
    )
    if not ended and doubtful:
        return None
    return low not in _WORDS and not _PLACEHOLDER.match(value) and not _VARIABLE.match(value)


def no_code(value: bytes, ended: bool) -> bool | None:
    """As `no_placeholder`, and no call, index or attribute of a program's source either."""
    verdict = no_count(value, ended)
    if not ended and verdict and _WORDLIKE.match(value):
        return None
    return verdict and not _CODE.match(value)


def no_metavariable(value: bytes, ended: bool) -> bool | None:
    """As `no_placeholder`, and no word in capitals, as the usage of a program names its values."""
    verdict = no_placeholder(value, ended)
    capitals = all(65 <= b <= 90 or b in b"_]" for b in value)
    if verdict and capitals:
        return False if ended else None
    return verdict


def no_port(value: bytes, ended: bool) -> bool | None:
    """A password in a URL: as `no_placeholder`, and no port with a path that has an @ further on."""
    head, slash, _ = value.partition(b"/")
    return False if slash and (not head or head.isdigit()) else no_placeholder(value, ended)


def no_count(value: bytes, ended: bool) -> bool | None:
    """As `no_placeholder`, and no number of up to three digits (tests that pass are counted so)."""
    if value.isdigit() and len(value) <= 3:
        return False if ended else None
    return no_placeholder(value, ended)


def login(value: bytes, ended: bool) -> bool | None:
    """Base64 of `user:password`, as registries keep it."""
    if not ended:
        return None
    try:
        text = base64.b64decode(value[: len(value) & ~3] if len(value) >= PROBED else value)
    except binascii.Error:
        return False
    user, colon, _ = text.partition(b":")
    return bool(user and colon) and all(32 <= b != 127 for b in text)


def credential(value: bytes, ended: bool) -> bool | None:
    """What follows a scheme in a header: it has a digit, a capital or a symbol, or is a long word."""
    verdict = no_placeholder(value, ended)
    if not verdict:
        return verdict
    if len(value) >= 12 and b" " not in value[:12]:
        return True
    if any(48 <= b <= 57 or 65 <= b <= 90 or b in b"+/=_~" for b in value[1:]):
        return True
    return False if ended else None


def entropy(value: bytes, ended: bool) -> bool | None:
    """Random text: letters and digits, at least 3 bits of entropy a byte over at least 16 bytes."""
    if not ended:
        return None
    size = len(value)
    bits = -sum(n / size * math.log2(n / size) for n in Counter(value).values())
    return size >= 16 and bits >= 3 and mixed(value, ended=True)


def dense(value: bytes, ended: bool) -> bool | None:
    """As `entropy`, with capitals and small letters: no hexadecimal digest."""
    return entropy(value, ended) and value != value.lower() and value != value.upper() if ended else None


def mixed(value: bytes, ended: bool) -> bool | None:
    """A random-looking token: digits and letters; decided as soon as both were seen."""
    letters = any(65 <= b <= 90 or 97 <= b <= 122 for b in value)
    digits = any(48 <= b <= 57 for b in value)
    if letters and digits:
        return True
    return False if ended else None


NAMED: dict[str, Validator] = {
    each.__name__: each for each in (luhn, ssn, iban, aba, no_placeholder, no_code, entropy, mixed)
}
