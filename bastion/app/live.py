"""What is open in the house, sessions of pods and of desks alike, and what ends it from outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bastion.app.counter import Counter
from bastion.model.approval import Asked
from bastion.model.events import ClientGone, ClientResized
from bastion.model.principal import Principal
from bastion.model.refusal import EXIT_FAULT, Refusal
from bastion.relay.ports import Channel

EXPIRED = Refusal("identity-expired", "your identity has expired", "sign in again", EXIT_FAULT)
REVOKED = Refusal("certificate-revoked", "the certificate was revoked", "get a new one; ask why", EXIT_FAULT)


@dataclass(frozen=True, slots=True)
class _Entry:
    who: Principal
    end: Callable[[Refusal], None]


class Live:
    """Everything that must end when the house, an identity or the ledger does."""

    def __init__(self, wall: Callable[[], int]) -> None:
        self._wall = wall
        self._entries: dict[str, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @contextmanager
    def entered(self, session: str, who: Principal, end: Callable[[Refusal], None]) -> Iterator[None]:
        """Count a session while the block runs; `end` is called, perhaps several times, to end it."""
        left = max(0.0, who.expires - self._wall())
        timer = asyncio.get_running_loop().call_later(left, end, EXPIRED)
        self._entries[session] = _Entry(who, end)
        try:
            yield
        finally:
            timer.cancel()
            del self._entries[session]

    def end_all(self, refusal: Refusal) -> None:
        """Ask every session to end with this line."""
        for entry in list(self._entries.values()):
            entry.end(refusal)

    def revoke(self, serials: Collection[str]) -> None:
        """End what was opened with one of these certificates."""
        for entry in list(self._entries.values()):
            if entry.who.serial and entry.who.serial in serials:
                entry.end(REVOKED)

    @property
    def certified(self) -> bool:
        """Whether a certificate opened anything."""
        return any(entry.who.serial for entry in self._entries.values())

    async def emptied(self, seconds: float) -> None:
        """Wait until nothing is open, for at most `seconds`."""
        loop = asyncio.get_running_loop()
        limit = loop.time() + seconds
        while self._entries and loop.time() < limit:  # noqa: ASYNC110 - a poll at shutdown only
            await asyncio.sleep(0.05)


async def while_there(
    live: Live, channel: Channel, session: str, counter: Counter, work: Coroutine[Any, Any, Asked | None]
) -> Asked | None:
    """Do the work until it is done, the client is gone or the house ends it."""
    ended: list[Refusal] = []

    def end(refusal: Refusal) -> None:
        ended.append(refusal)
        serving.cancel()

    async def watch() -> None:
        while not isinstance(event := await channel.receive_control(), ClientGone):
            if isinstance(event, ClientResized):
                channel.resized(event.size)
        serving.cancel()

    async with asyncio.TaskGroup() as group:
        serving = group.create_task(work)
        with live.entered(session, channel.principal, end):
            watching = group.create_task(watch())
            await asyncio.wait([serving])
            watching.cancel()
            if ended:
                await counter.refuse(ended[0])
    return None if ended or serving.cancelled() else serving.result()
