"""The house behind the SSH door: identifies, certifies, admits, and runs a session on each channel."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from bastion.app.desk import Desk
from bastion.core.frame import Frame
from bastion.core.masking.recall import Recall
from bastion.core.opening import unknown
from bastion.core.policy import Policy
from bastion.core.session import Session
from bastion.core.witness import no_digest
from bastion.idp.issuers import Issuers
from bastion.model.approval import Asked
from bastion.model.events import ClientGone, ClientResized, PolicyChanged
from bastion.model.principal import Principal
from bastion.model.refusal import EXIT_FAULT, Refusal
from bastion.model.target import ApiLogin, Reserved, Target, parse
from bastion.relay.compiled import Compiled
from bastion.relay.evidence import Evidence
from bastion.relay.hands import Doors
from bastion.relay.journal import EvidenceError, Journal
from bastion.relay.loop import SEVERED, Relay
from bastion.relay.ports import Channel, Cluster, Syntax
from bastion.ssh.certs import Authority
from bastion.store.approvals import ApprovalQueue
from bastion.store.codes import Codes
from bastion.store.index import Index, StoreError

_log = structlog.get_logger("bastion.house")
MOST_RECALLED = 4096
NOT_RECORDED = Refusal(
    "not-recorded", "nothing can be recorded, so no session is opened", "try again later", 255
)
CLOSING = Refusal("shutting-down", "the bastion is shutting down", "connect again in a moment", EXIT_FAULT)


@dataclass(slots=True)
class Rooms:
    """What the wiring built. `policy` is replaced as a whole at a reload."""

    issuers: Issuers
    authority: Authority
    lifetime: int
    journal: Journal
    recordings: Path
    clusters: Mapping[str, Cluster]
    syntax: Syntax
    queue: ApprovalQueue
    codes: Codes
    index: Index
    policy: Policy
    public_name: str
    wall: Callable[[], int] = lambda: int(time.time())
    clock: Callable[[], float] = time.monotonic
    impersonate: Mapping[str, bool] = field(default_factory=dict)
    digest: Callable[[bytes], str] = no_digest


class House:
    """Implements relay.ports.House. Owns nothing: its sessions run in the SSH door's tasks."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._live: dict[str, Relay] = {}
        self._closing = False
        self._compiled = Compiled()
        self._recalls: dict[str, Recall] = {}
        self.desk = Desk(rooms.queue, rooms.codes, rooms.clock, rooms.public_name)

    @property
    def live(self) -> int:
        """How many sessions are open."""
        return len(self._live)

    async def identify(self, token: str, source: str) -> Principal | Refusal:
        """Verify a token given as a password; success is a leaf first (the door notes failures)."""
        found = await self._rooms.issuers.verify(token, now=self._rooms.wall())
        if isinstance(found, Refusal):
            return found
        fields: dict[str, str | int] = {"actor": found.key, "method": "token", "source": source}
        return found if await self.note("auth.succeeded", fields) else NOT_RECORDED

    async def certify(self, key: bytes, token: bytes, source: str) -> bytes | Refusal:
        """Exchange a token for a certificate that ends with it."""
        rooms = self._rooms
        try:
            text = token.decode("ascii").strip()
        except UnicodeDecodeError:
            return Refusal(
                "token-malformed", "what came on standard input is no token", "send the ID token alone"
            )
        found = await rooms.issuers.verify(text, now=rooms.wall())
        if isinstance(found, Refusal):
            return await self._not_certified(found, source)
        serial = secrets.randbits(63)
        line = rooms.authority.issue(
            found, key, now=rooms.wall(), lifetime=rooms.lifetime, source_address=None, serial=serial
        )
        if isinstance(line, Refusal):
            return await self._not_certified(line, source)
        fields: dict[str, str | int] = {"identity": found.key, "serial": str(serial), "source": source}
        return (
            line
            if await self.note("certificate.issued", {**fields, "expires": found.expires})
            else NOT_RECORDED
        )

    async def admit(self, certificate: bytes, source: str) -> Principal | Refusal:
        """Verify a certificate. The door asks before possession is proved, so this is no sign-in yet."""
        rooms = self._rooms
        ip = (
            source.rpartition(":")[0].strip("[]")
            if source.count(":") == 1 or source.startswith("[")
            else source
        )
        revoked = await rooms.index.revoked()
        return rooms.authority.admit(
            certificate, now=rooms.wall(), source_ip=ip, revoked=lambda serial: str(serial) in revoked
        )

    async def note(self, kind: str, fields: dict[str, str | int]) -> bool:
        """A leaf about a connection; False when it is not on the disk."""
        try:
            journal = self._rooms.journal
            await journal.durable(journal.append([{"type": kind, **fields}]))
        except EvidenceError:
            return False
        return True

    async def open(self, channel: Channel) -> None:
        """Run a session on the channel until it is closed."""
        if self._closing:
            return _refuse(channel, CLOSING)
        if self._rooms.journal.why:
            return _refuse(channel, NOT_RECORDED)
        target = parse(channel.login)
        if isinstance(target, Reserved) and target.name == "approvals":
            return await self._at_desk(channel)
        if isinstance(target, Target):
            cluster = self._cluster(target)
            if not isinstance(cluster, Refusal):
                return await self._session(channel, target, cluster)
            target = cluster
        refusal = target if isinstance(target, Refusal) else _not_yet(target)
        who = channel.principal.key
        if not await self.note(
            "session.refused", {"actor": who, "target": channel.login[:256], "code": refusal.code}
        ):
            refusal = NOT_RECORDED
        return _refuse(channel, refusal)

    async def close(self, seconds: float) -> None:
        """Refuse new sessions, end the live ones."""
        self._closing = True
        await self.end_all(CLOSING, seconds)

    async def end_all(self, refusal: Refusal, seconds: float) -> None:
        """End every live session with this line; wait for at most `seconds`."""
        for relay in self._live.values():
            relay.end(refusal)
        loop = asyncio.get_running_loop()
        limit = loop.time() + seconds
        while self._live and loop.time() < limit:  # noqa: ASYNC110 - a poll at shutdown only
            await asyncio.sleep(0.05)

    async def watch_ledger(self) -> None:
        """When the ledger dies, so does every session."""
        await self._rooms.journal.failed.wait()
        for relay in self._live.values():
            relay.end(Refusal("not-recorded", SEVERED.removeprefix("bastion: "), "", EXIT_FAULT))
        _log.error("ledger.failed", why=self._rooms.journal.why)

    def reload(self, policy: Policy) -> None:
        """Put another policy in force, for live sessions too."""
        self._rooms.policy = policy
        for relay in self._live.values():
            relay.post(PolicyChanged(self._rooms.clock(), policy))

    async def _session(
        self, channel: Channel, target: Target, cluster: Cluster, stored: Asked | None = None
    ) -> None:
        rooms, who = self._rooms, channel.principal
        session = secrets.token_hex(16)
        frame = Frame(
            session=session, who=who, target=target, source=channel.source, connection=channel.connection,
            login=channel.login, host=rooms.public_name, fresh=lambda: secrets.token_hex(16),
            user=who.subject, groups=tuple(sorted(who.groups)), digest=rooms.digest,
            recall=self._recall(who.key),
        )  # fmt: skip
        evidence = Evidence(rooms.journal, rooms.recordings, session, who.key, str(target))
        doors = Doors(cluster, rooms.syntax, rooms.queue, rooms.clock, self._compiled)
        relay = Relay(Session(frame, rooms.policy, stored), channel, evidence, doors, rooms.wall)
        self._live[session] = relay
        loop = asyncio.get_running_loop()
        expired = Refusal("identity-expired", "your identity has expired", "sign in again", EXIT_FAULT)
        timer = loop.call_later(max(0.0, who.expires - rooms.wall()), relay.end, expired)
        try:
            await rooms.index.began(session, who.key, str(target), rooms.wall())
            await relay.run()
            await rooms.index.ended(session, rooms.wall())
        except StoreError as error:
            _log.error("store.failed", why=str(error))
            if not relay.began:
                _refuse(channel, NOT_RECORDED)
        finally:
            timer.cancel()
            self._live.pop(session, None)

    async def _at_desk(self, channel: Channel) -> None:
        rooms = self._rooms
        evidence = Evidence(
            rooms.journal, rooms.recordings, secrets.token_hex(16), channel.principal.key, "approvals"
        )
        run = await _while_there(channel, self.desk.serve(channel, evidence, rooms.wall))
        if run is None:
            return
        pod = run.pod
        target = Target(pod.namespace, pod.name, container=pod.container, cluster=pod.cluster)
        cluster = self._cluster(target)
        if isinstance(cluster, Refusal):
            _refuse(channel, cluster)
        else:
            await self._session(channel, target, cluster, run)

    def _recall(self, identity: str) -> Recall:
        """What this person was shown in other sessions; those who were longest away are forgotten."""
        recall = self._recalls.pop(identity, None) or Recall()
        self._recalls[identity] = recall
        if len(self._recalls) > MOST_RECALLED:
            del self._recalls[next(iter(self._recalls))]
        return recall

    def _cluster(self, target: Target) -> Cluster | Refusal:
        clusters = self._rooms.clusters
        if not target.cluster and len(clusters) == 1:
            return next(iter(clusters.values()))
        if target.cluster in clusters:
            return clusters[target.cluster]
        if target.cluster:
            return unknown(target)
        names = ", ".join(sorted(clusters))
        return Refusal(
            "which-cluster", f"there are several clusters: {names}", "use ssh CLUSTER=NS/POD@host", 77
        )

    async def _not_certified(self, refusal: Refusal, source: str) -> Refusal:
        fields: dict[str, str | int] = {"code": refusal.code, "method": "exchange", "source": source}
        return refusal if await self.note("auth.failed", fields) else NOT_RECORDED


async def _while_there(channel: Channel, work: Coroutine[Any, Any, Asked | None]) -> Asked | None:
    """Do the work until it is done or the client is gone; then it is cancelled and nothing follows."""

    async def watch() -> None:
        while not isinstance(event := await channel.receive_control(), ClientGone):
            if isinstance(event, ClientResized):
                channel.resized(event.size)
        serving.cancel()

    async with asyncio.TaskGroup() as group:
        serving = group.create_task(work)
        watching = group.create_task(watch())
        serving.add_done_callback(lambda _: watching.cancel())
    return serving.result() if watching.cancelled() and not serving.cancelled() else None


def _refuse(channel: Channel, refusal: Refusal) -> None:
    end = b"\r\n" if channel.request.pty else b"\n"
    channel.write("out" if channel.request.pty else "err", refusal.line().encode() + end)
    channel.exit(refusal.status)


def _not_yet(target: Reserved | ApiLogin) -> Refusal:
    what = "the Kubernetes API over ssh" if isinstance(target, ApiLogin) else f"the login {target.name}"
    return Refusal(
        "not-offered", f"{what} is not offered by this version", "use NAMESPACE/POD or approvals", 77
    )
