"""What is sealed opens only whole, under its key and in its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.store.seal import Seal, SealError


def test_a_key_is_made_once_and_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "key"
    first = Seal.load(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Seal.load(path).open(first.close(b"x", "a"), "a") == b"x"


@pytest.mark.parametrize(
    ("content", "mode"), [(b"x" * 31, 0o600), (b"", 0o600), (b"x" * 32, 0o640), (b"x" * 32, 0o604)]
)
def test_a_key_that_is_short_or_readable_by_others_is_refused(tmp_path, content, mode):
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(SealError):
        Seal.load(path)


def test_a_key_that_cannot_be_read_is_a_seal_error(tmp_path):
    with pytest.raises(SealError):
        Seal.load(tmp_path / "missing" / "key")


@given(st.binary(max_size=200), st.text(max_size=20), st.data())
@settings(max_examples=60)
def test_any_changed_byte_place_or_key_is_noticed(clear, about, data):
    seal = Seal(b"k" * 32)
    sealed = seal.close(clear, about)
    assert seal.open(sealed, about) == clear
    assert clear not in sealed or len(clear) < 4
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
    for wrong in (lambda: seal.open(changed, about), lambda: seal.open(sealed, about + "x"),
                  lambda: Seal(b"j" * 32).open(sealed, about), lambda: seal.open(sealed[:5], about)):  # fmt: skip
        with pytest.raises(SealError):
            wrong()


def test_the_same_bytes_are_never_sealed_alike():
    seal = Seal(b"k" * 32)
    assert seal.close(b"x", "a") != seal.close(b"x", "a")


def test_a_keyed_id_is_the_same_for_the_same_value_purpose_and_key_only(tmp_path):
    seal, other = Seal.load(tmp_path / "a.key"), Seal.load(tmp_path / "b.key")
    found = seal.digest("mask", b"value")
    assert found == Seal.load(tmp_path / "a.key").digest("mask", b"value")
    assert len(found) == 32
    assert (
        len({found, seal.digest("mask", b"valu"), seal.digest("x", b"value"), other.digest("mask", b"value")})
        == 4
    )
