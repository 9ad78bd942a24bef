"""What a verification says: findings, counts, and the exit code they come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

MAX_FINDINGS = 200


class Outcome(IntEnum):
    """The exit codes of `verify`; where findings differ, altered outweighs incomplete."""

    INTACT = 0
    ALTERED = 1
    INCOMPLETE = 2
    UNANCHORED = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect: what kind, the leaf's number (or None), the file, the byte offset (or None), why."""

    outcome: Outcome
    seq: int | None
    file: str
    offset: int | None
    why: str

    def line(self) -> str:
        """One line for people."""
        leaf = "" if self.seq is None else f"leaf {self.seq}, "
        place = "" if self.offset is None else f" at byte {self.offset}"
        return f"{self.outcome.name}: {leaf}{self.file}{place}: {self.why}"


@dataclass(slots=True)
class Report:
    """The verification of one ledger. `notes` are facts that are no defects; times in microseconds.

    Findings beyond MAX_FINDINGS are counted in `more`, not kept.
    """

    folder: str
    origin: str = ""
    leaves: int = 0
    signed: int = 0
    checkpoints: int = 0
    root: str = ""
    first_t: int | None = None
    last_t: int | None = None
    recordings: int = 0
    unsealed: int = 0
    writer: bool = False
    anchors: int = 0
    anchor_required: bool = False
    findings: list[Finding] = field(default_factory=list)
    more: int = 0
    notes: list[str] = field(default_factory=list)
    _worst: set[Outcome] = field(default_factory=set)

    def altered(self, why: str, file: str, *, seq: int | None = None, offset: int | None = None) -> None:
        """Something is not what was written."""
        self._add(Finding(Outcome.ALTERED, seq, file, offset, why))

    def incomplete(self, why: str, file: str, *, seq: int | None = None, offset: int | None = None) -> None:
        """Something that was written is missing."""
        self._add(Finding(Outcome.INCOMPLETE, seq, file, offset, why))

    def note(self, text: str) -> None:
        """A fact that is no defect."""
        if len(self.notes) < MAX_FINDINGS:
            self.notes.append(text)

    @property
    def outcome(self) -> Outcome:
        """What the findings come to."""
        for outcome in (Outcome.ALTERED, Outcome.INCOMPLETE):
            if outcome in self._worst:
                return outcome
        return Outcome.UNANCHORED if self.anchor_required and not self.anchors else Outcome.INTACT

    def as_json(self) -> dict[str, object]:
        """The report for machines."""
        return {
            "outcome": self.outcome.name.lower(),
            "exit": int(self.outcome),
            "ledger": self.folder,
            "origin": self.origin,
            "leaves": self.leaves,
            "signed": self.signed,
            "checkpoints": self.checkpoints,
            "root": self.root,
            "first_t": self.first_t,
            "last_t": self.last_t,
            "recordings": self.recordings,
            "unsealed": self.unsealed,
            "writer": self.writer,
            "anchors": self.anchors,
            "findings": [
                {
                    "outcome": item.outcome.name.lower(),
                    "seq": item.seq,
                    "file": item.file,
                    "offset": item.offset,
                    "why": item.why,
                }
                for item in self.findings
            ],
            "more": self.more,
            "notes": self.notes,
        }

    def _add(self, finding: Finding) -> None:
        self._worst.add(finding.outcome)
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
        else:
            self.more += 1
