"""Rules of recorder.checkpoint."""

import base64
import stat

import pytest

from recorder.checkpoint import Checkpoint, CheckpointError, SigningKey, Verifier, open_note
from recorder.merkle import EMPTY_ROOT, leaf_hash

ORIGIN = "bastion/prod/node-1/2026"
HEAD = Checkpoint(ORIGIN, 3, leaf_hash(b"x"))
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
QUOTE = (
    b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
QUOTE_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)


def test_the_signed_note_of_the_go_reference_verifies():
    verifier = Verifier.parse(PETER)
    packed = base64.b64decode(QUOTE_SIGNATURE)
    assert packed[:4] == verifier.key_id
    assert verifier.accepts(QUOTE, packed[4:])
    assert not verifier.accepts(QUOTE + b"x", packed[4:])


def test_a_checkpoint_is_a_signed_note_of_three_lines():
    key = SigningKey.generate()
    note = key.sign(HEAD).decode()
    root = base64.b64encode(HEAD.root).decode()
    assert note.startswith(f"{ORIGIN}\n3\n{root}\n\n— {ORIGIN} ")
    assert note.endswith("\n")
    assert open_note(note.encode(), key.verifier(ORIGIN)) == HEAD


def test_a_verifier_key_round_trips_and_its_hash_is_checked():
    verifier = SigningKey.generate().verifier(ORIGIN)
    assert Verifier.parse(verifier.vkey + "\n") == verifier
    name, digest, key = verifier.vkey.split("+", 2)
    other = f"{int(digest, 16) ^ 1:08x}"
    for bad in (
        f"{name}+{other}+{key}",
        f"{name}+{digest}",
        f"{name}x+{digest}+{key}",
        f"{name}+{digest}+AAAA",
        "",
    ):
        with pytest.raises(CheckpointError):
            Verifier.parse(bad)


def test_no_byte_of_a_note_can_be_changed():
    key = SigningKey.generate()
    note = key.sign(HEAD)
    for index in range(len(note)):
        for mask in (0x01, 0x20, 0x80):
            changed = note[:index] + bytes([note[index] ^ mask]) + note[index + 1 :]
            with pytest.raises(CheckpointError):
                open_note(changed, key.verifier(ORIGIN))


def test_no_cut_of_a_note_is_a_note():
    key = SigningKey.generate()
    note = key.sign(HEAD)
    for size in range(len(note)):
        with pytest.raises(CheckpointError):
            open_note(note[:size], key.verifier(ORIGIN))


def test_another_key_of_the_same_name_does_not_sign_for_this_log():
    note = SigningKey.generate().sign(HEAD)
    with pytest.raises(CheckpointError, match="not signed by this"):
        open_note(note, SigningKey.generate().verifier(ORIGIN))


def test_a_checkpoint_of_another_log_by_the_same_key_is_refused():
    key = SigningKey.generate()
    note = key.sign(Checkpoint("bastion/prod/node-2/2026", 3, HEAD.root))
    with pytest.raises(CheckpointError):
        open_note(note, key.verifier(ORIGIN))


def test_a_note_signed_under_our_name_that_speaks_of_another_log_is_refused():
    key = SigningKey.generate()
    text = Checkpoint("bastion/prod/node-2/2026", 3, HEAD.root).text()
    packed = key.verifier(ORIGIN).key_id + key._private.sign(text.encode())
    note = f"{text}\n— {ORIGIN} {base64.b64encode(packed).decode()}\n"
    with pytest.raises(CheckpointError, match="another log"):
        open_note(note.encode(), key.verifier(ORIGIN))


def test_signatures_of_witnesses_are_left_alone():
    key, witness = SigningKey.generate(), SigningKey.generate()
    theirs = witness.sign(HEAD).decode().rsplit("\n\n", 1)[1].replace(ORIGIN, "witness.example/w1")
    both = key.sign(HEAD) + theirs.encode()
    assert open_note(both, key.verifier(ORIGIN)) == HEAD
    assert (
        open_note(
            key.sign(HEAD).rsplit(b"\n\n", 1)[0] + b"\n\n" + theirs.encode() + both.rsplit(b"\n\n", 1)[1],
            key.verifier(ORIGIN),
        )
        == HEAD
    )


def test_a_spelling_of_base64_with_stray_bits_is_refused():
    key = SigningKey.generate()
    note = key.sign(HEAD).decode()
    line = note.split("\n")[2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    stray = line[:-2] + alphabet[alphabet.index(line[-2]) ^ 1] + "="
    assert base64.b64decode(stray) == base64.b64decode(line)
    with pytest.raises(CheckpointError):
        open_note(note.replace(line, stray).encode(), key.verifier(ORIGIN))


def test_a_huge_note_is_refused():
    key = SigningKey.generate()
    with pytest.raises(CheckpointError, match="longer"):
        open_note(b"x" * 70_000, key.verifier(ORIGIN))


@pytest.mark.parametrize("name", ["", "with space", "with+plus", "zeilen\n", "ü", "x" * 256])
def test_an_origin_that_cannot_stand_in_a_note_is_refused(name):
    with pytest.raises(CheckpointError):
        SigningKey.generate().verifier(name)


def test_a_key_is_made_once_for_its_owner_only(tmp_path):
    path = tmp_path / "keys" / "ledger.key"
    first = SigningKey.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SigningKey.load_or_create(path).verifier("x").vkey == first.verifier("x").vkey
    assert [item.name for item in path.parent.iterdir()] == ["ledger.key"]


def test_a_key_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "ledger.key"
    SigningKey.load_or_create(path)
    path.chmod(0o640)
    with pytest.raises(CheckpointError, match="others may read"):
        SigningKey.load_or_create(path)


def test_a_file_that_is_no_ed25519_key_is_refused(tmp_path):
    path = tmp_path / "ledger.key"
    path.touch(0o600)
    with pytest.raises(CheckpointError):
        SigningKey.load_or_create(path)


def test_a_signing_key_shows_nothing_of_itself():
    assert repr(SigningKey.generate()) == "SigningKey(…)"


def test_the_empty_tree_has_a_checkpoint_too():
    key = SigningKey.generate()
    empty = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert open_note(key.sign(empty), key.verifier(ORIGIN)) == empty
