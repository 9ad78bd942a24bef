"""Rules of the CA's key file."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bastion.ssh import ca_key


def raw(key):
    return key.private_bytes_raw()


def test_a_missing_key_is_made_for_its_owner_only_and_read_again(tmp_path):
    path = tmp_path / "ca"
    old = os.umask(0)
    try:
        made = ca_key.load_or_create(path)
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert raw(ca_key.load_or_create(path)) == raw(made)
    assert [each.name for each in tmp_path.iterdir()] == ["ca"]


def test_many_starts_at_once_agree_on_one_key(tmp_path):
    path = tmp_path / "ca"
    with ThreadPoolExecutor(8) as pool:
        keys = {raw(key) for key in pool.map(ca_key.load_or_create, [path] * 32)}
    assert len(keys) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["ca"]


def test_a_key_that_appeared_meanwhile_is_never_replaced(tmp_path):
    path = tmp_path / "ca"
    first = ca_key.load_or_create(path)
    with pytest.raises(FileExistsError):
        ca_key._create(path, Ed25519PrivateKey.generate())
    assert raw(ca_key.load_or_create(path)) == raw(first)
    assert [each.name for each in tmp_path.iterdir()] == ["ca"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_that_others_can_touch_is_refused(tmp_path, mode):
    path = tmp_path / "ca"
    ca_key.load_or_create(path)
    path.chmod(mode)
    with pytest.raises(PermissionError, match="only its owner"):
        ca_key.load_or_create(path)


def test_a_link_a_folder_or_a_pipe_is_no_key(tmp_path):
    path = tmp_path / "ca"
    ca_key.load_or_create(path)
    (tmp_path / "link").symlink_to(path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "fifo", 0o600)
    for name in ("link", "dangling", "folder", "fifo"):
        with pytest.raises(OSError, match=name):
            ca_key.load_or_create(tmp_path / name)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_only_an_ed25519_key_is_taken(tmp_path, kind):
    path = tmp_path / "ca"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path], check=True)
    with pytest.raises(ValueError, match="Ed25519"):
        ca_key.load_or_create(path)
    with pytest.raises(ValueError, match="Ed25519"):
        ca_key.raw_public_key(path.with_suffix(".pub").read_bytes())


def test_text_that_is_no_key_is_refused_and_kept(tmp_path):
    path = tmp_path / "ca"
    path.write_text("hello")
    path.chmod(0o600)
    with pytest.raises(ValueError, match=r"\w"):
        ca_key.load_or_create(path)
    assert path.read_text() == "hello"


def test_the_raw_public_key_is_the_keys_own():
    public = Ed25519PrivateKey.generate().public_key()
    line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert ca_key.raw_public_key(line) == public.public_bytes_raw()
