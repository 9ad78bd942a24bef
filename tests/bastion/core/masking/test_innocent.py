"""Innocent text: the same everywhere, of every kind, and nothing in it is masked."""

from __future__ import annotations

from bastion.core.masking.innocent import KINDS, innocent
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.scan import find


def test_the_same_seed_gives_the_same_text_and_another_one_does_not() -> None:
    assert innocent(5000) == innocent(5000)
    assert innocent(5000) != innocent(5000, seed=2)
    assert len(innocent(5000)) >= 5000
    assert len(KINDS) >= 15


def test_no_detector_finds_anything_in_two_megabytes() -> None:
    text = innocent(2 << 20, seed=7)
    assert [(span, text[span.start - 30 : span.end]) for span in find(compile_patterns([]), text)] == []
