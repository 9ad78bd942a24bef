"""Detectors of numbers: payment cards, bank accounts, social security and routing numbers."""

from __future__ import annotations

from bastion.core.masking.detector import Detector
from bastion.core.masking.validators import aba, iban, luhn, ssn

_CARD_GROUPS = ((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 1), (4, 4, 5), (4, 4, 4, 4, 3))
_ACCOUNT_NAMES = (b"account number", b"account_number", b"account no", b"acct no", b"acct_no", b"acct#",
                  b"accountnumber", b"kontonummer", b"iban")  # fmt: skip


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
        seeds=(rb"[2-6][0-9]{3}[ -]?[0-9]{2}[0-9]{2}[ -]?[0-9]{4}", rb"[2-6][0-9]{3}[ -]?[0-9]{6}"),
        starts=rb"(?<![0-9])[2-6]",
        viable=rb"(?<![0-9])[2-6](?=[0-9 -]{6,23}\Z)",
        judge=luhn,
        first=6,
        last=4,
        before=b"0-9",
        after=b"0-9",
        positive=(
            b"4242424242424242",
            b"5105-1051-0510-5100",
            b"3782 822463 10005",
            b"card 6011000990139424,",
            b"3056 930902 5904",
            b"2223003122003222",
        ),
        negative=(
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
        starts=rb"(?<![0-9])[0-8]",
        viable=rb"(?<![0-9])[0-8](?=[0-9]{2}[ -][0-9]{1,2}(?:[ -][0-9]{0,4})?\Z)",
        judge=ssn,
        first=3,
        before=rb"0-9\-",
        after=rb"0-9\-",
        positive=(b"078-05-1120", b"id 219 09 9998.", b"ssn:457-55-5462"),
        negative=(b"000-12-3456", b"666-12-3456", b"912-12-3456", b"2024-05-1120", b"078-05-11201"),
    ),
    Detector(
        id="iban",
        title="IBAN with its country's length and modulo 97; country and check digits may show",
        patterns=_ibans(),
        seeds=(rb"[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4} ?[A-Z0-9]{3}",),
        starts=rb"(?<![A-Za-z0-9])[A-Z](?=[A-Z][0-9])",
        viable=rb"(?<![A-Za-z0-9])[A-Z](?=[A-Z][0-9]{2} ?[A-Z0-9][A-Z0-9 ]{0,42}\Z)",
        judge=iban,
        first=4,
        before=rb"A-Za-z0-9",
        after=rb"A-Za-z0-9",
        positive=(
            b"DE89370400440532013000",
            b"pay GB82 WEST 1234 5698 7654 32 now",
            b"FR1420041010050500013M02606",
        ),
        negative=(b"DE88370400440532013000", b"GB82 WEST 1234 5698 7654 33", b"ZZ89370400440532013000"),
    ),
    Detector(
        id="aba",
        title="US bank routing number, named as one",
        anchors=(b"routing number", b"routing_number", b"routing no", b"routing#", b"aba", b"rtn"),
        patterns=(rb"[\"']?[ \t:=#.]{1,6}[\"']?(\d{9})",),
        judge=aba,
        before=b"A-Za-z0-9",
        after=b"0-9",
        cased=False,
        positive=(b"routing number: 021000021", b"ABA 011401533", b"routing_number=091000019"),
        negative=(b"routing number: 021000022", b"cabana 021000021", b"rtn 12345"),
    ),
    Detector(
        id="account-number",
        title="Bank account number, named as one",
        anchors=_ACCOUNT_NAMES,
        patterns=(rb"[\"']?[ \t:=#.]{1,6}[\"']?([A-Z]{0,2}\d[\d\-]{5,33})",),
        before=b"A-Za-z0-9",
        cased=False,
        positive=(b"Account number: 000123456789", b'"account_number": "12-345678-9"', b"acct# 9988776655"),
        negative=(b"account number: none", b"account numbers: 3", b"account no"),
    ),
)
