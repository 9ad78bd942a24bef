"""`bastion serve`: run in the foreground until SIGINT or SIGTERM; SIGHUP reloads."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import sdnotify
import structlog

from bastion.app import config as configuration
from bastion.app.config import Config, ConfigError
from bastion.app.policies import load_policy
from bastion.app.wiring import Running, reload, start
from bastion.demo.issuer import PATH as DEMO_PATH
from bastion.syntax.shfmt import Shfmt

_log = structlog.get_logger("bastion.serve")
RELOADED = frozenset({"policy", "issuers", "certificates", "log", "masking", "shutdown_seconds"})
DEMO_MARK = ".bastion-demo"


def refuse_demo(config: Config, folder: Path) -> None:
    """Keys and issuers of the demo are made for one run and known to whoever can read it."""
    for issuer in config.issuers:
        if urlsplit(issuer.issuer_url).path.rstrip("/").endswith(DEMO_PATH):
            raise ConfigError(
                f"issuers: {issuer.name!r} is a demo issuer, which bastion serve does not trust"
            )
        if urlsplit(issuer.jwks_uri).path.startswith(f"{DEMO_PATH}/"):
            raise ConfigError(
                f"issuers: {issuer.name!r} uses a demo's keys, which bastion serve does not trust"
            )
    for path in (folder / config.state, *(folder / each.ca_file for each in config.issuers if each.ca_file)):
        for parent in (path, *path.resolve().parents):
            if (parent / DEMO_MARK).exists():
                raise ConfigError(f"{path} belongs to a demo, whose keys bastion serve does not use")


async def check(path: Path) -> int:
    """Load configuration and policy, listen nowhere. Raises ConfigError."""
    config = configuration.load(path)
    refuse_demo(config, path.parent)
    async with Shfmt() as syntax:
        policy = await load_policy(path.parent / config.policy.file, syntax)
    sys.stdout.write(f"{path}: good; policy {policy.sha256}\n")
    return 0


async def serve(path: Path) -> int:
    """Run until a signal. Raises ConfigError before anything listens."""
    config = configuration.load(path)
    refuse_demo(config, path.parent)
    notifier = sdnotify.SystemdNotifier()
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group, AsyncExitStack() as inner:
        running = await start(config, path.parent, inner, group)
        _log.info("listening", host=config.ssh.host, port=running.server.port)
        notifier.notify(f"READY=1\nSTATUS=listening on {config.ssh.host}:{running.server.port}")
        await _until_stopped(path, config, running, notifier, stack)
        notifier.notify("STOPPING=1")
        await running.house.close(config.shutdown_seconds)
    return 0


async def _until_stopped(
    path: Path, config: Config, running: Running, notifier: sdnotify.SystemdNotifier, stack: AsyncExitStack
) -> None:
    wanted: asyncio.Queue[signal.Signals] = asyncio.Queue(16)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, _put, wanted, number)
        stack.callback(loop.remove_signal_handler, number)
    while (await wanted.get()) is signal.SIGHUP:
        notifier.notify("RELOADING=1")
        try:
            fresh = configuration.load(path)
            refuse_demo(fresh, path.parent)
            problem = _unchangeable(config, fresh) or await reload(fresh, path.parent, running)
        except ConfigError as error:
            problem = str(error)
        if problem:
            _log.error("reload.refused", why=problem)
        else:
            _log.info("reload.done")
        notifier.notify("READY=1")


def _put(queue: asyncio.Queue[signal.Signals], number: signal.Signals) -> None:
    if not queue.full():
        queue.put_nowait(number)


def _unchangeable(old: Config, new: Config) -> str:
    """Settings that take a restart: a reload with one of them changed is refused whole."""
    names = [each.name for each in fields(Config) if each.name not in RELOADED]
    names = [name for name in names if getattr(old, name) != getattr(new, name)]
    if old.certificates.retired_authorities != new.certificates.retired_authorities:
        names.append("certificates.retired_authorities")
    return f"{', '.join(names)}: takes effect at a restart only, so nothing was reloaded" if names else ""
