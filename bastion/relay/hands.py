"""Performs effects: starts what takes time as tasks of the relay, and never waits itself."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, assert_never

from bastion.core.masking.patterns import compile_patterns
from bastion.model import effects as do
from bastion.model.events import (
    ClientEnded,
    ClientSent,
    EditorDrew,
    Event,
    LineAborted,
    LineEntered,
    PodFailed,
    PodOpened,
    PodSent,
    Refused,
    Resolved,
)
from bastion.model.refusal import EXIT_FAULT, Refusal
from bastion.model.target import Target
from bastion.relay.compiled import Compiled
from bastion.relay.ports import Approvals, Channel, Cluster, Exec, Syntax

MAX_QUEUED = 64 * 1024
SLICE_SECONDS = 0.004
MIN_SLICE, MAX_SLICE = 128, 64 * 1024
MAX_REST = 0.05
STOPPED = Refusal("stopped", "the command was ended before it began", "", EXIT_FAULT)


@dataclass(frozen=True, slots=True)
class Doors:
    """What a session can reach."""

    cluster: Cluster
    syntax: Syntax
    approvals: Approvals
    clock: Callable[[], float]
    compiled: Compiled = field(default_factory=Compiled)


class Hands:
    """The effects of one session. Its tasks live in the relay's task group.

    An exec that is killed while it opens is ended as soon as it is up; a request that is withdrawn
    while it is being stored is withdrawn once it is.
    """

    def __init__(
        self,
        channel: Channel,
        doors: Doors,
        group: asyncio.TaskGroup,
        post: Callable[[Event], None],
        handled: Callable[[Event], Awaitable[None]],
    ) -> None:
        self._channel, self._doors, self._group = channel, doors, group
        self._post, self._handled = post, handled
        self._tasks: set[asyncio.Task[None]] = set()
        self._exec: Exec | None = None
        self._opening: asyncio.Task[None] | None = None
        self._unwanted = False
        self._filed: dict[str, asyncio.Event] = {}
        self._kills: set[asyncio.Task[None]] = set()
        self._outgoing: deque[do.Effect] = deque()
        self._queued = 0
        self._sender: asyncio.Task[None] | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._killed: list[Exec] = []
        self._slice = MAX_SLICE
        self.spent = 0.0
        self._code_for = ""
        self._identity = channel.principal.key
        self.status, self.signal, self.message = EXIT_FAULT, "", ""

    def perform(self, effect: do.Effect) -> None:  # noqa: C901, PLR0912 - one closed match over the union
        """Do one effect; what takes time goes on as a task."""
        match effect:
            case do.Deliver(stream, data):
                self._channel.write(stream, data)
            case do.SendPod() | do.EndPodInput() | do.ResizePod():
                self._queue(effect)
            case do.Resolve(target, known):
                self._start(self._resolve(target, known))
            case do.Parse(text, dialect):
                self._start(self._parse(text, dialect))
            case do.OpenPod():
                self._exec, self._unwanted = None, False
                self._opening = self._start(self._run(effect))
            case do.KillPod():
                self._kill()
            case do.Edit(prompt, multiline):
                self._code_for = ""
                self._channel.edit(prompt, multiline=multiline)
            case do.AskCode(approval, prompt):
                self._code_for = approval
                self._channel.edit(prompt, secret=True)
            case do.ResizeEditor(size):
                self._channel.resized(size)
            case do.FileApproval(asked):
                self._filed[asked.id] = asyncio.Event()
                self._start(self._file(effect))
            case do.WithdrawApproval(approval):
                self._code_for = ""
                self._kills.add(self._group.create_task(self._withdraw(approval)))
            case do.ConsumeApproval(approval):
                self._start(self._consume(approval))
            case do.Exit(status, signal, message):
                self.status, self.signal, self.message = status, signal, message
            case do.Note() | do.Mark():
                pass
            case _:
                assert_never(effect)

    async def room(self) -> None:
        """Wait until the pod took most of what the client sent."""
        await self._room.wait()

    async def intercept(
        self, event: ClientSent | ClientEnded | EditorDrew | LineEntered | LineAborted
    ) -> bool:
        """A one-time code goes to its door, never into the session or the recording."""
        if isinstance(event, LineAborted):
            self._code_for = ""
        if not self._code_for or not isinstance(event, LineEntered):
            return False
        approval, self._code_for = self._code_for, ""
        self._post(await self._doors.approvals.check_code(approval, self._identity, event.text.strip()))
        return True

    async def ended(self, seconds: float) -> None:
        """Wait for kills and withdrawals, for a bounded time."""
        if self._kills:
            await asyncio.wait(self._kills, timeout=seconds)

    async def abandon(self, seconds: float) -> None:
        """The session is severed: end what runs in the pod."""
        if self._exec:  # no task of the group: that may be closing already
            await asyncio.wait([asyncio.ensure_future(self._exec.kill())], timeout=seconds)

    def stop(self) -> None:
        """Cancel every task."""
        for task in (*self._tasks, *self._kills, *((self._sender,) if self._sender else ())):
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @property
    def survivors(self) -> int:
        """Processes that could not be ended, over all kills; -1: for one of them that is not known."""
        counts = [each.survivors for each in self._killed]
        return -1 if -1 in counts else sum(counts)

    def _kill(self) -> None:
        if self._exec:
            self._killed.append(self._exec)
            self._kills.add(self._group.create_task(self._exec.kill()))
        elif self._opening and not self._opening.done():
            self._unwanted = True
            self._kills.add(self._opening)

    def _queue(self, effect: do.Effect) -> None:
        self._outgoing.append(effect)
        self._queued += _cost(effect)
        if self._queued > MAX_QUEUED:
            self._room.clear()
        if self._sender is None:
            self._sender = self._group.create_task(self._send())

    async def _send(self) -> None:
        while self._outgoing and self._exec:
            effect = self._outgoing.popleft()
            match effect:
                case do.SendPod(data):
                    await self._exec.send(data)
                case do.EndPodInput():
                    await self._exec.end_input()
                case do.ResizePod(size):
                    await self._exec.resize(size)
                case _:
                    pass
            self._queued -= _cost(effect)
            if self._queued <= MAX_QUEUED:
                self._room.set()
        self._sender = None

    async def _resolve(self, target: Target, known: str) -> None:
        cluster, now = self._doors.cluster, self._doors.clock
        pod = await cluster.resolve(target)
        if isinstance(pod, Refusal):
            return self._post(Refused(now(), pod))
        values = () if known == "off" else await cluster.secrets(pod)
        if isinstance(values, Refusal):
            if known == "required":
                return self._post(Refused(now(), values))
            values = ()
        patterns = await self._doors.compiled.patterns(values)
        if isinstance(patterns, Refusal):
            if known == "required":
                return self._post(Refused(now(), patterns))
            values, patterns = (), compile_patterns(())
        return self._post(Resolved(now(), pod, patterns, len(values), len(patterns.uncovered)))

    async def _parse(self, text: bytes, dialect: str) -> None:
        self._post(await self._doors.syntax.parse(text, dialect))

    async def _run(self, effect: do.OpenPod) -> None:
        grant, now = effect.grant, self._doors.clock
        if effect.check_uid:
            pod = grant.pod
            same = await self._doors.cluster.resolve(
                Target(pod.namespace, pod.name, container=pod.container, cluster="")
            )
            if isinstance(same, Refusal):
                return self._post(PodFailed(now(), same))
            if (same.uid, same.container_id) != (pod.uid, pod.container_id):
                why = Refusal("approval-void", "the pod was replaced after the approval", "ask again")
                return self._post(PodFailed(now(), why))
        if self._unwanted:
            return self._post(PodFailed(now(), STOPPED))
        opened = await self._doors.cluster.open(grant, effect.size)
        if isinstance(opened, Refusal):
            return self._post(PodFailed(now(), opened))
        if self._unwanted:
            await opened.kill()
            return self._post(PodFailed(now(), STOPPED))
        self._exec, self._outgoing = opened, deque()
        self._queued = 0
        self._room.set()
        await self._handled(PodOpened(now(), grant.unit))
        while True:
            event = await opened.receive()
            if isinstance(event, PodSent):
                await self._feed(event)
                continue
            await self._handled(event)
            return None

    async def _feed(self, event: PodSent) -> None:
        """Hand in output in slices of a few milliseconds of work, and rest as long as a long one took.

        A screen costs a thousand times what a line of text does, on the one loop that all share.
        """
        data = event.data
        while data:
            piece, data = data[: self._slice], data[self._slice :]
            await self._handled(PodSent(event.at, event.stream, piece))
            fits = int(len(piece) * SLICE_SECONDS / max(self.spent, 1e-6))
            self._slice = min(MAX_SLICE, max(MIN_SLICE, fits, self._slice // 2))
            if self.spent > SLICE_SECONDS / 4:
                await asyncio.sleep(min(self.spent, MAX_REST))
        await self._channel.drain()

    async def _file(self, effect: do.FileApproval) -> None:
        filed = await self._doors.approvals.file(effect.asked, self._doors.clock())
        self._filed[effect.asked.id].set()
        self._post(filed)
        if effect.asked.waits and not isinstance(filed, Refused):
            self._post(await self._doors.approvals.settled(effect.asked.id))

    async def _withdraw(self, approval: str) -> None:
        if approval in self._filed:
            await self._filed[approval].wait()
        await self._doors.approvals.withdraw(approval)

    async def _consume(self, approval: str) -> None:
        self._post(await self._doors.approvals.consume(approval, self._identity))


def _cost(effect: do.Effect) -> int:
    return len(effect.data) if isinstance(effect, do.SendPod) else 1
