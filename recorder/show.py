"""Leaves and reports as text for people: nothing in them reaches a terminal unescaped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from recorder.findings import Outcome, Report
from recorder.leaf import OWN, Leaf

_COLOURS = {
    Outcome.INTACT: "32",
    Outcome.ALTERED: "31",
    Outcome.INCOMPLETE: "31",
    Outcome.UNANCHORED: "33",
}
_FIRST = ("session", "actor", "target")


@dataclass(frozen=True, slots=True)
class Paint:
    """SGR colours where they are wanted; the words say the same without them."""

    wanted: bool

    def __call__(self, code: str, text: str) -> str:
        """`text` in the colour `code` (ECMA-48 SGR parameters)."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.wanted else text


def moment(t: int) -> str:
    """Unix microseconds as UTC, ISO 8601."""
    try:
        text = datetime.fromtimestamp(t // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return f"{t}us"
    return f"{text}.{t % 1_000_000:06d}Z"


def microseconds(text: str) -> int:
    """Read ISO 8601 (UTC where no zone is given) or Unix seconds. Raises ValueError."""
    if text.replace(".", "", 1).isdigit():
        seconds, _, fraction = text.partition(".")
        return int(seconds or "0") * 1_000_000 + int(f"{fraction:0<6.6}")
    parsed = datetime.fromisoformat(text)
    zoned = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return int(zoned.replace(microsecond=0).timestamp()) * 1_000_000 + zoned.microsecond


def escape(text: str) -> str:
    """`text` on one line of printable characters: controls and format characters become escapes."""
    return "".join(char if char.isprintable() and char != "\\" else _escaped(char) for char in text)


def leaf_line(leaf: Leaf, paint: Paint) -> str:
    """One line: time, number, type, then session, actor, target and the other members."""
    names = [name for name in _FIRST if name in leaf.body]
    names += [name for name in leaf.body if name not in {*_FIRST, *OWN, "type"}]
    members = "  ".join(f"{escape(name)}={_value(leaf.body[name])}" for name in names)
    head = f"{moment(leaf.t)}  #{leaf.seq}  {paint('1', escape(leaf.type))}"
    return f"{head}  {members}" if members else head


def leaf_json(body: Mapping[str, object]) -> str:
    """A leaf as one line of ASCII JSON."""
    return json.dumps(body, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def report_lines(report: Report, paint: Paint) -> Sequence[str]:
    """A report for people; the last line says the outcome in a word."""
    lines = [f"ledger {escape(report.folder)}" + (f" ({escape(report.origin)})" if report.origin else "")]
    if report.first_t is not None and report.last_t is not None:
        lines.append(f"  leaves      {report.leaves}, {moment(report.first_t)} to {moment(report.last_t)}")
    lines.append(f"  signed      {report.signed} leaves, {report.checkpoints} checkpoints")
    lines.append(f"  recordings  {report.recordings}, {report.unsealed} without a seal")
    if report.writer:
        lines.append("  a writer is running; checked up to the last complete leaf")
    lines += [f"  note: {escape(note)}" for note in report.notes]
    lines += [f"  {paint(_COLOURS[item.outcome], escape(item.line()))}" for item in report.findings]
    if report.more:
        lines.append(f"  and {report.more} more findings")
    outcome = report.outcome
    lines.append(paint(_COLOURS[outcome], f"{outcome.name} (exit {int(outcome)})"))
    return lines


def _value(value: object) -> str:
    if isinstance(value, str):
        shown = escape(value)
        return f'"{shown}"' if not shown or " " in shown or "=" in shown else shown
    return escape(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _escaped(char: str) -> str:
    return "\\\\" if char == "\\" else char.encode("unicode_escape").decode()
