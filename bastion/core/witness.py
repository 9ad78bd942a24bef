"""Mask events and alerts as leaves and markers: what, how often, where, and a keyed id; no value.

One leaf tells of the masks of one source with one id in one piece of output. Under a flood the ids
of a source share a leaf: counts stay exact, places and ids beyond the limits are counted only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from bastion.model.effects import Effect, Fact, Mark, Note
from bastion.model.events import Stream
from bastion.model.masks import Alert, KnownValue, MaskEvent

MOST_APART: Final = 16
MOST_LEAVES: Final = 1000
MOST_LISTED: Final = 32
MOST_KEPT: Final = 1024
_DROPPED: Final = bytes(range(0x21)) + b"\"'`\\-\x7f"
Digest = Callable[[bytes], str]
Lookup = Callable[[str], KnownValue | None]
Groups = dict[tuple[str, str], list[MaskEvent]]


def no_digest(value: bytes) -> str:  # noqa: ARG001 - the signature of a digest
    """No key, no ids."""
    return ""


def canonical(value: bytes) -> bytes:
    """`value` without white space, quotes, backslashes and hyphens: one card number, however grouped."""
    return value.translate(None, _DROPPED) or value


class Witness:
    """Tells of one session. `digest` gives a keyed id; the key and the values stay out of the leaves."""

    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        self._ids: dict[bytes, str] = {}
        self._leaves = 0

    def __repr__(self) -> str:
        return f"Witness({self._leaves} leaves)"

    def masks(self, stream: Stream, events: Iterable[MaskEvent], lookup: Lookup) -> list[Effect]:
        """A leaf and a marker for the masks of each source and id."""
        groups: Groups = {}
        for event in events:
            known = lookup(event.source)
            name = self._id(known.value if known else event.text)
            groups.setdefault((event.source, name), []).append(event)
        if len(groups) <= MOST_APART and self._leaves < MOST_LEAVES:
            told = [(source, [name], found) for (source, name), found in groups.items()]
        else:
            told = _by_source(groups)
        self._leaves += len(told)
        notes: list[Effect] = []
        for source, ids, found in told:
            known = lookup(source)
            facts = _facts(stream, source, [name for name in ids if name], found)
            notes += [Note("mask", facts if known is None or known.mounted else facts | {"mounted": False})]
            notes.append(Mark(f"masked: {source}"))
        return notes

    def alert(self, alert: Alert) -> list[Effect]:
        """Somebody fishes for a value: a leaf of its own and a marker."""
        facts: dict[str, Fact] = {
            "source": alert.ref,
            "id": self._id(alert.value),
            "why": alert.why,
            "count": alert.count,
            "symbols": alert.symbols,
            "ended": alert.final,
        }
        return [Note("mask.oracle", facts), Mark(f"alert: {alert.ref} is fished for by {alert.why}")]

    def _id(self, value: bytes) -> str:
        if not value:
            return ""
        found = self._ids.get(value)
        if found is None:
            found = self._ids[value] = self._digest(canonical(value))
            if len(self._ids) > MOST_KEPT:
                del self._ids[next(iter(self._ids))]
        return found


def _by_source(groups: Groups) -> list[tuple[str, list[str], list[MaskEvent]]]:
    joined: dict[str, tuple[list[str], list[MaskEvent]]] = {}
    for (source, name), found in groups.items():
        ids, events = joined.setdefault(source, ([], []))
        ids.append(name)
        events += found
    return [(source, ids, events) for source, (ids, events) in joined.items()]


def _facts(stream: Stream, source: str, ids: list[str], found: list[MaskEvent]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "source": source,
        "ids": ids[:MOST_LISTED],
        "count": len(found),
        "bytes": sum(event.length for event in found),
        "stream": stream,
        "offset": min(event.offset for event in found),
        "places": [_place(event) for event in found[:MOST_LISTED]],
    }
    if len(ids) > MOST_LISTED:
        facts["ids_left_out"] = len(ids) - MOST_LISTED
    if len(found) > MOST_LISTED:
        facts["places_left_out"] = len(found) - MOST_LISTED
    return facts


def _place(event: MaskEvent) -> str:
    """`OFFSET+LENGTH` in a stream, `ROW:COLUMN+LENGTH` on a screen; all from 0."""
    if event.row is None:
        return f"{event.offset}+{event.length}"
    return f"{event.row}:{event.column}+{event.length}"
