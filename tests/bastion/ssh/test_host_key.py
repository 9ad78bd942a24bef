"""The host key file."""

import os
import stat

import asyncssh
import pytest

from bastion.ssh.host_key import HostKeyError, load_or_create


def test_it_is_made_once_with_0600_and_then_kept(tmp_path):
    path = tmp_path / "host_key"
    first = load_or_create(path)
    assert first.algorithm == b"ssh-ed25519"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create(path).public_data == first.public_data
    assert [entry.name for entry in tmp_path.iterdir()] == ["host_key"]


def test_it_is_0600_under_any_umask(tmp_path):
    before = os.umask(0)
    try:
        load_or_create(tmp_path / "host_key")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "host_key").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_file_that_others_can_touch_is_refused(tmp_path, mode):
    path = tmp_path / "host_key"
    load_or_create(path)
    path.chmod(mode)
    with pytest.raises(HostKeyError, match="chmod 600"):
        load_or_create(path)


def other_kind(path):
    asyncssh.generate_private_key("ecdsa-sha2-nistp256").write_private_key(path)


def locked(path):
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(path, passphrase="secret")


@pytest.mark.parametrize(
    "make",
    [lambda path: path.write_text("not a key"), lambda path: path.write_text(""), other_kind, locked],
    ids=["garbage", "empty", "ecdsa", "passphrase"],
)
def test_a_file_that_is_no_usable_key_is_refused_and_kept(tmp_path, make):
    path = tmp_path / "host_key"
    make(path)
    path.chmod(0o600)
    before = path.read_bytes()
    with pytest.raises(HostKeyError, match="host_key"):
        load_or_create(path)
    assert path.read_bytes() == before


def test_links_folders_and_fifos_are_refused(tmp_path):
    real = tmp_path / "real"
    load_or_create(real)
    (tmp_path / "link").symlink_to(real)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "fifo", 0o600)
    for name in ("link", "dangling", "folder", "fifo"):
        with pytest.raises(HostKeyError):
            load_or_create(tmp_path / name)
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_is_missing_is_told(tmp_path):
    with pytest.raises(HostKeyError, match="cannot make the host key"):
        load_or_create(tmp_path / "no" / "host_key")
