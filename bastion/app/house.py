"""The house behind the SSH door: identifies, certifies, admits, and runs a session on each channel."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bastion.app.counter import Counter
from bastion.app.desk import Desk
from bastion.app.live import REVOKED, Live, while_there
from bastion.core.frame import Frame
from bastion.core.masking.detector import Detector
from bastion.core.masking.recall import Recalls
from bastion.core.masking.table import ALL
from bastion.core.opening import unknown
from bastion.core.policy import Policy
from bastion.core.session import Session
from bastion.core.witness import no_digest
from bastion.idp.issuers import Issuers
from bastion.model.approval import Asked
from bastion.model.events import PolicyChanged
from bastion.model.principal import Principal
from bastion.model.refusal import EXIT_FAULT, Refusal
from bastion.model.target import ApiLogin, Reserved, Target, parse
from bastion.relay.compiled import Compiled
from bastion.relay.evidence import Evidence
from bastion.relay.hands import Doors
from bastion.relay.journal import EvidenceError, Journal
from bastion.relay.loop import Relay
from bastion.relay.pace import Share
from bastion.relay.ports import Channel, Cluster, Syntax
from bastion.relay.unrecorded import UNRECORDED
from bastion.ssh.certs import Authority
from bastion.store.approvals import ApprovalQueue
from bastion.store.codes import Codes
from bastion.store.index import Index, StoreError

_log = structlog.get_logger("bastion.house")
REVOKED_SECONDS = 2.0
CLOSING = Refusal("shutting-down", "the bastion is shutting down", "connect again in a moment", EXIT_FAULT)
NO_STORE = Refusal(
    "no-store", "the session cannot be recorded in the bastion's store", "try again later", EXIT_FAULT
)


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
    detectors: tuple[Detector, ...] = ALL
    wall: Callable[[], int] = lambda: int(time.time())
    clock: Callable[[], float] = time.monotonic
    impersonate: Mapping[str, bool] = field(default_factory=dict)
    digest: Callable[[bytes], str] = no_digest


class House:
    """Implements relay.ports.House. Owns nothing: its sessions run in the SSH door's tasks."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._live = Live(rooms.wall)
        self._relays: dict[str, Relay] = {}
        self._closing = False
        self._compiled, self._share = Compiled(rooms.detectors), Share(rooms.clock)
        self._recalls = Recalls()
        self.desk = Desk(rooms.queue, rooms.codes, rooms.public_name)

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
        return found if await self.note("auth.succeeded", fields) else UNRECORDED

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
            else UNRECORDED
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
        target = parse(channel.login)
        if self._closing:
            return await self._refuse(channel, CLOSING)
        if refusal := await self._revoked(channel.principal):
            return await self._refuse(channel, refusal)
        if isinstance(target, Reserved) and target.name == "approvals":
            return await self._at_desk(channel)
        if isinstance(target, Target):
            cluster = self._cluster(target)
            if not isinstance(cluster, Refusal):
                return await self._session(channel, target, cluster)
            target = cluster
        return await self._refuse(channel, target if isinstance(target, Refusal) else _not_yet(target))

    async def _revoked(self, who: Principal) -> Refusal | None:
        """A connection outlives its certificate: each channel asks again. No answer is a no."""
        if not who.serial:
            return None
        try:
            revoked = await self._rooms.index.revoked()
        except StoreError as error:
            _log.error("store.failed", why=str(error))
            return NO_STORE
        return REVOKED if who.serial in revoked else None

    async def close(self, seconds: float) -> None:
        """Refuse new sessions, end the live ones."""
        self._closing = True
        await self.note("bastion.stopping", {"open_sessions": self.live})
        self._live.end_all(CLOSING)
        await self._live.emptied(seconds)

    async def watch_ledger(self) -> None:
        """When the ledger dies, so does every session."""
        await self._rooms.journal.failed.wait()
        self._live.end_all(UNRECORDED)
        _log.error("ledger.failed", why=self._rooms.journal.why)

    async def watch_revoked(self) -> None:
        """A certificate that is revoked ends what it opened; while the store is down, live sessions go on."""
        while True:
            await asyncio.sleep(REVOKED_SECONDS)
            if not self._live.certified:
                continue
            try:
                self._live.revoke(await self._rooms.index.revoked())
            except StoreError as error:
                _log.error("store.failed", why=str(error))

    def detect(self, detectors: tuple[Detector, ...]) -> None:
        """Mask what these find, in sessions that are opened from now on."""
        self._compiled.use(detectors)

    def reload(self, policy: Policy) -> None:
        """Put another policy in force, for live sessions too."""
        self._rooms.policy = policy
        for relay in self._relays.values():
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
            recall=self._recalls.of(who.key),
        )  # fmt: skip
        evidence = Evidence(rooms.journal, rooms.recordings, session, who.key, str(target))
        doors = Doors(cluster, rooms.syntax, rooms.queue, rooms.clock, self._share, self._compiled)
        relay = Relay(Session(frame, rooms.policy, stored), channel, evidence, doors, rooms.wall)
        self._relays[session] = relay
        try:
            with self._live.entered(session, who, relay.end):
                await rooms.index.began(session, who.key, str(target), rooms.wall())
                await relay.run()
                await rooms.index.ended(session, rooms.wall())
        except StoreError as error:
            _log.error("store.failed", why=str(error))
            if not relay.began:
                await self._refuse(channel, NO_STORE)
        finally:
            del self._relays[session]

    async def _at_desk(self, channel: Channel) -> None:
        """One command at the login approvals; a stored request that it runs is a session of its own."""
        session, counter = self._counter(channel)
        run = await while_there(self._live, channel, session, counter, self.desk.serve(channel, counter))
        if run is None:
            return
        pod = run.pod
        target = Target(pod.namespace, pod.name, container=pod.container, cluster=pod.cluster)
        cluster = self._cluster(target)
        if isinstance(cluster, Refusal):
            await counter.refuse(cluster)
        else:
            await self._session(channel, target, cluster, run)

    def _counter(self, channel: Channel) -> tuple[str, Counter]:
        rooms, session = self._rooms, secrets.token_hex(16)
        evidence = Evidence(
            rooms.journal, rooms.recordings, session, channel.principal.key, channel.login[:256]
        )
        return session, Counter(channel, evidence, rooms.wall, rooms.clock)

    async def _refuse(self, channel: Channel, refusal: Refusal) -> None:
        await self._counter(channel)[1].refuse(refusal)

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
        return refusal if await self.note("auth.failed", fields) else UNRECORDED


def _not_yet(target: Reserved | ApiLogin) -> Refusal:
    what = "the Kubernetes API over ssh" if isinstance(target, ApiLogin) else f"the login {target.name}"
    return Refusal(
        "not-offered", f"{what} is not offered by this version", "use NAMESPACE/POD or approvals", 77
    )
