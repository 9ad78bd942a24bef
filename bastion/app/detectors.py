"""Operators' own detectors: rows of the configuration, checked like ours, and a way to try them."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from bastion.core.masking.checks import problems
from bastion.core.masking.detector import Detector
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.scan import Span, find
from bastion.core.masking.table import ALL
from bastion.core.masking.validators import NAMED

MOST = 200
MAX_TRIED = 16 << 20
_HEADER = re.compile(r"(?m)^[ \t]*\[\[[ \t]*masking[ \t]*\.[ \t]*detectors[ \t]*\]\]")


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """One detector of an operator; `bastion.core.masking.detector` says what the keys mean."""

    id: str
    title: str
    anchors: tuple[str, ...]
    patterns: tuple[str, ...]
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    validator: str = ""
    first: int = 0
    last: int = 0
    before: str = ""
    after: str = ""
    cased: bool = True
    learn: bool = False


@dataclass(frozen=True, slots=True)
class MaskingSettings:
    """`detectors`: rows that are added to the table."""

    detectors: tuple[DetectorSettings, ...] = ()


def table(settings: MaskingSettings) -> tuple[Detector, ...]:
    """Our rows and the operator's, for new sessions."""
    return (*ALL, *map(_row, settings.detectors))


def mistakes(settings: MaskingSettings, text: str = "") -> list[str]:
    """What is wrong with the rows, each with its line in the file's `text` where that is plain."""
    lines = [text.count("\n", 0, header.start()) + 1 for header in _HEADER.finditer(text)]
    found = [f"masking.detectors: {len(settings.detectors)} rows, {MOST} are the limit"]
    found = found if len(settings.detectors) > MOST else []
    taken = {row.id for row in ALL}
    for number, row in enumerate(settings.detectors[:MOST]):
        where = f"line {lines[number]}: " if len(lines) == len(settings.detectors) else ""
        found += [f"{where}masking.detectors {row.id!r}: {what}" for what in _wrong(row, taken)]
        taken.add(row.id)
    return found


def _wrong(row: DetectorSettings, taken: set[str]) -> list[str]:
    found = ["id: it is taken"] if row.id in taken else []
    if row.validator and row.validator not in NAMED:
        found.append(f"validator: there is no {row.validator!r}; use one of {', '.join(NAMED)}")
    if not (0 <= row.first <= 16 and 0 <= row.last <= 16):
        found.append("first, last: 0 to 16")
    return found or problems(_row(row))


def _row(row: DetectorSettings) -> Detector:
    def coded(texts: tuple[str, ...]) -> tuple[bytes, ...]:
        return tuple(text.encode() for text in texts)

    return Detector(
        id=row.id, title=row.title, anchors=coded(row.anchors), patterns=coded(row.patterns),
        positive=coded(row.positive), negative=coded(row.negative), judge=NAMED.get(row.validator),
        first=row.first, last=row.last, before=row.before.encode(), after=row.after.encode(), cased=row.cased,
        learn=row.learn,
    )  # fmt: skip


def try_detectors(source: str, settings: MaskingSettings, *, as_json: bool) -> int:
    """Print where detectors find something in a file or in standard input (`-`), never what. 1: nothing."""
    text = sys.stdin.buffer.read(MAX_TRIED) if source == "-" else _start(Path(source))
    spans = find(compile_patterns([], detectors=table(settings)), text)
    for span in spans:
        sys.stdout.write(_line(text, span, as_json=as_json) + "\n")
    return 0 if spans else 1


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_TRIED)


def _line(text: bytes, span: Span, *, as_json: bool) -> str:
    line = text.count(b"\n", 0, span.start) + 1
    column = span.start - (text.rfind(b"\n", 0, span.start) + 1) + 1
    if as_json:
        place = {"line": line, "column": column, "start": span.start, "end": span.end}
        return json.dumps({"detector": span.source, **place})
    return f"{line}:{column}: {span.source}, {span.end - span.start} bytes"
