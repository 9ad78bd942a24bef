"""A recording that was opened and gone through once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recorder.cast import Reader
from recorder.timeline import Outline, outline


@dataclass(frozen=True, slots=True)
class Loaded:
    """Where its events come from, and what it holds."""

    reader: Reader
    outline: Outline


def load(path: Path) -> Loaded:
    """Open a recording. Raises OSError, or recorder.asciicast.CastError for a file of another kind."""
    reader = Reader(path)
    return Loaded(reader, outline(reader.events()))
