"""bubblewrap gets the same walls as unshare(2)."""

from __future__ import annotations

from bastion.demo import cage

SPEC = {
    "rootfs": "/pods/a",
    "mounts": [("/usr/bin", "/usr/bin", False), ("/pods/v", "/shared", True)],
    "hostname": "web-0",
    "argv": ["/bin/sh", "/app/server"],
    "env": {},
}


def test_bubblewrap_unshares_everything_drops_capabilities_and_binds_read_only():
    argv = cage.bwrap_argv(SPEC, 9)
    text = " ".join(argv)
    assert "--unshare-all --unshare-user" in text
    assert "--ro-bind /usr/bin /usr/bin" in text
    assert "--bind /pods/v /shared" in text
    assert "--cap-drop ALL" in text
    assert "CAP_SYS_ADMIN" not in text
    assert "--proc /proc --remount-ro /proc" in text
    assert "--share-net" not in argv
    assert argv[argv.index("--") + 1 :] == SPEC["argv"]
    assert text.index("--bind /pods/a /") < text.index("--ro-bind")
