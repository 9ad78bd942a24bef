"""After a crash: every session that has no end in the index gets one, and its torn recording is cut."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bastion.app.config import ConfigError
from bastion.relay.journal import EvidenceError, Journal
from bastion.store.index import Found, Index
from recorder.asciicast import CastError
from recorder.cast import repair

MAX_OPEN = 100_000


async def mend(journal: Journal, index: Index, recordings: Path, wall: Callable[[], int]) -> int:
    """Emit `session.lost` for each session that a crash cut off; how many. Raises ConfigError.

    A recording that cannot be mended is named with the reason; it does not keep the house closed.
    """
    lost = 0
    for found in await index.unended(MAX_OPEN):
        leaf: dict[str, object] = {
            "type": "session.lost", "session": found.id, "actor": found.identity, "target": found.target,
            "why": "the bastion ended without ending this session",
        }  # fmt: skip
        leaf |= _mended(found, recordings)
        try:
            await journal.durable(journal.append([leaf]))
        except EvidenceError as error:
            raise ConfigError(str(error)) from error
        await index.ended(found.id, wall())
        lost += 1
    return lost


def _mended(found: Found, recordings: Path) -> dict[str, object]:
    """What the leaf says of the session's recording; empty where there is none."""
    for day in (found.started, found.started + 1):
        relative = f"{datetime.fromtimestamp(day, UTC):%Y/%m/%d}/{found.id}.cast"
        path = recordings / relative
        try:
            if path.exists():
                mended = repair(path)
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                return {
                    "recording": relative, "bytes": mended.size, "cut_bytes": mended.cut, "sha256": digest,
                }  # fmt: skip
        except CastError as error:
            return {"recording": relative, "problem": str(error)[:200]}
        except OSError as error:
            return {"recording": relative, "problem": error.strerror or "it cannot be read"}
    return {}
