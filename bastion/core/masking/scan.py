"""Whole texts: commands, environment values, a screen's rows; every span to mask at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from bastion.core.masking.finder import Finder
from bastion.core.masking.patterns import Patterns, compile_patterns


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Bytes `start` to `end` (exclusive) are secret; `source` is a detector id or an opaque reference."""

    start: int
    end: int
    source: str


def find(patterns: Patterns, text: bytes) -> tuple[Span, ...]:
    """The sensitive spans of a whole text, sorted, overlaps of one source joined."""
    spans: list[Span] = []
    for start, end, source in sorted(
        Finder(patterns).feed(text, final=True).covers, key=lambda c: (c[2], c[0])
    ):
        if spans and spans[-1].source == source and start <= spans[-1].end:
            spans[-1] = Span(spans[-1].start, max(end, spans[-1].end), source)
        else:
            spans.append(Span(start, end, source))
    return tuple(sorted(spans))


@lru_cache(maxsize=1)
def _detectors() -> Patterns:
    return compile_patterns(())


def hidden(text: str) -> str:
    """A short text of a user's (a login name, a reason) with what the detectors find in it masked.

    For places that no session's patterns reach; values of Secrets are not known there.
    """
    data = bytearray(text.encode("utf-8", "surrogateescape"))
    for span in find(_detectors(), bytes(data)):
        data[span.start : span.end] = b"*" * (span.end - span.start)
    return data.decode("utf-8", "replace")
