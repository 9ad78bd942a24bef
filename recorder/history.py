"""The checkpoint history: every checkpoint a ledger has signed, numbered, in one file.

Each line holds `{"n": number, "note": signed note, "t": ledger time}`. It is written before the
file `checkpoint`, so `checkpoint` always equals the newest line or, after a crash between the
two writes, the one before it. That makes a history that was cut short visible.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from recorder.canonical import CanonicalError, decode_exact, encode
from recorder.checkpoint import Checkpoint, CheckpointError, Verifier, open_note
from recorder.framing import Bad, Record, frame, last_records, records
from recorder.layout import Layout


@dataclass(frozen=True, slots=True)
class Signed:
    """One line of the history: its number, ledger time (Unix microseconds), note and meaning."""

    n: int
    t: int
    note: bytes
    checkpoint: Checkpoint
    offset: int


def line_of(n: int, t: int, note: bytes) -> bytes:
    """The history's line for a note."""
    return frame(encode({"n": n, "note": note.decode(), "t": t}))[0]


def read(record: Record, verifier: Verifier) -> Signed:
    """A line's meaning; CheckpointError when it is malformed or its signature is not valid."""
    try:
        body = decode_exact(record.data)
    except CanonicalError as error:
        raise CheckpointError(str(error)) from None
    if not isinstance(body, dict) or set(body) != {"n", "note", "t"}:
        raise CheckpointError("a line of the history has n, note and t")
    n, t, text = body["n"], body["t"], body["note"]
    if type(n) is not int or type(t) is not int or not isinstance(text, str):
        raise CheckpointError("a line of the history has n, note and t")
    note = text.encode()
    return Signed(n, t, note, open_note(note, verifier), record.offset)


def stream(layout: Layout, end: int) -> Iterator[Record | Bad]:
    """The lines of the history up to byte `end`."""
    return records(layout.history, 0, end)


def newest(layout: Layout, verifier: Verifier) -> tuple[list[Signed], Bad | None]:
    """The last two checkpoints, oldest first, and a bad end of the file.

    Raises CheckpointError when one of them is not valid; a missing file is an empty history.
    """
    if not layout.history.exists():
        return [], None
    found = last_records(layout.history, 2)
    signed = [read(item, verifier) for item in found if isinstance(item, Record)]
    bad = found[-1] if found and isinstance(found[-1], Bad) else None
    return signed, bad
