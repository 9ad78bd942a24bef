"""Detectors of numbers: payment cards, bank accounts, social security and routing numbers."""

from __future__ import annotations

from bastion.core.masking.cards import FIRST_DIGITS
from bastion.core.masking.detector import Detector
from bastion.core.masking.validators import aba, digits, iban, luhn, ssn

_APART = rb"(?<![0-9.])(?<![0-9a-f]{8})"  # neither within a number nor at the end of a digest
_CARD = b"[" + FIRST_DIGITS.encode() + b"]"
_CARD_GROUPS = ((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 1), (4, 4, 5), (4, 4, 4, 4, 3))
_ACCOUNT_NAMES = tuple(
    f"{word}{gap}{what}".encode()
    for word in ("account", "acct", "acc", "a/c", "bank account", "bank_account", "bankaccount", "bank acct")
    for gap in ("", " ", "_", "-")
    for what in ("number", "no", "num", "nr", "nbr", "#")
)
_ACCOUNT_WORDS = (
    b"account", b"acct", b"a/c", b"bankaccount", b"bank_account", b"konto", b"kontonummer", b"kontonr",
    b"kontonr.", b"konto-nr", b"konto-nr.", b"girokonto", b"bankkonto", b"kontonummer", b"kontonumer",
    b"tilinumero", b"rekeningnummer", b"rekening", b"numer konta", b"nr konta", b"nr rachunku",
    b"numer rachunku", "numéro de compte".encode(), b"numero de compte", b"no de compte", b"compte bancaire",
    "número de cuenta".encode(), b"numero de cuenta", b"cuenta bancaria", b"numero di conto",
    b"conto corrente", "número da conta".encode(), b"numero da conta", b"conta corrente", b"iban", b"bban",
    b"clabe", b"rib", b"nuban",
)  # fmt: skip
_ROUTING_NAMES = (
    *(
        f"{word}{gap}{what}".encode()
        for word in (
            "routing",
            "aba",
            "aba routing",
            "transit",
            "rtn",
            "aba/rtn",
            "wire routing",
            "ach routing",
        )
        for gap in ("", " ", "_", "-")
        for what in ("number", "no", "num", "code", "nbr", "#", "transit number")
    ),
    *(b"routing", b"aba", b"rtn", b"aba routing", b"bank routing"),
)
_MARK = rb"[\"'\\ \t:=#.>]{1,40}i?s?[\"'\\ \t:=]{0,4}"
_GAP = rb"[\"'\\.:=#]{0,4}[ \t]{1,40}i?s?[\"'\\ \t:]{0,4}"
_SIGN = rb"[\"'\\]{0,4}[ \t]{0,8}[:=#>][ \t]{0,40}[\"'\\]{0,3}"


def _cards() -> tuple[bytes, ...]:
    grouped = [
        separator.join(b"(\\d{%d})" % size for size in sizes)
        for sizes in _CARD_GROUPS
        for separator in (b" ", b"-")
    ]
    return (rb"(\d{13,19})", *grouped)


def _ibans() -> tuple[bytes, ...]:
    spaced = [
        rb"([A-Z]{2}\d{2}) " + b" ".join([rb"([A-Z0-9]{4})"] * full) + tail
        for full in range(2, 8)
        for tail in (b"", rb" ([A-Z0-9]{1,3})")
    ]
    return (rb"([A-Z]{2}\d{2}[A-Z0-9]{11,30})", *spaced)


NUMBERS: tuple[Detector, ...] = (
    Detector(
        id="pan",
        title="Payment card number (ISO/IEC 7812, Luhn); the first six and last four digits may show",
        patterns=_cards(),
        seeds=(_CARD + rb"[0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}", _CARD + rb"[0-9]{3}[ -]?[0-9]{6}"),
        starts=_APART + _CARD,
        viable=_APART + _CARD + rb"(?=[0-9 -]{6,23}\Z)",
        judge=luhn,
        first=6,
        last=4,
        before=b"0-9.",
        after=b"0-9a-f",
        positive=(
            b"4242424242424242",
            b"5105-1051-0510-5100",
            b"3782 822463 10005",
            b"card 6011000990139424,",
            b"3056 930902 5904",
            b"2223003122003222",
            b"6759649826438453",
            b"3566002020360505",
            b"%B4111111111111111^DOE/JOHN^2912101",
            b";5500000000000004=29121010000012345678?",
            rb'"a\n378282246310005"',
        ),
        negative=(
            b"0.4242424242424242",
            b"1792400000007",
            b"1732299999999999",
            b"6800000000000009",
            b"2020202020202028",
            b"20261122224532",
            b"4242424242424242ab90",
            b"49f47c20970ab4242424242424242",
            b"4242-4242-4242-42424242",
            b"20261122224533129",
            b"4242424242424241",
            b"1732300000123456789",
            b"42424242424242424242424",
            b"0000000000000000",
        ),
    ),
    Detector(
        id="ssn",
        title="US social security number with valid area, group and serial; the area may show",
        patterns=(rb"(\d{3})-(\d{2})-(\d{4})", rb"(\d{3}) (\d{2}) (\d{4})"),
        seeds=(rb"[0-9]{3}[ -][0-9]{2}[ -][0-9]{4}",),
        starts=rb"(?<![0-9.])(?<![0-9] )[0-8]",
        viable=rb"(?<![0-9.])(?<![0-9] )[0-8](?=[0-9]{2}[ -][0-9]{1,2}(?:[ -][0-9]{0,4})?\Z)",
        judge=ssn,
        first=3,
        before=rb"0-9\-.",
        after=rb"0-9\-",
        positive=(b"078-05-1120", b"id 219 09 9998.", b"ssn:457-55-5462"),
        negative=(
            b"000-12-3456",
            b"666-12-3456",
            b"912-12-3456",
            b"219-00-9999",
            b"219-09-0000",
            b"2024-05-1120",
            b"078-05-11201",
            b"78 219 09 9998",
        ),
    ),
    Detector(
        id="ssn-named",
        title="US social security or taxpayer number without separators, named as one",
        anchors=(
            b"ssn",
            b"social security number",
            b"social security no",
            b"social_security_number",
            b"socialsecuritynumber",
            b"social security",
            b"tax id",
            b"taxpayer id",
            b"itin",
        ),
        patterns=(_MARK + rb"(\d{9})",),
        judge=ssn,
        first=3,
        before=b"A-Za-z0-9",
        after=rb"0-9",
        cased=False,
        positive=(b"SSN: 219099999", b'"ssn": "457555462"', b"social security number is 219099999"),
        negative=(b"SSN: 666099999", b"ssn 2190999991", b"session 219099999"),
    ),
    Detector(
        id="iban",
        title="IBAN with its country's length and modulo 97; country and check digits may show",
        patterns=_ibans(),
        seeds=(rb"[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4} ?[A-Z0-9]{3}",),
        starts=rb"(?<![A-Z0-9])[A-Z](?=[A-Z][0-9])",
        viable=rb"(?<![A-Z0-9])[A-Z](?=[A-Z][0-9]{2} ?[A-Z0-9][A-Z0-9 ]{0,42}\Z)",
        judge=iban,
        first=4,
        before=rb"A-Z0-9",
        after=rb"A-Z0-9",
        positive=(
            b"DE89370400440532013000",
            b"NO9386011117947",
            b"NO93 8601 1117 947,",
            b"MT84MALT011000012345MTLCAST001S",
            rb'{"a":"x\nDE89370400440532013000"}',
            b"pay GB82 WEST 1234 5698 7654 32 now",
            b"FR1420041010050500013M02606",
        ),
        negative=(
            b"DE88370400440532013000",
            b"GB82 WEST 1234 5698 7654 33",
            b"ZZ89370400440532013000",
            b"DE893704004405320130000",
        ),
    ),
    Detector(
        id="aba",
        title="US bank routing number, named as one",
        anchors=tuple(dict.fromkeys(_ROUTING_NAMES)),
        patterns=(_MARK + rb"(\d{9})",),
        judge=aba,
        before=b"A-Za-z0-9",
        after=b"0-9",
        cased=False,
        positive=(
            b"routing number: 021000021",
            b"ABA 011401533",
            b"routing_number=091000019",
            b'"routingNumber": "021000021"',
            b"<RoutingNumber>021000021</RoutingNumber>",
            b"Routing number is 121042882",
            b"RTN: 026009593",
        ),
        negative=(
            b"routing number: 021000022",
            b"cabana 021000021",
            b"rtn 12345",
            b"routing table 021000021",
        ),
    ),
    Detector(
        id="account-number",
        title="Bank account number, named as one in English or seven other languages",
        anchors=tuple(dict.fromkeys((*_ACCOUNT_NAMES, *_ACCOUNT_WORDS))),
        patterns=(
            _SIGN + rb"([A-Z]{0,2}\d[\dA-Z\-]{5,33})",
            _SIGN
            + rb"([A-Z]{0,2}\d{2,6})[ \-./](\d{2,6})[ \-./]?(\d{0,6})[ \-./]?(\d{0,6})[ \-./]?(\d{0,6})",
            _GAP + rb"([A-Z]{0,2}\d[\d\-]{5,33})",
        ),
        judge=digits,
        before=b"A-Za-z0-9",
        cased=False,
        positive=(
            b"Account number: 000123456789",
            b'"account_number": "12-345678-9"',
            b"acct# 9988776655",
            b"Acct: 12345678",
            b"a/c no. 00123456789",
            b"A/C: 4433221100",
            b"Kontonummer: 532013000",
            b"Konto 0532013000",
            b"IBAN: BE00 1234 5678 9012",
            "número de cuenta: 2100 0418 45 0200051332".encode(),
            b"accountNumber=1234567",
            b"<accountNumber>12345678</accountNumber>",
            b"BBAN 37040044 0532013000",
            b"account number is 12345678",
        ),
        negative=(
            b"account number: none",
            b"account numbers: 3",
            b"account no",
            b"account: admin",
            b"Account: 12345",
            b"konto 2024-01-12",
            b"account no. 12",
        ),
    ),
)
