"""Checkpoints: signed tree heads as signed notes, their keys and verifier keys (C2SP).

    bastion/prod/node-1/2026                 origin: which log this is
    4711                                     how many leaves
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=   their Merkle root
                                             (an empty line)
    — bastion/prod/node-1/2026 Az3grlgtz…    key name, key id and signature

Formats: c2sp.org/signed-note, c2sp.org/tlog-checkpoint. The key's name is the origin. Lines of
other keys (witnesses) may stand beside ours and are left alone, as the format demands.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from recorder.merkle import HASH_SIZE

ED25519 = b"\x01"
MAX_NOTE = 64 * 1024
MAX_SIGNATURES = 16
_KEY_ID_SIZE = 4
_NAME = re.compile(r"[!-*,-~]{1,255}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_SIGNATURE = re.compile(r"— ([^ +]+) ([A-Za-z0-9+/=]+)")


class CheckpointError(ValueError):
    """A note, checkpoint or key is malformed, or its signature is not valid."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: the log's `origin`, its number of leaves and their root hash (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed (c2sp.org/tlog-checkpoint): three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A named Ed25519 public key (32 bytes), which checks notes."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read `name+hash+base64(type, key)`; CheckpointError when malformed or the hash is wrong."""
        parts = vkey.strip().split("+", 2)
        if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
            raise CheckpointError("a verifier key reads NAME+HASH+KEY")
        packed = _unbase64(parts[2], "the verifier key")
        if len(packed) != 33 or packed[:1] != ED25519:
            raise CheckpointError("the verifier key is not an Ed25519 key")
        verifier = cls(parts[0], packed[1:])
        if verifier.vkey != vkey.strip():
            raise CheckpointError("the verifier key's hash does not fit its name and key")
        return verifier

    @property
    def key_id(self) -> bytes:
        """Four bytes that name the key in a signature line (c2sp.org/signed-note)."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:_KEY_ID_SIZE]

    @property
    def vkey(self) -> str:
        """The text form to hand to whoever verifies."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    def accepts(self, text: bytes, signature: bytes) -> bool:
        """Whether `signature` (64 bytes) is this key's over `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """An Ed25519 private key that signs checkpoints. Its repr shows nothing of it."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    def __repr__(self) -> str:
        return "SigningKey(…)"

    @classmethod
    def generate(cls) -> SigningKey:
        """A fresh key, in memory only."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load_or_create(cls, path: Path) -> SigningKey:
        """The key in `path` (PKCS#8 PEM), made there with mode 0600 when missing.

        Raises CheckpointError when others could read the file, or it holds no Ed25519 key;
        OSError when it cannot be read or written.
        """
        try:
            return cls._load(path)
        except FileNotFoundError:
            _create(path)
            return cls._load(path)

    @classmethod
    def _load(cls, path: Path) -> SigningKey:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_IMODE(mode) & 0o077 or not stat.S_ISREG(mode):
                raise CheckpointError(f"{path}: others may read this key; make it 0600 and replace the key")
            pem = file.read(4096)
        try:
            private = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):
            raise CheckpointError(f"{path}: no private key in PEM form") from None
        if not isinstance(private, Ed25519PrivateKey):
            raise CheckpointError(f"{path}: not an Ed25519 key")
        return cls(private)

    def verifier(self, name: str) -> Verifier:
        """The public half under this key name (the origin). CheckpointError for an unfit name."""
        if not _NAME.fullmatch(name):
            raise CheckpointError(f"{name!r}: an origin is 1..255 ASCII characters, no spaces, no plus")
        return Verifier(name, self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, checkpoint: Checkpoint) -> bytes:
        """The signed note of a checkpoint, in UTF-8."""
        text = checkpoint.text()
        packed = self.verifier(checkpoint.origin).key_id + self._private.sign(text.encode())
        return f"{text}\n— {checkpoint.origin} {base64.b64encode(packed).decode()}\n".encode()


def open_note(note: bytes, verifier: Verifier) -> Checkpoint:
    """The checkpoint in `note`, signed by `verifier`; else CheckpointError says what is wrong.

    Signatures of other keys are ignored; one of this key that does not verify spoils the note.
    """
    text, signatures = _divide(note)
    ours = [
        packed[_KEY_ID_SIZE:]
        for name, packed in signatures
        if name == verifier.name and packed[:_KEY_ID_SIZE] == verifier.key_id
    ]
    if not ours:
        raise CheckpointError("the checkpoint is not signed by this ledger's key")
    if not all(verifier.accepts(text.encode(), signature) for signature in ours):
        raise CheckpointError("the checkpoint's signature is not valid")
    checkpoint = _parse(text)
    if checkpoint.origin != verifier.name:
        raise CheckpointError(f"the checkpoint is of another log, {checkpoint.origin!r}")
    return checkpoint


def _divide(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """Text (with its last newline) and signature lines as (key name, key id and signature)."""
    if len(note) > MAX_NOTE:
        raise CheckpointError(f"the note is longer than {MAX_NOTE} bytes")
    try:
        content = note.decode()
    except UnicodeDecodeError:
        raise CheckpointError("the note is not UTF-8") from None
    head, blank, tail = content.rpartition("\n\n")
    lines = tail.split("\n")
    if not blank or not head or lines.pop() or not 1 <= len(lines) <= MAX_SIGNATURES:
        raise CheckpointError("not a signed note: text, an empty line, then signature lines")
    signatures = []
    for line in lines:
        match = _SIGNATURE.fullmatch(line)
        if match is None:
            raise CheckpointError("a signature line reads `— NAME SIGNATURE`")
        signatures.append((match[1], _unbase64(match[2], "a signature")))
    return head + "\n", signatures


def _parse(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4 or not _NAME.fullmatch(lines[0]) or not _SIZE.fullmatch(lines[1]):
        raise CheckpointError("a checkpoint has three lines: origin, size and root")
    root = _unbase64(lines[2], "the root")
    if len(root) != HASH_SIZE:
        raise CheckpointError("the root is not a SHA-256 hash")
    return Checkpoint(lines[0], int(lines[1]), root)


def _unbase64(text: str, what: str) -> bytes:
    """Strict base64: a spelling with stray bits in its last character is refused too."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or base64.b64encode(data).decode() != text:
        raise CheckpointError(f"{what} is not base64")
    return data


def _create(path: Path) -> None:
    """Write a new key beside `path` and link it in, so that two starters agree on one key."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
