"""Small administrative commands on a state folder: list, reindex, revoke, enrol, check a policy."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bastion.app.policies import load_policy
from bastion.idp.totp import locked_until, matching_step, new_seed, provisioning_uri
from bastion.store.codes import Codes
from bastion.store.index import Index, open_engine
from bastion.store.seal import Seal
from bastion.syntax.shfmt import Shfmt
from recorder.reader import entries


async def check_policy(path: Path) -> int:
    """Load a policy and run its examples. Raises ConfigError with every problem."""
    async with Shfmt() as syntax:
        policy = await load_policy(path, syntax)
    sys.stdout.write(f"{path}: good; sha256 {policy.sha256}\n")
    return 0


async def list_sessions(state: Path, *, as_json: bool) -> int:
    """Print the newest sessions."""
    engine = await open_engine(state / "store.db")
    try:
        for found in await Index(engine).find():
            started = datetime.fromtimestamp(found.started, UTC)
            length = f"{found.ended - found.started} s" if found.ended is not None else "open"
            if as_json:
                data = {
                    "id": found.id,
                    "identity": found.identity,
                    "target": found.target,
                    "started": found.started,
                }
                sys.stdout.write(json.dumps({**data, "ended": found.ended}) + "\n")
            else:
                when = f"{found.id}  {started:%Y-%m-%d %H:%M:%S}Z  {length:>8}"
                sys.stdout.write(f"{when}  {found.identity}  {found.target}\n")
    finally:
        await engine.dispose()
    return 0


async def rebuild_index(state: Path) -> int:
    """Forget the index and read it out of the ledger."""
    engine = await open_engine(state / "store.db")
    try:
        count = await Index(engine).rebuild(
            msgspec.json.decode(entry.data)
            for year in sorted((state / "ledger").iterdir())
            for entry in entries(year)
        )
    finally:
        await engine.dispose()
    sys.stdout.write(f"{count} sessions\n")
    return 0


async def revoke_serial(state: Path, serial: int) -> int:
    """Honour a certificate no longer; a running bastion refuses it and ends what it opened."""
    engine = await open_engine(state / "store.db")
    try:
        await Index(engine).revoke(serial, int(time.time()))
    finally:
        await engine.dispose()
    sys.stdout.write(f"certificate {serial} is revoked\n")
    return 0


async def enrol_totp(state: Path, identity: str) -> int:
    """Make a seed; the URI is printed once and nowhere else."""
    engine = await open_engine(state / "store.db")
    seed = new_seed()
    try:
        codes = Codes(
            engine, Seal.load(state / "store.key"), lambda: int(time.time()), matching_step, locked_until
        )
        await codes.enrol(identity, seed)
    finally:
        await engine.dispose()
    sys.stdout.write(provisioning_uri(seed, identity.rpartition("|")[2]) + "\n")
    return 0
