"""What every row of the detectors' table must keep, ours and an operator's alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bastion.core.masking.detector import Detector
from bastion.core.masking.innocent import innocent
from bastion.core.masking.patterns import Patterns, compile_patterns
from bastion.core.masking.scan import Span, find
from bastion.core.masking.steps import steps
from bastion.core.masking.stream import StreamMasker

SAMPLE_BYTES = 64 * 1024
MAX_ANCHOR = 60
MAX_PATTERN = 512
MAX_EXAMPLE = 4096
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")


def problems(row: Detector) -> list[str]:
    """What is wrong with a row, in the order of its keys; empty when it may be used.

    Its examples are run, in one piece and byte by byte, and it may find nothing in innocent text.
    """
    found = [*_shape(row), *_examples(row), *_patterns(row)]
    return found or list(_behaviour(row))


@lru_cache(maxsize=1)
def _sample() -> bytes:
    return innocent(SAMPLE_BYTES)


def _shape(row: Detector) -> Iterator[str]:
    if not _ID.match(row.id) or len(row.id) > 64:
        yield "id: small letters, digits and single hyphens, at most 64"
    if not 0 < len(row.title) <= 160 or not row.title.isprintable() or "|" in row.title:
        yield "title: one line of at most 160 characters, without |"
    if not 0 < len(row.anchors) + len(row.seeds) <= 1024:
        yield "anchors: one at least"
    for anchor in row.anchors:
        if not 3 <= len(anchor) + row.lead <= MAX_ANCHOR:
            yield f"anchors: {_show(anchor)} must have 3 to {MAX_ANCHOR} bytes"
    for name, kind in (("before", row.before), ("after", row.after)):
        try:
            if kind and len(steps(b"([" + kind + b"])")) != 1:
                yield f"{name}: {_show(kind)} is no class"
        except ValueError as error:
            yield f"{name}: {error}"


def _examples(row: Detector) -> Iterator[str]:
    for name, examples in (("positive", row.positive), ("negative", row.negative)):
        if not examples:
            yield f"{name}: one example at least"
        for text in examples:
            if len(text) > MAX_EXAMPLE:
                yield f"{name}: {_show(text)} is longer than {MAX_EXAMPLE}"


def _patterns(row: Detector) -> Iterator[str]:
    if not 0 < len(row.patterns) <= 64:
        yield "patterns: 1 to 64"
    for pattern in row.patterns:
        if len(pattern) > MAX_PATTERN:
            yield f"patterns: {_show(pattern)} is longer than {MAX_PATTERN}"
            continue
        try:
            steps(pattern)
        except ValueError as error:
            yield f"patterns: {_show(pattern)}: {error}"


def _behaviour(row: Detector) -> Iterator[str]:
    alone = compile_patterns([], detectors=[row])
    for text in row.positive:
        spans = [span for span in find(alone, text) if span.source == row.id]
        if not spans:
            yield f"positive: {_show(text)} is not found"
        elif _dripped(alone, text) != _masked(text, find(alone, text)):
            yield f"positive: {_show(text)} is masked otherwise when it comes byte by byte"
        elif sum(span.end - span.start for span in spans) < row.first + row.last and not row.judge:
            yield f"first, last: more of {_show(text)} would show than be masked"
    for text in row.negative:
        if find(alone, text):
            yield f"negative: {_show(text)} is found"
    innocents = find(alone, _sample())
    if innocents:
        span = innocents[0]
        text = _sample()[max(0, span.start - 20) : span.end + 20]
        yield f"patterns: too broad, {len(innocents)} places in innocent text are found, as in {_show(text)}"


def _dripped(patterns: Patterns, text: bytes) -> bytes:
    masker = StreamMasker(patterns)
    return b"".join(masker.feed(bytes([b]), 0).data for b in text) + masker.close(0).data


def _masked(text: bytes, spans: tuple[Span, ...]) -> bytes:
    whole = StreamMasker(compile_patterns([], detectors=[]))
    out = bytearray(whole.feed(text, 0).data + whole.close(0).data)
    for span in spans:
        piece = out[span.start : span.end]
        out[span.start : span.end] = bytes(b if b in b"\t\n\r " else 0x2A for b in piece)
    return bytes(out)


def _show(text: bytes) -> str:
    return repr(text[:80])[1:]
