"""One-time codes at rest: sealed seeds, the last step used, and the lock after failures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bastion.store.seal import Seal
from bastion.store.tables import totp

Match = Callable[[str, str, int, int], int | None]
Lock = Callable[[int, int], int]


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a code was right; `final` says that trying again now is of no use."""

    accepted: bool
    message: str = ""
    final: bool = False


class Codes:
    """Checks codes.

    `match` (seed, code, now, last step) gives the step; `lock` (failures, when), the end of a lock.
    """

    def __init__(
        self, engine: AsyncEngine, seal: Seal, wall: Callable[[], int], match: Match, lock: Lock
    ) -> None:
        self._engine, self._seal, self._wall, self._match, self._lock = engine, seal, wall, match, lock

    async def enrol(self, identity: str, seed: str) -> None:
        """Keep a seed (base32) for an identity, in place of an earlier one."""
        sealed = self._seal.close(seed.encode(), identity)
        async with self._engine.begin() as link:
            fresh = {"sealed": sealed, "last_step": 0, "failures": 0, "failed_at": 0}
            done = await link.execute(update(totp).where(totp.c.identity == identity).values(**fresh))
            if done.rowcount == 0:
                await link.execute(insert(totp).values(identity=identity, **fresh))

    async def check(self, identity: str, code: str) -> Checked:
        """Each step counts once: the update that stores it is conditional on the step before."""
        now = self._wall()
        async with self._engine.begin() as link:
            row = (await link.execute(select(totp).where(totp.c.identity == identity))).one_or_none()
            if row is None:
                return Checked(accepted=False, message="no second factor is enrolled for you", final=True)
            until = self._lock(row.failures, row.failed_at)
            if now < until:
                return Checked(
                    accepted=False, message=f"locked for {until - now} s after wrong codes", final=True
                )
            seed = self._seal.open(row.sealed, identity).decode()
            step = self._match(seed, code, now, row.last_step)
            mine = update(totp).where(totp.c.identity == identity)
            if step is not None:
                used = await link.execute(
                    mine.where(totp.c.last_step < step).values(last_step=step, failures=0, failed_at=0)
                )
                if used.rowcount == 1:
                    return Checked(accepted=True)
            failures = row.failures + 1
            await link.execute(mine.values(failures=totp.c.failures + 1, failed_at=now))
            locked = self._lock(failures, now) > now
            return Checked(accepted=False, message="the code is wrong or was used already", final=locked)
