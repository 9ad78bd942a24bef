"""One Kubernetes cluster: what the relay asks of it, answered by the parts of this room."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Literal
from urllib.parse import quote

from bastion.kube import frames, identity, pods, sweep
from bastion.kube.client import Client
from bastion.kube.exec import PodExec
from bastion.kube.follow import Pace
from bastion.kube.identity import Headers
from bastion.kube.keeper import Keeper
from bastion.kube.knowledge import Reader
from bastion.kube.settings import KubeSettings
from bastion.kube.wire import Wire
from bastion.model.grant import Grant
from bastion.model.pod import Pod
from bastion.model.refusal import EXIT_FAULT, Refusal
from bastion.model.request import Size
from bastion.model.target import Target

MAX_REPORT = 4096


class KubeCluster:
    """A cluster (`relay.ports.Cluster`). Owns its connections, open execs and sweeps until `close`.

    Nothing is read or connected before the first request; `clock` gives the events' `at`.
    """

    def __init__(self, settings: KubeSettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._client = Client(settings)
        pace = Pace(settings.secrets_poll, settings.secrets_grace)
        self._keeper = Keeper(settings.name, self._client, pace)
        self._open: set[PodExec] = set()
        self._tasks: set[asyncio.Task[int]] = set()

    @property
    def name(self) -> str:
        """The name in `NAME=ns/pod`."""
        return self._settings.name

    async def resolve(self, target: Target) -> Pod | Refusal:
        """The ready container that the target names."""
        return await pods.resolve(self._client, self.name, target)

    async def secrets(self, pod: Pod, scope: Literal["namespace", "pod"]) -> Reader | Refusal:
        """The values of every Secret that the pod can reach, or of its namespace; kept up to date."""
        return await self._keeper.open(pod, whole_namespace=scope == "namespace")

    async def open(self, grant: Grant, size: Size | None) -> PodExec | Refusal:
        """Open the exec that the grant allows, in the very container that it names."""
        refusal = self._unfit(grant)
        headers = identity.headers(grant, self._settings.impersonation)
        if refusal is not None or isinstance(headers, Refusal):
            return refusal or headers  # type: ignore[return-value] # one of the two is a Refusal
        still = await pods.same(self._client, grant.pod)
        if isinstance(still, Refusal):
            return still
        try:
            return await self._start(grant, headers, size)
        except asyncio.CancelledError:
            # The caller has gone, but the command may already run.
            self._later(self._sweep(grant, headers))
            raise

    async def reload(self) -> Refusal | None:
        """Read the configuration and the credential anew; sessions go on. A Refusal keeps the old."""
        return await self._client.reload()

    async def close(self) -> None:
        """End every open exec, then every connection."""
        async with asyncio.TaskGroup() as group:
            for opened in tuple(self._open):
                group.create_task(opened.kill())
        await asyncio.gather(*self._tasks)
        await self._keeper.close()
        await self._client.close()

    async def _start(self, grant: Grant, headers: Headers, size: Size | None) -> PodExec | Refusal:
        wire = await self._upgrade(grant.pod, grant.argv, headers, tty=grant.tty, stdin=grant.stdin)
        if isinstance(wire, Refusal):
            if wire.code == "start-unknown":
                await self._sweep(grant, headers)
            return wire
        opened = PodExec(
            wire,
            tty=grant.tty,
            sweeper=lambda: self._sweep(grant, headers),
            clock=self._clock,
            kill_timeout=self._settings.kill_timeout,
            input_grace=self._settings.input_grace,
            ended=self._open.discard,
        )
        self._open.add(opened)
        if grant.tty:
            await opened.resize(size or Size())
        return opened

    def _later(self, work: Coroutine[None, None, int]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _unfit(self, grant: Grant) -> Refusal | None:
        if grant.pod.cluster != self.name or not grant.argv or any("\0" in word for word in grant.argv):
            return Refusal("bad-grant", "the command cannot be sent to this cluster", "", EXIT_FAULT)
        return None

    async def _upgrade(
        self, pod: Pod, argv: tuple[str, ...], headers: Headers, *, tty: bool, stdin: bool
    ) -> Wire | Refusal:
        """With a terminal stdin is always asked: v4 loses output without it, and stderr is merged."""
        path = f"/api/v1/namespaces/{quote(pod.namespace)}/pods/{quote(pod.name)}/exec"
        asked = (
            ("stdin", stdin or tty),
            ("stdout", True),
            ("stderr", not tty),
            ("tty", tty),
        )
        query = [("container", pod.container), *((name, "true") for name, wanted in asked if wanted)]
        return await self._client.upgrade(path, [*query, *(("command", word) for word in argv)], headers)

    async def _sweep(self, grant: Grant, headers: Headers) -> int:
        """End what the grant's command left in the pod; how many processes are left, -1: unknown."""
        mark = sweep.mark_of(grant.argv)
        if not mark:
            return -1
        wire: Wire | Refusal | None = None
        try:
            async with asyncio.timeout(self._settings.kill_timeout):
                argv = sweep.command(mark)
                wire = await self._upgrade(grant.pod, argv, headers, tty=False, stdin=False)
                return -1 if isinstance(wire, Refusal) else await _report(wire)
        except TimeoutError:
            return -1
        finally:
            if isinstance(wire, Wire):
                await wire.aclose()


async def _report(wire: Wire) -> int:
    out = b""
    while (message := await wire.receive()) is not None and len(out) < MAX_REPORT:
        match message:
            case frames.Output("out", data):
                out += data
            case frames.Exited(code):
                return sweep.left(code, out)
            case frames.Failed():
                return -1
    return -1
