r"""Merkle trees over leaf hashes: roots, growth and proofs (RFC 6962, RFC 9162).

A tree of n leaves is split at the largest power of two below n (RFC 9162 §2.1.1). `Tree` keeps
only the roots of its perfect subtrees, one for each bit set in n, largest first, so that growth
and the current root need 64 hashes at most whatever the size.

    n = 7 = 4+2+1        root
                        /    \
                     [4]      x          `nodes` = ([4], [2], [1])
                             / \
                          [2]   [1]
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256 of 0x00 and the leaf's bytes (RFC 9162 §2.1.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both children (RFC 9162 §2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """The compact form of a growing tree: its size and the roots of its perfect subtrees."""

    __slots__ = ("nodes", "size")

    def __init__(self, size: int = 0, nodes: Sequence[bytes] = ()) -> None:
        if len(nodes) != size.bit_count() or any(len(node) != HASH_SIZE for node in nodes):
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} perfect subtrees")
        self.size = size
        self.nodes = list(nodes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf, given by its `leaf_hash`."""
        node = leaf
        for _ in range(_trailing_ones(self.size)):
            node = node_hash(self.nodes.pop(), node)
        self.nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root hash; that of no leaves is SHA-256 of nothing."""
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root

    def copy(self) -> Tree:
        """A tree that grows on its own."""
        return Tree(self.size, self.nodes)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree over `leaves` (RFC 9162 §2.1.3.1).

    Raises IndexError when there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index} in a tree of {len(leaves)}")
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root_of(leaves[middle:high]))
            high = middle
        else:
            path.append(root_of(leaves[low:middle]))
            low = middle
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that leaf hash `leaf` is number `index` of `size` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node_index, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node_index & 1 or node_index == last:
            node = node_hash(sibling, node)
            while not node_index & 1 and node_index:
                node_index, last = node_index >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        node_index, last = node_index >> 1, last >> 1
    return last == 0 and node == root


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """The proof that the first `old` of `leaves` are a prefix of all (RFC 9162 §2.1.4.1).

    Empty for `old` 0 and `old` = all. Raises IndexError when `old` is out of range.
    """
    if not 0 <= old <= len(leaves):
        raise IndexError(f"no tree of {old} leaves in a tree of {len(leaves)}")
    if old in {0, len(leaves)}:
        return []
    path: list[bytes] = []
    low, high, whole = 0, len(leaves), True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(root_of(leaves[middle:high]))
            high = middle
        else:
            path.append(root_of(leaves[low:middle]))
            low, whole = middle, False
    if not whole:
        path.append(root_of(leaves[low:high]))
    return path[::-1]


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that `old` leaves are a prefix of `new` leaves (RFC 9162 §2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if old == new:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(path) and _folds(old, new, path) == (old_root, new_root)


def _folds(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The old and the new root that a consistency path leads to; None when its length is wrong."""
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    first = second = path[0]
    for node in path[1:]:
        if last == 0:
            return None
        if index & 1 or index == last:
            first, second = node_hash(node, first), node_hash(node, second)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            second = node_hash(second, node)
        index, last = index >> 1, last >> 1
    return (first, second) if last == 0 else None


def _split(size: int) -> int:
    """The largest power of two below `size` (which is at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def _trailing_ones(number: int) -> int:
    return (number ^ (number + 1)).bit_length() - 1
