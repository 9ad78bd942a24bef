"""Which ways of making a sandbox this account has, and which host ids its pods get."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

HOST_ID = 1_879_048_192
"""First of the 65,536 host ids that pods get when root runs the demo: far from any account's."""
IDS = 65_536
TOOLS = os.defpath + ":/usr/local/bin"


def host_id() -> int | None:
    """The first host id for pods, where this process may map ids that are not its own."""
    if os.geteuid() != 0:
        return None
    for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines():
        first, _, count = (int(word) for word in line.split())
        if first <= HOST_ID and first + count >= HOST_ID + IDS:
            return HOST_ID
    return None


def modes() -> tuple[str, ...]:
    """Ways to make a sandbox, the better one first.

    Root: `unshare` alone, which maps the pod's root to an id that owns nothing. bubblewrap maps it
    to the host's root, who may change the device nodes that it shares. Anyone else: bubblewrap
    first, the well-kept tool, and the one that AppArmor lets make user namespaces.
    """
    if os.geteuid() == 0:
        return ("unshare",)
    bubblewrap = ("bwrap",) if shutil.which("bwrap", path=TOOLS) else ()
    return (*bubblewrap, "unshare")
