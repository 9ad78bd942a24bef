"""Every row of the detectors' table keeps its own promises."""

from __future__ import annotations

import pytest

from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.scan import find
from bastion.core.masking.stream import StreamMasker
from bastion.core.masking.table import ALL
from bastion.core.masking.vendor_keys import VENDOR_KEYS

WHOLE = compile_patterns([])
PLAIN = compile_patterns([], plain=True)


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_a_row_finds_its_positive_examples_and_leaves_the_negative_ones(row) -> None:
    alone = compile_patterns([], detectors=[row])
    for text in row.positive:
        assert row.id in {span.source for span in find(alone, text)}, text
        assert row.id in {span.source for span in find(WHOLE, text)}, text
    for text in row.negative:
        assert find(alone, text) == (), text


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_both_engines_agree_on_the_examples(row) -> None:
    for text in (*row.positive, *row.negative):
        assert find(WHOLE, text) == find(PLAIN, text)


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_an_example_that_drips_byte_by_byte_is_masked_alike(row) -> None:
    for text in row.positive:
        whole = StreamMasker(WHOLE)
        expected = whole.feed(text + b" end", 0).data + whole.close(0).data
        drip = StreamMasker(WHOLE)
        got = b"".join(drip.feed(bytes([byte]), 0).data for byte in text + b" end") + drip.close(0).data
        assert got == expected
        assert len(got) == len(text) + 4


def test_ids_are_unique_and_every_row_has_a_title() -> None:
    assert len({row.id for row in ALL}) == len(ALL)
    assert all(row.title for row in ALL)


def test_at_least_sixty_vendors_are_known() -> None:
    assert len(VENDOR_KEYS) >= 60


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"4242424242424242", b"424242******4242"),
        (b"5105-1051-0510-5100 x", b"5105-10**-****-5100 x"),
        (b"078-05-1120", b"078-**-****"),
        (b"DE89370400440532013000", b"DE89******************"),
        (b"postgres://app:S3cr3t-pw@db/x", b"postgres://app:*********@db/x"),
        (b"password=hunter2-x ok", b"password=********* ok"),
    ],
)
def test_what_may_be_shown_is_shown(text: bytes, shown: bytes) -> None:
    masker = StreamMasker(WHOLE)
    assert masker.feed(text, 0).data + masker.close(0).data == shown
