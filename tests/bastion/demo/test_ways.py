"""Which way of making a sandbox is taken."""

from __future__ import annotations

from bastion.demo import ways


def test_root_makes_sandboxes_by_unshare_alone_and_others_by_bubblewrap_first(monkeypatch):
    monkeypatch.setattr(ways.shutil, "which", lambda *_, **__: "/usr/bin/bwrap")
    monkeypatch.setattr(ways.os, "geteuid", lambda: 0)
    assert ways.modes() == ("unshare",)
    monkeypatch.setattr(ways.os, "geteuid", lambda: 1000)
    assert ways.modes() == ("bwrap", "unshare")
    assert ways.host_id() is None
    monkeypatch.setattr(ways.shutil, "which", lambda *_, **__: None)
    assert ways.modes() == ("unshare",)
