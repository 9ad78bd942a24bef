"""An index of sessions that can be rebuilt from the ledger at any time, and revoked serials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Executable, delete, event, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bastion.store.tables import metadata, revoked, session


class StoreError(Exception):
    """The store cannot be used; the message names the kind of fault and no values."""


@dataclass(frozen=True, slots=True)
class Found:
    """One indexed session; times are Unix seconds."""

    id: str
    identity: str
    target: str
    started: int
    ended: int | None


async def open_engine(path: Path) -> AsyncEngine:
    """The SQLite store (0600), one connection, so that transactions of this process queue up."""
    if not path.exists():
        path.touch(mode=0o600)
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=1, max_overflow=0, pool_timeout=30)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(link: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
            link.execute(f"PRAGMA {pragma}")

    async with engine.begin() as link:
        await link.run_sync(metadata.create_all)
    return engine


class Index:
    """Sessions by id, identity, target and time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def began(self, session_id: str, identity: str, target: str, at: int) -> None:
        """A session started; raises StoreError."""
        row = {"id": session_id, "seq": 0, "identity": identity, "target": target, "started": at}
        await self._write(insert(session).values(**row))

    async def ended(self, session_id: str, at: int) -> None:
        """It ended; raises StoreError."""
        await self._write(update(session).where(session.c.id == session_id).values(ended=at))

    async def find(self, prefix: str = "", limit: int = 50) -> list[Found]:
        """The newest sessions whose id starts with `prefix` (hex digits)."""
        query = (
            select(session.c.id, session.c.identity, session.c.target, session.c.started, session.c.ended)
            .where(session.c.id.startswith(prefix, autoescape=True))
            .order_by(session.c.started.desc())
            .limit(limit)
        )
        async with self._engine.begin() as link:
            return [Found(*row) for row in (await link.execute(query)).all()]

    async def unended(self, limit: int) -> list[Found]:
        """Sessions without an end: live ones, or after a crash those that it cut off."""
        columns = (session.c.id, session.c.identity, session.c.target, session.c.started, session.c.ended)
        query = select(*columns).where(session.c.ended.is_(None)).limit(limit)
        async with self._engine.begin() as link:
            return [Found(*row) for row in (await link.execute(query)).all()]

    async def rebuild(self, leaves: Iterable[Mapping[str, Any]]) -> int:
        """Forget the index and read it out of the ledger's leaves; the number of sessions found."""
        count = 0
        async with self._engine.begin() as link:
            await link.execute(delete(session))
            for leaf in leaves:
                if leaf.get("type") == "session.started":
                    count += 1
                    await link.execute(
                        insert(session).values(
                            id=leaf["session"], seq=leaf["seq"], identity=leaf["actor"],
                            target=leaf["target"], started=leaf["t"] // 1_000_000,
                        )
                    )  # fmt: skip
                elif leaf.get("type") in ("session.ended", "session.severed", "session.lost"):
                    done = {"ended": leaf["t"] // 1_000_000, "status": leaf.get("status")}
                    await link.execute(update(session).where(session.c.id == leaf["session"]).values(**done))
                elif leaf.get("type") == "recording.sealed":
                    named = {"recording": leaf["recording"]}
                    await link.execute(update(session).where(session.c.id == leaf["session"]).values(**named))
        return count

    async def revoked(self) -> frozenset[str]:
        """Serials (decimal) of certificates that are no longer honoured, read anew; raises StoreError."""
        try:
            async with self._engine.begin() as link:
                return frozenset((await link.scalars(select(revoked.c.serial))).all())
        except SQLAlchemyError as error:
            raise StoreError(f"the store cannot be read: {type(error).__name__}") from error

    async def revoke(self, serial: int, at: int) -> None:
        """Honour this certificate no longer."""
        async with self._engine.begin() as link:
            held = select(revoked.c.serial).where(revoked.c.serial == str(serial))
            if await link.scalar(held) is None:
                await link.execute(insert(revoked).values(serial=str(serial), at=at))

    async def _write(self, statement: Executable) -> None:
        try:
            async with self._engine.begin() as link:
                await link.execute(statement)
        except SQLAlchemyError as error:
            raise StoreError(f"the store cannot be written: {type(error).__name__}") from error
