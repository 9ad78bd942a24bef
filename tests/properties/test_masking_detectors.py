"""Every detector finds what its own patterns say, and shows what its row says, however it is cut.

Texts are made out of each row's steps. What must be masked is worked out by another engine: the row as
one regular expression of Python's, with possessive repeats and a group for every secret step.
"""

from __future__ import annotations

import random
import re
from functools import lru_cache

import pytest

from bastion.core.masking.candidate import PROBE
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.steps import MANY
from bastion.core.masking.stream import StreamMasker
from bastion.core.masking.table import ALL
from bastion.core.masking.validators import IBAN_LENGTHS

TRIES = 40
LIKELY = b"aZ3kQ9xT7mB2-._/+= :\"'\\\n,@0123456789abcdefABCDEF"
SAMPLED = {"iban", "pan", "registry-login", "aba"}  # their checks are made by hand below


@lru_cache(maxsize=4096)
def members(kind: bytes) -> bytes:
    one = re.compile(b"(?:" + kind + b")")
    likely = bytes(b for b in LIKELY if one.fullmatch(bytes([b])))
    return likely or bytes(b for b in range(256) if one.fullmatch(bytes([b])))


def sample(dice: random.Random, steps) -> bytes:
    out = b""
    for step in steps:
        most = min(step.most, max(step.least, 1) + dice.choice([0, 0, 3, 9]))
        kinds = members(step.kind)
        out += bytes(dice.choice(kinds) for _ in range(dice.randint(step.least, most)))
    return out


def oracle(row, number: int, text: bytes, at: int):
    """(secret places, end) of a match of the pattern at `at`, or None."""
    source = b""
    for step in row.compiled[number][0]:
        most = b"" if step.most >= MANY else b"%d" % step.most
        one = b"(?:" + step.kind + b"){%d,%s}+" % (step.least, most)
        source += b"(" + one + b")" if step.secret else one
    match = re.compile(source).match(text, at)
    if not match:
        return None
    places = [place for group in range(1, match.re.groups + 1) for place in range(*match.span(group))]
    if row.ends and row.ends in match[0]:
        end = at + match[0].index(row.ends) + len(row.ends)
        return [place for place in places if place < end], end
    return places, match.end()


def luhn(digits: str) -> str:
    total = sum(
        sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10))
        for place, digit in enumerate(reversed(digits))
    )
    return digits + str(-total % 10)


def checked(row, dice: random.Random) -> bytes | None:
    """A sample with right check digits, for rows whose shapes alone would seldom have them."""
    if row.id == "iban":
        country = dice.choice(sorted(IBAN_LENGTHS))
        body = "".join(dice.choice("0123456789ABCZ") for _ in range(IBAN_LENGTHS[country] - 4))
        number = int("".join(str(int(c, 36)) for c in body + country + "00"))
        return f"{country}{98 - number % 97:02}{body}".encode()
    if row.id == "pan":
        head, size = dice.choice(
            [
                ("4", 16),
                ("51", 16),
                ("2221", 16),
                ("34", 15),
                ("36", 14),
                ("6011", 16),
                ("3528", 16),
                ("4", 13),
                ("62", 19),
            ]
        )
        return luhn(head + "".join(dice.choice("0123456789") for _ in range(size - len(head) - 1))).encode()
    if row.id == "aba":
        digits = [dice.randrange(10) for _ in range(8)]
        total = sum(digit * weight for digit, weight in zip(digits, (3, 7, 1, 3, 7, 1, 3, 7), strict=True))
        return b": " + bytes(48 + digit for digit in (*digits, -total % 10))
    return b"dXNlcjpwYXNzdzByZA==" if row.id == "registry-login" else None


def expected(row, text: bytes) -> set[int]:
    """Every byte that the row must mask in the text."""
    masked: set[int] = set()
    places = [
        (found.start(), found.end())
        for anchor in row.anchors
        for found in re.compile(
            b"(?=(" + re.escape(anchor) + b"))", 0 if row.cased else re.IGNORECASE
        ).finditer(text)
        for found in [re.compile(b".{%d}" % len(anchor), re.DOTALL).match(text, found.start())]
    ]
    places += [(found.start(),) * 2 for found in re.compile(row.starts).finditer(text)] if row.seeds else []
    for start, at in places:
        if row.before and start and re.match(b"[" + row.before + b"]", text[start - 1 : start]):
            if row.before[:1] == b"^" or text[max(0, start - 2) : start] not in {rb"\n", rb"\r", rb"\t"}:
                continue
        for number in range(len(row.patterns)):
            if not (found := oracle(row, number, text, at)):
                continue
            secret, end = found
            if row.after and end < len(text) and re.match(b"[" + row.after + b"]", text[end : end + 1]):
                continue
            value = bytes(text[place] for place in secret)
            if row.judge and not row.judge(value[:PROBE], True):
                continue
            masked.update(secret[row.first : len(secret) - row.last])
    return masked


def texts(row, seed: int):
    dice = random.Random(f"{row.id}{seed}")
    for _ in range(TRIES):
        number = dice.randrange(len(row.patterns))
        steps, _ = row.compiled[number]
        body = checked(row, dice) if number == 0 or row.id in SAMPLED else None
        body = body or sample(dice, steps)
        if row.id == "registry-login":
            body = b'": "' + body
        anchor = dice.choice(row.anchors) if row.anchors else b""
        lead = b"7" if row.before[:1] == b"^" else dice.choice([b"", b" ", b"\n", b'"'])
        yield lead + anchor + body + dice.choice([b"", b" ", b"\n", b'"', b" end"])


def changed(patterns, pieces) -> set[int]:
    masker = StreamMasker(patterns)
    out = b"".join(masker.feed(piece, 0).data for piece in pieces) + masker.close(0).data
    text = b"".join(pieces)
    assert len(out) == len(text)
    return {place for place, (a, b) in enumerate(zip(text, out, strict=True)) if a != b}


def visible(text: bytes, places: set[int]) -> set[int]:
    """Those of the places whose mask differs from what stands there."""
    return {place for place in places if text[place] not in b"\t\n\r *"}


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_what_a_rows_own_patterns_make_is_masked_as_the_row_says(row, request) -> None:
    alone = compile_patterns([], detectors=[row])
    hits = 0
    for seed in range(25 if request.config.getoption("--deep") else 1):
        for text in texts(row, seed):
            must = visible(text, expected(row, text))
            hits += bool(must)
            got = changed(alone, [text])
            assert must <= got, text
            if not row.learn:
                assert got == must, text
            cut = len(text) * 2 // 3
            assert changed(alone, [text[:cut], text[cut:]]) == got, text
            assert changed(alone, [bytes([byte]) for byte in text]) == got, text
    assert hits >= TRIES // 10
