"""Encryption at rest for what the store must keep: AES-256-GCM under a key file."""

from __future__ import annotations

import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_KEY = 32


class SealError(Exception):
    """The key file is unusable or the sealed bytes are not ours."""


class Seal:
    """Seals bytes for one purpose; `about` (associated data) binds them to their row."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._root = hmac.digest(key, b"bastion keyed ids", "sha256")

    @classmethod
    def load(cls, path: Path) -> Seal:
        """Read the key, or make one with 0600; raises SealError when others may read it."""
        try:
            if not path.exists():
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(os.urandom(_KEY))
                    os.fsync(file.fileno())
            if path.stat().st_mode & 0o077:
                raise SealError(f"{path} may be read by others: chmod 600 {path}")
            key = path.read_bytes()
        except OSError as error:
            raise SealError(f"{path}: {error.strerror}") from error
        if len(key) != _KEY:
            raise SealError(f"{path} does not hold {_KEY} bytes")
        return cls(key)

    def digest(self, about: str, clear: bytes) -> str:
        """A keyed id of `clear` for one purpose: 128 bits of HMAC-SHA256 (RFC 2104) as 32 hex digits.

        Equal values have equal ids; without the key file an id tells nothing about its value.
        """
        key = hmac.digest(self._root, about.encode(), "sha256")
        return hmac.digest(key, clear, "sha256")[:16].hex()

    def close(self, clear: bytes, about: str) -> bytes:
        """Nonce (12 bytes) and ciphertext."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, clear, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """The clear bytes; raises SealError when they were altered or belong to another row."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise SealError("a sealed row was altered or moved") from error
