"""Builds the rooms out of a configuration and connects them; the only place that knows them all."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import structlog

from bastion.app import logs
from bastion.app.config import Config, ConfigError
from bastion.app.detectors import table
from bastion.app.house import House, Rooms
from bastion.app.mending import mend
from bastion.app.policies import load_policy
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.scan import hidden
from bastion.idp.issuers import Issuers
from bastion.idp.totp import locked_until, matching_step
from bastion.kube.cluster import KubeCluster
from bastion.relay.journal import EvidenceError, Journal
from bastion.ssh.certs import Authority
from bastion.ssh.host_key import load_or_create
from bastion.ssh.server import Server, listen
from bastion.store.approvals import ApprovalQueue
from bastion.store.codes import Codes
from bastion.store.index import Index, open_engine
from bastion.store.seal import Seal, SealError
from bastion.syntax.shfmt import Shfmt
from recorder.checkpoint import CheckpointError, SigningKey
from recorder.ledger import Ledger, LedgerError

_log = structlog.get_logger("bastion.wiring")
HEARTBEAT_SECONDS = 30.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(slots=True)
class Running:
    """A bastion that listens. `house` and `server` for shutdown, `clusters` and `rooms` for reloads."""

    house: House
    server: Server
    host_key: str
    rooms: Rooms
    clusters: tuple[KubeCluster, ...]
    codes: Codes


def _wall() -> int:
    return int(time.time())


def _clock() -> tuple[int, int]:
    return time.time_ns() // 1000, time.monotonic_ns() // 1000


async def start(config: Config, folder: Path, stack: AsyncExitStack, group: asyncio.TaskGroup) -> Running:
    """Open state, ledger and doors, and listen. What was opened is closed by `stack`.

    `folder` is where relative paths start. `group` runs the background work. Raises ConfigError.
    """
    state = folder / config.state
    _private(state)
    try:
        seal = Seal.load(state / "store.key")
        ledger = Ledger.open(
            ledger_folder(state),
            origin=f"bastion/{config.clusters[0].name}/{config.node}/{ledger_folder(state).name}",
            key=SigningKey.load_or_create(state / "ledger.key"),
            clock=_clock,
            boot=_BOOT_ID.read_text().strip(),
        )
        authority = Authority.load_or_create(
            state / "user_ca", [line.encode() for line in config.certificates.retired_authorities]
        )
    except (SealError, LedgerError, CheckpointError, OSError, ValueError) as error:
        raise ConfigError(str(error)) from error
    journal = Journal(ledger, faults=(LedgerError, OSError))
    stack.push_async_callback(journal.close)
    syncing = group.create_task(journal.run())
    stack.push_async_callback(_stop, syncing)
    engine = await open_engine(state / "store.db")
    stack.push_async_callback(engine.dispose)
    index = Index(engine)
    recordings = state / "recordings"
    _private(recordings)
    await mend(journal, index, recordings, _wall)
    syntax = await stack.enter_async_context(Shfmt())
    policy = await load_policy(folder / config.policy.file, syntax)
    detectors = table(config.masking)
    await asyncio.to_thread(compile_patterns, (), detectors=detectors)
    issuers = _issuers(config, folder)
    stack.push_async_callback(lambda: rooms.issuers.close())  # noqa: PLW0108 - a reload replaces them
    clusters = []
    for settings in config.clusters:
        cluster = KubeCluster(replace(settings, kubeconfig=_absolute(folder, settings.kubeconfig)))
        stack.push_async_callback(cluster.close)
        clusters.append(cluster)
    codes = Codes(engine, seal, _wall, matching_step, locked_until)
    rooms = Rooms(
        issuers=issuers, authority=authority, lifetime=config.certificates.lifetime_seconds, journal=journal,
        recordings=recordings, clusters={each.name: each for each in clusters}, syntax=syntax,
        queue=ApprovalQueue(engine, seal, codes, _wall, time.monotonic), codes=codes, index=index,
        policy=policy, public_name=_destination(config.public_name), detectors=detectors,
        digest=partial(seal.digest, "mask"),
    )  # fmt: skip
    house = House(rooms)
    await asyncio.to_thread(hidden, "")  # compiles the detectors: the first visitor must not wait for it
    try:
        await journal.durable(journal.append([_started(config, policy.sha256)]))
    except EvidenceError as error:
        raise ConfigError(str(error)) from error
    try:
        host_key = load_or_create(state / "ssh_host_ed25519_key")
        server = await listen(house, config.ssh, [host_key])
    except (OSError, ValueError) as error:
        raise ConfigError(f"ssh: {error}") from error
    stack.push_async_callback(server.close, 0.0)
    for work in (house.watch_ledger(), house.watch_revoked(), _heartbeat(house, journal)):
        stack.push_async_callback(_stop, group.create_task(work))
    return Running(
        house, server, host_key.export_public_key("openssh").decode(), rooms, tuple(clusters), codes
    )


async def reload(config: Config, folder: Path, running: Running) -> str:
    """SIGHUP: policy, detectors, issuers, certificate lifetime, logs and cluster credentials anew.

    The problem, or empty. A bad policy changes nothing; live sessions go on.
    """
    rooms = running.rooms
    try:
        policy = await load_policy(folder / config.policy.file, rooms.syntax)
    except ConfigError as error:
        await running.house.note("policy.refused", {"why": str(error)[:500], "kept": rooms.policy.sha256})
        return str(error)
    await running.house.note("policy.loaded", {"policy": policy.sha256, "before": rooms.policy.sha256})
    running.house.reload(policy)
    running.house.detect(table(config.masking))
    before, rooms.issuers = rooms.issuers, _issuers(config, folder)
    rooms.lifetime = config.certificates.lifetime_seconds
    logs.configure(config.log.level, config.log.format)
    await before.close()
    for cluster in running.clusters:
        problem = await cluster.reload()
        if problem:
            return problem.line()
    return ""


def _issuers(config: Config, folder: Path) -> Issuers:
    return Issuers([replace(each, ca_file=_absolute(folder, each.ca_file)) for each in config.issuers])


def ledger_folder(state: Path) -> Path:
    """This year's ledger; its first leaf names the year before, so that a missing year shows."""
    return state / "ledger" / str(time.gmtime().tm_year)


def _destination(public_name: str) -> str:
    """`host` or `host:port` as what follows `ssh LOGIN@` on a command line."""
    host, colon, port = public_name.rpartition(":")
    return f"{host} -p {port}" if colon and port.isdigit() else public_name


def _absolute(folder: Path, paths: str) -> str:
    """Relative paths (several joined with `:`) start at the configuration's folder."""
    return ":".join(str(folder / path) for path in paths.split(":") if path)


def _started(config: Config, policy: str) -> dict[str, object]:
    clusters = [cluster.name for cluster in config.clusters]
    return {"type": "bastion.started", "node": config.node, "clusters": clusters, "policy": policy}


async def _heartbeat(house: House, journal: Journal) -> None:
    while not journal.why:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        try:
            journal.append([{"type": "heartbeat", "open_sessions": house.live}])
        except EvidenceError as error:
            _log.error("heartbeat.failed", why=str(error))


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            raise ConfigError(f"{folder} may be read by others: chmod 700 {folder}")
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}") from error
