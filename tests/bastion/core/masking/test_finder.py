"""The finder: bounded work, whatever the text repeats."""

from __future__ import annotations

import pytest

from bastion.core.masking import finder
from bastion.core.masking.candidate import Candidate
from bastion.core.masking.patterns import compile_patterns


@pytest.mark.parametrize("text", [b"4242424242424242 ", b"078-05-1120 ", b"GB82 WEST 1234 5698 7654 32 "])
def test_a_place_that_many_seeds_propose_is_tried_once(monkeypatch, text) -> None:
    patterns = compile_patterns([])
    most = sum(len(row.patterns) for row in patterns.seeded)
    made: list[tuple[str, int, int]] = []

    def counted(row, pattern, start, at) -> Candidate:
        candidate = Candidate(row, pattern, start, at)
        made.append(candidate.key)
        return candidate

    monkeypatch.setattr(finder, "Candidate", counted)
    one = finder.Finder(patterns)
    for _ in range(4):
        one.feed(text * 50)
    seeded = [key for key in made if key[0] in {row.id for row in patterns.seeded}]
    assert len(seeded) == len(set(seeded)) <= most * 200 * len(text.split())
    assert seeded
