"""Opening a ledger again: find its end, cut a torn tail, refuse one that was changed.

What the newest checkpoint covers was durable before it was signed, so nothing of it may be
missing or differ. Above it, a tail that a crash explains is cut and reported. Nothing else is
ever mended: the ledger then stays closed, and `python -m recorder verify` says what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from recorder import history
from recorder.canonical import CanonicalError, decode_exact, encode
from recorder.checkpoint import CheckpointError, Verifier
from recorder.disk import Disk
from recorder.framing import MAX_LINE, Bad, Record, last_records, records
from recorder.history import Signed
from recorder.layout import Layout
from recorder.leaf import Leaf, LeafError, read
from recorder.merkle import Tree

MAX_KEPT = 1024 * 1024


class DamagedError(Exception):
    """The ledger was altered or is incomplete, in a way that no crash explains."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A torn tail: where it stood, how long it was, its digest; `kept` is the copy's name."""

    seq: int
    file: str
    offset: int
    size: int
    sha256: str
    kept: str


@dataclass(slots=True)
class Found:
    """Where a ledger ends: its tree, last ledger time, last segment and its length, last leaf."""

    tree: Tree
    t: int
    segment: int
    offset: int
    last: Leaf | None
    signed: Signed | None
    cut: Cut | None = None


def recover(layout: Layout, verifier: Verifier, disk: Disk) -> Found:
    """Find the end of the leaves, having cut torn tails of leaves and history.

    The caller holds the writer's lock. Raises DamagedError, or OSError.
    """
    signed = _signed(layout, verifier, disk)
    if signed is None:
        return _genesis(layout)
    start = _from_hint(layout, signed)
    if start is not None:
        try:
            return _finish(layout, start, signed, disk)
        except DamagedError:
            # The hint is no evidence: only a reading of all leaves may call the ledger damaged.
            pass
    return _finish(layout, Found(Tree(), 0, 0, 0, None, signed), signed, disk)


def _finish(layout: Layout, found: Found, signed: Signed, disk: Disk) -> Found:
    bad = _walk(layout, found)
    where = f"{layout.segment(found.segment).name} at byte {bad.offset}: {bad.why}" if bad else ""
    if found.tree.size < signed.checkpoint.size:
        raise DamagedError(
            f"{found.tree.size} leaves are readable, but {signed.checkpoint.size} were signed; {where}"
        )
    if bad is not None and not bad.torn:
        raise DamagedError(where)
    found.cut = _cut(layout, found, disk) if bad else _unreported(layout, found)
    return found


def hint(tree: Tree, segment: int, offset: int) -> bytes:
    """The content of the file `frontier`: lets the next start begin at this place."""
    nodes = [node.hex() for node in tree.nodes]
    return encode({"nodes": nodes, "offset": offset, "segment": segment, "size": tree.size})


def _signed(layout: Layout, verifier: Verifier, disk: Disk) -> Signed | None:
    """The newest checkpoint; None when the ledger never had one."""
    try:
        newest, bad = history.newest(layout, verifier)
    except CheckpointError as error:
        raise DamagedError(f"{layout.history.name}: {error}") from None
    if bad is not None and not bad.torn:
        raise DamagedError(f"{layout.history.name} at byte {bad.offset}: {bad.why}")
    current = layout.checkpoint.read_bytes() if layout.checkpoint.exists() else None
    if current is None and (len(newest) > 1 or (newest and newest[0].n > 0)):
        raise DamagedError("the file `checkpoint` is missing")
    if current is not None and current not in [item.note for item in newest]:
        raise DamagedError("the file `checkpoint` is not among the newest of its history")
    if bad is not None:
        disk.cut(layout.history, bad.offset)
    if newest and current != newest[-1].note:
        # A second death between these two writes must not leave `checkpoint` two behind.
        disk.sync_path(layout.history)
        disk.put(layout.checkpoint, newest[-1].note)
    return newest[-1] if newest else None


def _genesis(layout: Layout) -> Found:
    """A ledger without any checkpoint: nothing of it was ever acknowledged, so it begins anew."""
    segments = layout.segments()
    leaves = [item for _, path in segments for item in last_records(path, 2)]
    if sum(isinstance(item, Record) for item in leaves) > 1:
        raise DamagedError("there are leaves, but every checkpoint is missing")
    for _, path in segments:
        path.unlink()
    return Found(Tree(), 0, 0, 0, None, None)


def _from_hint(layout: Layout, signed: Signed) -> Found | None:
    """The state that the hint claims, where the leaf before it bears it out.

    The signed root judges it, here or when the walk comes to the signed size.
    """
    try:
        body = decode_exact(layout.frontier.read_bytes())
        if not isinstance(body, dict):
            return None
        tree = Tree(int(body["size"]), [bytes.fromhex(node) for node in body["nodes"]])
        segment, offset = int(body["segment"]), int(body["offset"])
        last = _leaf_before(layout.segment(segment), offset)
    except (OSError, CanonicalError, KeyError, TypeError, ValueError):
        return None
    if tree.size > signed.checkpoint.size or last is None or last.seq != tree.size - 1:
        return None
    if tree.size == signed.checkpoint.size and tree.root() != signed.checkpoint.root:
        return None
    return Found(tree, last.t, segment, offset, last, signed)


def _leaf_before(path: Path, offset: int) -> Leaf | None:
    """The leaf whose line ends at byte `offset`."""
    start = max(0, offset - 2 * MAX_LINE)
    with path.open("rb") as file:
        file.seek(start)
        window = file.read(offset - start)
    begin = window.rfind(b"\n", 0, len(window) - 1) + 1
    for item in records(path, start + begin, offset):
        return read(item.data) if isinstance(item, Record) and item.end == offset else None
    return None


def _walk(layout: Layout, found: Found) -> Bad | None:
    """Take in all leaves from where `found` stands; returns what ends them, if it is no leaf."""
    segments = [item for item in layout.segments() if item[0] >= found.segment]
    for index, (first, path) in enumerate(segments):
        start = found.offset if first == found.segment else 0
        if start == 0 and first != found.tree.size:
            raise DamagedError(f"{path.name} should begin with leaf {found.tree.size}")
        found.segment, found.offset = first, start
        for item in records(path, start):
            if isinstance(item, Bad):
                return item if index == len(segments) - 1 else Bad(item.offset, torn=False, why=item.why)
            _take(found, item, path)
    return None


def _take(found: Found, item: Record, path: Path) -> None:
    try:
        leaf = read(item.data)
    except LeafError as error:
        raise DamagedError(f"{path.name} at byte {item.offset}: {error}") from None
    if leaf.seq != found.tree.size or leaf.t < found.t:
        raise DamagedError(f"{path.name} at byte {item.offset}: leaf {found.tree.size} does not stand here")
    found.tree.append(item.hash)
    found.t, found.offset, found.last = leaf.t, item.end, leaf
    signed = found.signed
    if signed and found.tree.size == signed.checkpoint.size and found.tree.root() != signed.checkpoint.root:
        raise DamagedError(f"the first {found.tree.size} leaves are not those that were signed")


def _cut(layout: Layout, found: Found, disk: Disk) -> Cut:
    """Copy the torn tail aside (its first MiB), durably, and then cut it."""
    path = layout.segment(found.segment)
    digest, size, kept = sha256(), 0, b""
    with path.open("rb") as file:
        file.seek(found.offset)
        while block := file.read(MAX_KEPT):
            digest.update(block)
            size += len(block)
            kept = kept or block
    name = f"{found.tree.size:012d}-{found.offset}-{size}-{digest.hexdigest()}"
    layout.torn.mkdir(mode=0o700, exist_ok=True)
    disk.put(layout.torn / name, kept)
    disk.cut(path, found.offset)
    return Cut(found.tree.size, path.name, found.offset, size, digest.hexdigest(), f"torn/{name}")


def _unreported(layout: Layout, found: Found) -> Cut | None:
    """A tail that was cut by a start which died before it could report it."""
    names = sorted(path.name for path in layout.torn.iterdir()) if layout.torn.is_dir() else []
    for name in names:
        parts = name.split("-")
        if len(parts) == 4 and parts[0] == f"{found.tree.size:012d}":
            file = layout.segment(found.segment).name
            return Cut(found.tree.size, file, int(parts[1]), int(parts[2]), parts[3], f"torn/{name}")
    return None
