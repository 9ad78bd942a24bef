"""A house on a stage: real store, policy, shfmt, masks and evidence; scripted client and cluster."""

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "relay"))

from stage import Channel, DiskError, Writer, policy

from bastion.app.house import House, Rooms
from bastion.idp.issuers import Issuers
from bastion.model.events import ClientGone
from bastion.model.request import Mode, Request
from bastion.relay.journal import Journal
from bastion.ssh.certs import Authority
from bastion.store.approvals import ApprovalQueue
from bastion.store.codes import Codes
from bastion.store.index import Index, open_engine
from bastion.store.seal import Seal
from bastion.syntax.shfmt import Shfmt

NOW = 1_700_000_000


class Client(Channel):
    """A scripted client that can leave, and whose output can be awaited."""

    def __init__(self, principal, line=None, login="shop/web-0", *, pty=None, inputs=(), controls=()):
        request = Request(Mode.EXEC, line, pty) if line is not None else Request(Mode.INTERACTIVE, b"", pty)
        super().__init__(principal, request, inputs, controls)
        self.login = login

    def leave(self):
        self._controls.append((0, ClientGone(0.0, "gone")))

    async def receive_control(self):
        while not self._controls:
            await asyncio.sleep(0.01)
        return await super().receive_control()


class Place:
    """A house and what stands around it."""

    def __init__(self, rooms, engine, writer):
        self.rooms, self.engine, self.writer = rooms, engine, writer
        self.house = House(rooms)

    async def run(self, client, seconds=20):
        async with asyncio.timeout(seconds):
            await self.house.open(client)
        return client

    async def filed(self):
        """The one request that is pending, once it is there."""
        for _ in range(1000):
            rows = await self.rooms.queue.pending()
            if rows:
                return rows[0]
            await asyncio.sleep(0.01)
        raise AssertionError("nothing was filed")


@asynccontextmanager
async def place(folder, cluster, *, clusters=None, writer=None):
    writer = writer or Writer()
    cluster.writer = writer
    journal = Journal(writer, faults=(DiskError,))
    committing = asyncio.ensure_future(journal.run())
    engine, seal = await open_engine(folder / "store.db"), Seal.load(folder / "store.key")
    codes = Codes(
        engine, seal, lambda: NOW,
        lambda seed, code, now, last: now // 30 if code == seed and now // 30 > last else None,
        lambda failures, at: at + 60 if failures >= 5 else 0,
    )  # fmt: skip
    async with Shfmt() as syntax:
        rooms = Rooms(
            issuers=Issuers(()), authority=Authority.generate(), lifetime=600, journal=journal,
            recordings=folder / "recordings", clusters=clusters or {"demo": cluster}, syntax=syntax,
            queue=ApprovalQueue(engine, seal, codes, lambda: NOW, lambda: 0.0), codes=codes, index=Index(engine),
            policy=policy(), public_name="bastion", wall=lambda: NOW,
        )  # fmt: skip
        yield Place(rooms, engine, writer)
    committing.cancel()
    await asyncio.wait([committing])
    await engine.dispose()
