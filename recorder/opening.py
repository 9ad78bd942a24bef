"""The start of a writer: whose ledger this is, and the leaves that tell of the start."""

from __future__ import annotations

from recorder.canonical import JSON
from recorder.checkpoint import Checkpoint, Verifier
from recorder.disk import Disk
from recorder.layout import Layout
from recorder.lineage import describe
from recorder.recovery import Cut, Found


class ForeignError(Exception):
    """The folder holds a ledger of another origin or key."""


def claim(layout: Layout, verifier: Verifier, disk: Disk) -> None:
    """Put the verifier key beside a new ledger. Raises ForeignError where another one stands.

    A ledger belongs to one origin and one key for its whole life.
    """
    content = f"{verifier.vkey}\n".encode()
    if not layout.verifier.exists():
        disk.put(layout.verifier, content)
    elif layout.verifier.read_bytes() != content:
        raise ForeignError(
            f"this ledger belongs to another origin or key than {verifier.name};"
            " give each origin (each year, too) a folder of its own"
        )


def opening_leaves(found: Found, verifier: Verifier, previous: Checkpoint | None) -> list[dict[str, JSON]]:
    """`ledger.opened` and, where a torn tail was cut, `ledger.recovered`."""
    signed = found.signed.checkpoint.size if found.signed else 0
    opened: dict[str, JSON] = {
        "type": "ledger.opened",
        "origin": verifier.name,
        "key": verifier.vkey,
        "clean": found.last is None or found.last.type == "ledger.closed",
        "signed": signed,
        "unsigned": found.tree.size - signed,
    }
    if previous is not None:
        opened["previous"] = describe(previous)
    return [opened] if found.cut is None else [opened, _recovered(found.cut)]


def _recovered(cut: Cut) -> dict[str, JSON]:
    return {
        "type": "ledger.recovered",
        "at": cut.seq,
        "file": cut.file,
        "offset": cut.offset,
        "bytes": cut.size,
        "sha256": cut.sha256,
        "kept": cut.kept,
    }
