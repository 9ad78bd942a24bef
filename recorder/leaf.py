"""The envelope of a leaf: what the ledger adds to an event, its limits, how it reads back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from recorder.canonical import JSON, CanonicalError, decode_exact, encode
from recorder.framing import MAX_RECORD

VERSION = 1
HEAD = 256
OWN = ("v", "seq", "t", "wall", "mono", "boot")
_TYPE = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+){0,7}")
_MAX_TYPE = 64


class LeafError(ValueError):
    """An event cannot become a leaf, or bytes are no leaf."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the ledger says of a leaf: number, ledger time, both clocks (microseconds), boot."""

    seq: int
    t: int
    wall: int
    mono: int
    boot: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf read back: its number, ledger time in Unix microseconds, type, and all members."""

    seq: int
    t: int
    type: str
    body: Mapping[str, Any]

    @property
    def session(self) -> str:
        """The session it belongs to, or empty."""
        session = self.body.get("session")
        return session if isinstance(session, str) else ""


def build(event: Mapping[str, JSON], stamp: Stamp) -> bytes:
    """The canonical bytes of a leaf, at most 16 KiB; large members are replaced by their digest.

    Raises LeafError, naming the member, when the event has no fit `type`, claims a member of the
    ledger's own, or holds a value without a canonical form.
    """
    kind = event.get("type")
    if not isinstance(kind, str) or len(kind) > _MAX_TYPE or not _TYPE.fullmatch(kind):
        raise LeafError(f"{ascii(kind)[:80]} is not an event type")
    taken = [name for name in OWN if name in event]
    if taken:
        raise LeafError(f"{kind}: the member {taken[0]!r} is the ledger's own")
    body: dict[str, JSON] = dict(event)
    body |= {
        "v": VERSION,
        "seq": stamp.seq,
        "t": stamp.t,
        "wall": stamp.wall,
        "mono": stamp.mono,
        "boot": stamp.boot,
    }
    try:
        data = encode(body)
        return data if len(data) <= MAX_RECORD else _shrink(body, len(data))
    except CanonicalError as error:
        raise LeafError(f"{kind}: {error}") from None


def read(data: bytes) -> Leaf:
    """Read a leaf's bytes strictly; LeafError says what is wrong with them."""
    try:
        body = decode_exact(data)
    except CanonicalError as error:
        raise LeafError(str(error)) from None
    if not isinstance(body, dict):
        raise LeafError("a leaf is an object")
    if body.get("v") != VERSION:
        raise LeafError(f"version {ascii(body.get('v'))[:20]} is not known here")
    seq, t, kind = body.get("seq"), body.get("t"), body.get("type")
    if type(seq) is not int or type(t) is not int or not isinstance(kind, str) or seq < 0:
        raise LeafError("a leaf has an integer seq, an integer t and a type")
    return Leaf(seq, t, kind, body)


def digest_of(value: JSON) -> dict[str, JSON]:
    """What stands for a member that is too large.

    `{"bytes", "head", "sha256"}` for a string (length and digest of its UTF-8, and its first 256
    characters); `{"bytes", "of": "json", "sha256"}` of the canonical bytes for anything else.
    """
    if isinstance(value, str):
        raw = value.encode()
        return {"bytes": len(raw), "head": value[:HEAD], "sha256": sha256(raw).hexdigest()}
    raw = encode(value)
    return {"bytes": len(raw), "of": "json", "sha256": sha256(raw).hexdigest()}


def _shrink(body: dict[str, JSON], total: int) -> bytes:
    """Replace members by their digests, the largest first (then by name), until the leaf fits."""
    sizes = {name: len(encode(value)) for name, value in body.items() if name not in {*OWN, "type"}}
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        digest = digest_of(body[name])
        saved = sizes[name] - len(encode(digest))
        if saved <= 0:
            break
        body[name], total = digest, total - saved
        if total <= MAX_RECORD:
            return encode(body)
    raise CanonicalError(f"larger than {MAX_RECORD} bytes even with its large members replaced by digests")
