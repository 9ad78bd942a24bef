"""A new year's ledger names the one before it: origin, size and root in its first leaf.

Thus a whole ledger that is taken away, or rolled back behind its end, is missed by the next one.
Both lie side by side in one folder (`ledger/2026`, `ledger/2027`) and differ in the last part of
the origin.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from recorder.canonical import JSON
from recorder.checkpoint import MAX_NOTE, Checkpoint, CheckpointError, SigningKey, open_note
from recorder.layout import Layout
from recorder.merkle import HASH_SIZE
from recorder.reader import ReaderError, entries


def predecessor(folder: Path, origin: str, key: SigningKey) -> Checkpoint | None:
    """The newest checkpoint of the ledger beside `folder` that precedes `origin`, if there is one.

    Only one signed by `key` counts. Raises OSError.
    """
    stem = origin.rpartition("/")[0]
    before = [
        checkpoint
        for path in folder.absolute().parent.iterdir()
        if path.name != folder.name and (checkpoint := _newest(path, key)) is not None
        if checkpoint.origin.rpartition("/")[0] == stem and checkpoint.origin < origin
    ]
    return max(before, key=lambda checkpoint: checkpoint.origin, default=None)


def describe(checkpoint: Checkpoint) -> dict[str, JSON]:
    """How a leaf names the ledger before it."""
    root = base64.b64encode(checkpoint.root).decode()
    return {"origin": checkpoint.origin, "size": checkpoint.size, "root": root}


def named_by(layout: Layout) -> Checkpoint | None:
    """The ledger that the first leaf of this one names. Unreadable leaves name none: verify tells."""
    try:
        first = next(entries(layout.folder), None)
        body = first.leaf.body.get("previous") if first else None
        if not isinstance(body, dict):
            return None
        root = base64.b64decode(str(body.get("root")), validate=True)
    except (ReaderError, OSError, binascii.Error):
        return None
    origin, size = body.get("origin"), body.get("size")
    if not isinstance(origin, str) or type(size) is not int or len(root) != HASH_SIZE:
        return None
    return Checkpoint(origin, size, root)


def _newest(folder: Path, key: SigningKey) -> Checkpoint | None:
    try:
        with Layout(folder).checkpoint.open("rb") as file:
            note = file.read(MAX_NOTE + 1)
        name = note.split(b"\n")[0].decode("ascii")
        return open_note(note, key.verifier(name))
    except (OSError, CheckpointError, UnicodeDecodeError):
        return None
