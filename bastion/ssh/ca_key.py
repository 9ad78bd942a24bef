"""The certificate authority's private key: made once, whole or not at all, readable by its owner only."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_MAX_FILE = 64 * 1024


def load_or_create(path: Path) -> Ed25519PrivateKey:
    """The key of `path` (OpenSSH private key form, unencrypted); a missing file is made, mode 0600.

    Raises PermissionError when others may read the file or own it, ValueError when it holds no
    Ed25519 key, and other OSErrors (a symbolic link, a missing folder).
    """
    if not os.path.lexists(path):
        with suppress(FileExistsError):  # another process was first: use its key
            _create(path, Ed25519PrivateKey.generate())
    return _load(path)


def raw_public_key(line: bytes) -> bytes:
    """The 32 bytes of an Ed25519 public key line (OpenSSH form); ValueError for any other."""
    key = serialization.load_ssh_public_identity(line)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("a CA key must be an Ed25519 public key")  # noqa: TRY004 - the text is wrong
    return key.public_bytes_raw()


def _create(path: Path, key: Ed25519PrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(partial, path)  # unlike a rename, a link never replaces a key that is in use
    finally:
        partial.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _load(path: Path) -> Ed25519PrivateKey:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # a FIFO must not hang the start
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_mode & 0o077 or state.st_uid not in {0, os.geteuid()}:
            raise PermissionError(f"{path} must be a file that only its owner can read: chmod 600")
        pem = os.read(descriptor, _MAX_FILE)
    finally:
        os.close(descriptor)
    key = serialization.load_ssh_private_key(pem, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} must hold an Ed25519 private key")  # noqa: TRY004 - the file is wrong
    return key
