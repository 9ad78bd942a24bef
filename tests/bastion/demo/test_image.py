"""A container's root file system and its volumes."""

from __future__ import annotations

import os
from pathlib import Path

from bastion.demo import image


def test_the_root_holds_the_images_files_and_only_links_to_the_host(tmp_path):
    root = tmp_path / "r"
    mounts = image.build(
        root, image.Image({"app/run": "#!/bin/sh\n", "data/x": "1"}), "web-0", ["/etc/secrets"], None
    )
    assert (root / "data/x").read_text() == "1"
    assert os.access(root / "app/run", os.X_OK)
    assert (root / "etc/hostname").read_text() == "web-0\n"
    assert (root / "etc/secrets").is_dir()
    assert (root / "etc/passwd").read_text() != Path("/etc/passwd").read_text()
    assert ("/usr/bin", "/usr/bin", False) in mounts
    assert not any(writable for _, _, writable in mounts)
    assert not any(place == "/" or source in {"/", "/etc", "/home", "/root"} for source, place, _ in mounts)


def test_a_distroless_image_has_no_shell(tmp_path):
    mounts = image.build(tmp_path / "r", image.Image({}, shell=False), "p", [], None)
    places = [place for _, place, _ in mounts]
    assert "/usr/bin" not in places
    assert "/usr/sbin" not in places
    assert "/usr/bin/sleep" in places


def test_a_volume_is_replaced_in_one_rename_and_old_values_go(tmp_path):
    folder = tmp_path / "v"
    image.write_volume(folder, {"a": b"1", "b": b"2"}, None, "one")
    opened = (folder / "a").read_bytes()
    image.write_volume(folder, {"a": b"3", "c": b"4"}, None, "two")
    assert (opened, (folder / "a").read_bytes(), (folder / "c").read_bytes()) == (b"1", b"3", b"4")
    assert sorted(entry.name for entry in folder.iterdir()) == ["..data", "..two", "a", "c"]
    assert str((folder / "a").readlink()) == "..data/a"


def test_removing_takes_closed_folders_and_never_follows_links(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "canary").write_text("alive")
    root = tmp_path / "r"
    (root / "closed/deep").mkdir(parents=True)
    (root / "closed/deep/file").write_text("x")
    (root / "link").symlink_to(outside)
    (root / "closed").chmod(0o000)
    image.remove(root)
    assert not root.exists()
    assert (outside / "canary").read_text() == "alive"
    image.remove(root)
