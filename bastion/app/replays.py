"""Finding a recording by the start of its session id, and handing it to the player."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from bastion.app.config import ConfigError

_ID = re.compile(r"[0-9a-f]{1,32}")


def find(session: str, state: Path) -> Path:
    """The one recording that `session` names; raises ConfigError for none or several."""
    if Path(session).suffix == ".cast":
        return Path(session)
    if not _ID.fullmatch(session):
        raise ConfigError(f"{session!r} is no session id: hex digits, or the path of a .cast file")
    folder = state / "recordings" if (state / "recordings").is_dir() else state
    found = sorted(folder.glob(f"*/*/*/{session}*.cast"))
    if not found:
        raise ConfigError(f"no recording of a session {session}… in {folder}; see bastion sessions --state")
    if len(found) > 1:
        names = ", ".join(path.stem for path in found[:5])
        raise ConfigError(f"{session} names {len(found)} recordings: {names}")
    return found[0]


def play(path: Path, speed: float, idle_limit: float | None) -> int:
    """Run the player in a process of its own; its exit status."""
    command = [sys.executable, "-m", "tui", "play", str(path), "--speed", str(speed)]
    if idle_limit is not None:
        command += ["--idle-limit", str(idle_limit)]
    return subprocess.run(command, check=False).returncode
