"""Whether the recordings are those of the ledger: every named byte there, unchanged.

A leaf `recording.progress` or `recording.sealed` gives the SHA-256 of a file's first `bytes`
bytes. The last such leaf of a file covers all earlier ones, so only that one is kept and checked.
A leaf `session.lost` gives size and SHA-256 of what a crash left, after the torn end was cut: the file
has to stay so. It was read back from the disk, so it covers no earlier leaf; both are checked.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from recorder.findings import Report
from recorder.leaf import Leaf

PROGRESS = "recording.progress"
SEALED = "recording.sealed"
LOST = "session.lost"
_HEX = re.compile(r"[0-9a-f]{64}")
_BLOCK = 1024 * 1024


@dataclass(slots=True)
class _Claim:
    """What the ledger last said of a file."""

    size: int
    sha256: str
    seq: int
    sealed: bool


class Recordings:
    """Collects what the leaves say of recordings, then compares it with the files."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._claims: dict[str, _Claim] = {}
        self._survived: dict[str, _Claim] = {}
        self._started = -1

    def take(self, leaf: Leaf, file: str) -> None:
        """Note a leaf; `file` is the segment it stands in, for findings."""
        if leaf.type == "ledger.opened":
            self._started = leaf.seq
        if leaf.type not in {PROGRESS, SEALED, LOST} or (leaf.type == LOST and "sha256" not in leaf.body):
            return
        name, size, digest = (leaf.body.get(member) for member in ("recording", "bytes", "sha256"))
        if not isinstance(name, str) or type(size) is not int or size < 0 or not isinstance(digest, str):
            self._report.incomplete(
                f"a {leaf.type} leaf without recording, bytes and sha256", file, seq=leaf.seq
            )
            return
        if not _inside(name) or not _HEX.fullmatch(digest):
            why = f"a {leaf.type} leaf that names no file or no digest"
            self._report.incomplete(why, file, seq=leaf.seq)
            return
        if leaf.type == LOST:
            self._survived[name] = _Claim(size, digest, leaf.seq, sealed=True)
            return
        before = self._claims.get(name)
        if before is not None and (before.sealed or size < before.size):
            why = f"{name!a} was sealed or longer before"
            self._report.altered(why, file, seq=leaf.seq)
        self._claims[name] = _Claim(size, digest, leaf.seq, leaf.type == SEALED)

    def judge(self, folder: Path | None, *, writer: bool) -> None:
        """Compare the files in `folder` with what was said. A writer's open recordings may go on."""
        report = self._report
        report.recordings = len(self._claims.keys() | self._survived.keys())
        if report.recordings and folder is None:
            report.incomplete("the leaves speak of recordings, but there is no folder of them", "recordings")
            return
        for name, claim in self._claims.items():
            self._compare(folder or Path(), name, claim)
            if not claim.sealed and (not writer or claim.seq < self._started):
                report.unsealed += 1
                report.note(f"unsealed: {name!a} ends at byte {claim.size} (leaf {claim.seq}) without a seal")
        for name, claim in self._survived.items():
            self._compare(folder or Path(), name, claim, after="a crash was mended")
        if folder is not None and not writer:
            self._unknown(folder)

    def _compare(self, folder: Path, name: str, claim: _Claim, *, after: str = "it was sealed") -> None:
        report = self._report
        place = f"recordings/{name}"
        try:
            size, digest = _digest(folder / name, claim.size)
        except OSError as error:
            report.incomplete(f"cannot be read: {error.strerror}", place, seq=claim.seq)
            return
        if size < claim.size:
            why = f"holds {size} bytes where {claim.size} were recorded"
            report.incomplete(why, place, seq=claim.seq)
        elif digest != claim.sha256:
            report.altered(f"its first {claim.size} bytes are not those recorded", place, seq=claim.seq)
        elif claim.sealed and size > claim.size:
            report.altered(f"was written on after {after}", place, seq=claim.seq, offset=claim.size)

    def _unknown(self, folder: Path) -> None:
        files = (path for path in folder.rglob("*") if path.is_file())
        known = self._claims.keys() | self._survived.keys()
        unknown = sum(path.relative_to(folder).as_posix() not in known for path in files)
        if unknown:
            self._report.note(f"{unknown} files among the recordings are named by no leaf")


def _inside(name: str) -> bool:
    """Whether a relative path stays within its folder."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _digest(path: Path, size: int) -> tuple[int, str]:
    """The size of a regular file and the SHA-256 of its first `size` bytes."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "not a regular file")
        digest, left = sha256(), size
        while left and (block := file.read(min(left, _BLOCK))):
            digest.update(block)
            left -= len(block)
    return status.st_size, digest.hexdigest()
