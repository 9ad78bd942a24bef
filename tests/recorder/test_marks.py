"""Labels to kinds: the words that the bastion writes."""

from __future__ import annotations

import pytest

from recorder.marks import WORDS, Kind, classify, text_of


@pytest.mark.parametrize(
    ("label", "kind", "text"),
    [
        ("allow: ls", Kind.ALLOWED, "ls"),
        ("mask: cat .env", Kind.ALLOWED, "cat .env"),
        ("masked: secret shop/db", Kind.MASKED, "secret shop/db"),
        ("denied: rm -rf /: no", Kind.DENIED, "rm -rf /: no"),
        ("approve-peer: rm -r /data", Kind.WAITING, "rm -r /data"),
        ("approval: approved by bob", Kind.APPROVED, "approved by bob"),
        ("approval: denied by bob", Kind.DENIED, "denied by bob"),
        ("approval: rm -r /data", Kind.WAITING, "rm -r /data"),
        ("recording was cut here", Kind.CUT, "recording was cut here"),
        ("http://denied", Kind.NOTE, "http://denied"),
        ("", Kind.NOTE, ""),
    ],
)
def test_a_label_has_a_kind_and_a_text(label, kind, text):
    assert (classify(label), text_of(label)) == (kind, text)


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_the_table_counts_in_any_case(word):
    assert classify(f"{word.upper()}: x") is WORDS[word]
