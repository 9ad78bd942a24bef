"""Rules of recorder.merkle, with the test vectors of the certificate transparency reference code."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    leaf_hash(bytes.fromhex(data))
    for data in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(root)
    for root in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
INCLUSION_0_OF_8 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
CONSISTENCY_6_TO_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
HASHES = st.lists(st.binary(max_size=3).map(leaf_hash), min_size=1, max_size=70)


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference(size):
    assert root_of(LEAVES[:size]) == ROOTS[size]


def test_proofs_are_those_of_the_reference():
    assert [node.hex() for node in inclusion_proof(LEAVES, 0)] == INCLUSION_0_OF_8
    assert [node.hex() for node in consistency_proof(LEAVES, 6)] == CONSISTENCY_6_TO_8
    assert verify_inclusion(LEAVES[0], 0, 8, list(map(bytes.fromhex, INCLUSION_0_OF_8)), ROOTS[8])
    assert verify_consistency(6, 8, ROOTS[6], ROOTS[8], list(map(bytes.fromhex, CONSISTENCY_6_TO_8)))


def _root_by_definition(leaves):
    """RFC 9162 §2.1.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    from recorder.merkle import node_hash

    return node_hash(_root_by_definition(leaves[:k]), _root_by_definition(leaves[k:]))


@settings(max_examples=60, deadline=None)
@given(HASHES)
def test_growing_gives_the_root_of_the_definition_at_every_size(leaves):
    tree = Tree()
    for size, leaf in enumerate(leaves, 1):
        tree.append(leaf)
        assert tree.size == size
        assert tree.root() == _root_by_definition(leaves[:size])
        assert Tree(size, tree.nodes).root() == tree.root()


@settings(max_examples=40, deadline=None)
@given(HASHES, st.data())
def test_inclusion_proofs_hold_for_their_leaf_place_and_size_only(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, root, size = inclusion_proof(leaves, index), root_of(leaves), len(leaves)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    assert not verify_inclusion(leaf_hash(b"other"), index, size, proof, root)
    assert not verify_inclusion(leaves[index], index, size, [*proof, root], root)
    assert not verify_inclusion(leaves[index], size, size, proof, root)
    assert not verify_inclusion(leaves[index], index, size, proof, leaf_hash(b"other"))
    for cut in range(len(proof)):
        assert not verify_inclusion(leaves[index], index, size, proof[:cut] + proof[cut + 1 :], root)


@settings(max_examples=40, deadline=None)
@given(HASHES, st.data())
def test_every_prefix_is_consistent_and_no_other_tree_is(leaves, data):
    old = data.draw(st.integers(0, len(leaves)))
    proof, new = consistency_proof(leaves, old), len(leaves)
    old_root, root = root_of(leaves[:old]), root_of(leaves)
    assert verify_consistency(old, new, old_root, root, proof)
    assert not verify_consistency(old, new, leaf_hash(b"other"), root, proof)
    assert not verify_consistency(old, new, old_root, root, [*proof, root])
    if old:
        assert not verify_consistency(old, new, old_root, leaf_hash(b"other"), proof)
    for cut in range(len(proof)):
        assert not verify_consistency(old, new, old_root, root, proof[:cut] + proof[cut + 1 :])


def test_proofs_out_of_range_are_errors_or_false():
    with pytest.raises(IndexError):
        inclusion_proof(LEAVES, 8)
    with pytest.raises(IndexError):
        consistency_proof(LEAVES, 9)
    assert not verify_consistency(9, 8, ROOTS[8], ROOTS[8], [])
    assert not verify_consistency(3, 8, ROOTS[3], ROOTS[8], [])


def test_a_tree_needs_one_node_for_each_perfect_subtree():
    with pytest.raises(ValueError, match="2 perfect subtrees"):
        Tree(5, LEAVES[:1])
    with pytest.raises(ValueError, match="1 perfect subtrees"):
        Tree(4, [b"short"])


def test_a_copy_grows_on_its_own():
    tree = Tree()
    tree.append(LEAVES[0])
    copy = tree.copy()
    copy.append(LEAVES[1])
    assert (tree.root(), copy.root()) == (ROOTS[1], ROOTS[2])
