"""Every row of the detectors' table keeps its own promises."""

from __future__ import annotations

import pytest

from bastion.core.masking.checks import problems
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.scan import find
from bastion.core.masking.stream import StreamMasker
from bastion.core.masking.table import ALL
from bastion.core.masking.vendor_keys import VENDOR_KEYS

WHOLE = compile_patterns([])
PLAIN = compile_patterns([], plain=True)
SHORT = 120


def masked(*pieces: bytes) -> bytes:
    masker = StreamMasker(WHOLE)
    return b"".join(masker.feed(piece, 0).data for piece in pieces) + masker.close(0).data


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_a_row_has_no_problems_with_its_examples_its_shape_and_innocent_text(row) -> None:
    assert problems(row) == []


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_a_row_finds_its_positive_examples_among_all_rows(row) -> None:
    for text in row.positive:
        assert row.id in {span.source for span in find(WHOLE, text)}, text


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_both_engines_agree_on_the_examples(row) -> None:
    for text in (*row.positive, *row.negative):
        assert find(WHOLE, text) == find(PLAIN, text)


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_an_example_is_masked_alike_at_every_split_point_and_byte_by_byte(row) -> None:
    for text in (*row.positive, *row.negative):
        longer = text + b" end"
        expected = masked(longer)
        assert len(expected) == len(longer)
        assert masked(*[bytes([byte]) for byte in longer]) == expected
        for cut in range(1, len(longer), 1 + len(longer) // SHORT):
            assert masked(longer[:cut], longer[cut:]) == expected, (text, cut)


def test_ids_are_unique() -> None:
    assert len({row.id for row in ALL}) == len(ALL)


def test_at_least_sixty_vendors_are_known() -> None:
    assert len(VENDOR_KEYS) >= 120


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"4242424242424242", b"424242******4242"),
        (b"5105-1051-0510-5100 x", b"5105-10**-****-5100 x"),
        (b"078-05-1120", b"078-**-****"),
        (b"SSN 219099999", b"SSN 219******"),
        (b"DE89370400440532013000", b"DE89******************"),
        (b"postgres://app:S3cr3t-pw@db/x", b"postgres://app:*********@db/x"),
        (b"postgres://app:p@ss@db/x", b"postgres://app:****@db/x"),
        (b"password=hunter2-x ok", b"password=********* ok"),
        (b"DB_PASSWORD=ab,cd-9 ok", b"DB_PASSWORD=******* ok"),
        (b"password=ab12,user=bob", b"password=****,user=bob"),
        (b"?password=ab12&user=bob", b"?password=****&user=bob"),
        (rb'{"password":"ab\"cd\\","n":1}', rb'{"password":"********","n":1}'),
        (rb'{"a":"{\"token\":\"ab12\",\"n\":1}"}', rb'{"a":"{\"token\":\"****\",\"n\":1}"}'),
        (b"curl -u bob:pw/12:x http://h", b"curl -u bob:******* http://h"),
        (b"mysql -uroot -pS3cret app", b"mysql -uroot -p****** app"),
        (b"docker login -u a -p pw-12 r", b"docker login -u a -p ***** r"),
        (b"AKIAA1B2C3D4E5F6G7H8", b"AKIAA1B2************"),
        (rb'{"k":"x\nAKIAA1B2C3D4E5F6G7H8"}', rb'{"k":"x\nAKIAA1B2************"}'),
        (b"machine h login me password pw-12\n", b"machine h login me password *****\n"),
    ],
)
def test_what_may_be_shown_is_shown(text: bytes, shown: bytes) -> None:
    assert masked(text) == shown


def test_no_anchor_is_so_long_that_a_finder_forgets_its_start() -> None:
    for row in ALL:
        assert all(len(anchor) + row.lead < 62 for anchor in row.anchors)
