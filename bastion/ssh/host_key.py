"""The SSH host key: made on first start, kept in one file that only its owner can read."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import asyncssh

MODE = 0o600


class HostKeyError(Exception):
    """The host key cannot be used; the text says why and what to do."""


def load_or_create(path: Path) -> asyncssh.SSHKey:
    """Return the Ed25519 host key at `path`, made there first when there is none.

    The new file appears whole and with mode 0600, or not at all; of two starters one wins and
    both use its key. Raises HostKeyError for a file that others can read, that is not ours, not
    a regular file or not an Ed25519 private key without a passphrase.
    """
    if not path.exists() and not path.is_symlink():
        _create(path)
    return _load(path)


def _create(path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519", comment="bastion")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise HostKeyError(f"cannot make the host key {path}: {error.strerror}") from error
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), MODE)
            file.write(key.export_private_key("openssh"))
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        return
    except OSError as error:
        raise HostKeyError(f"cannot make the host key {path}: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def _load(path: Path) -> asyncssh.SSHKey:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise HostKeyError(f"cannot read the host key {path}: {error.strerror}") from error
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise HostKeyError(f"the host key {path} is not a regular file")
    with os.fdopen(handle, "rb") as file:
        if status.st_uid != os.geteuid():
            raise HostKeyError(f"the host key {path} belongs to another user; make it yours")
        if status.st_mode & 0o077:
            raise HostKeyError(f"the host key {path} is open to others; run: chmod 600 {path}")
        text = file.read(64 * 1024)
    try:
        key = asyncssh.import_private_key(text)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise HostKeyError(f"the host key {path} cannot be read: {error}") from error
    if key.algorithm != b"ssh-ed25519":
        raise HostKeyError(f"the host key {path} is not an Ed25519 key")
    return key
