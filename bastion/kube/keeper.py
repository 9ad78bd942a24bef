"""Keeps what is known of Secrets: read anew for each session, followed once for all that share them.

Two pods that reach the same keys of the same Secrets share one knowledge. It is followed from the
first session on and for `LINGER` seconds after the last, since agents open a session a command.
"""

from __future__ import annotations

import asyncio

import structlog

from bastion.kube import pods
from bastion.kube.client import Client
from bastion.kube.follow import LOST, Follower, Pace
from bastion.kube.knowledge import ALL, Knowledge, Reader
from bastion.kube.reach import Wanted, unread, wanted
from bastion.kube.secrets import by_name, listed
from bastion.model.pod import Pod
from bastion.model.refusal import Refusal

_log = structlog.get_logger("bastion.kube")
LINGER = 30.0
MOST_WATCHED = 32
MAX_WATCHES = 512
READS_A_SECOND = 4.0


class Keeper:
    """Owns the knowledge of one cluster's Secrets and the tasks that follow them, until `close`."""

    def __init__(self, name: str, client: Client, pace: Pace) -> None:
        self._name, self._client, self._pace = name, client, pace
        self._kept: dict[Wanted, Knowledge] = {}
        self._tasks: dict[Wanted, dict[str, asyncio.Task[None]]] = {}

    async def open(self, pod: Pod, *, whole_namespace: bool) -> Reader | Refusal:
        """What is known for a session in this container; a Refusal when it cannot even be asked for.

        What could not be read stands in the Reader's `known`.
        """
        spec = await pods.same(self._client, pod)
        if isinstance(spec, Refusal):
            return spec
        asked: Wanted | Refusal = Wanted(pod.namespace)
        if not whole_namespace:
            asked = await wanted(self._client, pod.namespace, spec)
        if isinstance(asked, Refusal):
            return asked
        clock = asyncio.get_running_loop().time
        knowledge = self._kept.setdefault(asked, Knowledge(self._name, asked, clock))
        knowledge.pins += 1  # it is not let go of while it is read
        try:
            reading = await (self._names(knowledge) if asked.names is not None else self._all(knowledge))
            if isinstance(reading, Refusal):
                return reading
            missing, why, sources = reading
            for source, version in sources.items():
                self._follow(knowledge, source, version)
            return Reader(knowledge, missing, why, lambda: self._closed(knowledge))
        finally:
            knowledge.pins -= 1
            self._closed(knowledge)

    async def close(self) -> None:
        """End every watch."""
        tasks = [task for kept in self._tasks.values() for task in kept.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._kept.clear()
        self._tasks.clear()

    async def _names(self, knowledge: Knowledge) -> tuple[int, Refusal | None, dict[str, str]]:
        """(how many could not be read, why, the sources to follow with their versions)."""
        names = knowledge.wanted.names or ()
        answers = await by_name(self._client, knowledge.wanted, [name for name, _, _ in names])
        missing, why, sources = 0, None, {}
        for number, (name, _, required) in enumerate(names, 1):
            answer = answers[name]
            problem: Refusal | None = None
            if not isinstance(answer, Refusal):
                problem = await knowledge.learn(name, answer)
            elif answer.code != "not-found" or required:
                problem = unread(f"Secret {number} of {len(names)}", answer)
            if problem is None:
                sources[name] = ""
                knowledge.sure(name)
            else:
                missing, why = missing + 1, why or problem
        return missing, why, sources

    async def _all(self, knowledge: Knowledge) -> tuple[int, Refusal | None, dict[str, str]] | Refusal:
        found = await listed(self._client, knowledge.wanted)
        if isinstance(found, Refusal):
            return found
        secrets, version = found
        missing, why = 0, None
        for name, secret in secrets.items():
            problem = await knowledge.learn(name, secret)
            if problem is not None:
                missing, why = missing + 1, why or problem
        knowledge.sure(ALL)
        return missing, why, {ALL: version}

    def _follow(self, knowledge: Knowledge, source: str, version: str) -> None:
        tasks = self._tasks.setdefault(knowledge.wanted, {})
        if source in tasks and not tasks[source].done():
            return
        count = len(knowledge.wanted.names or (ALL,))
        pace = Pace(max(self._pace.interval, count / READS_A_SECOND), self._pace.grace)
        follower = Follower(self._client, knowledge, source, pace, version=version)
        every = sum(len(each) for each in self._tasks.values())
        follower.watches = count <= MOST_WATCHED and every < MAX_WATCHES
        task = tasks[source] = asyncio.get_running_loop().create_task(follower.run())
        task.add_done_callback(lambda done: _ended(done, knowledge, source))

    def _closed(self, knowledge: Knowledge) -> None:
        if knowledge.idle:
            asyncio.get_running_loop().call_later(LINGER, self._drop, knowledge)

    def _drop(self, knowledge: Knowledge) -> None:
        """Let go of it, unless somebody reads it again."""
        if not knowledge.idle or self._kept.get(knowledge.wanted) is not knowledge:
            return
        del self._kept[knowledge.wanted]
        for task in self._tasks.pop(knowledge.wanted, {}).values():
            task.cancel()
        knowledge.forget()


def _ended(task: asyncio.Task[None], knowledge: Knowledge, source: str) -> None:
    """A follower never ends by itself; if a fault ends it, what it followed is lost at once."""
    if not task.cancelled() and (fault := task.exception()) is not None:
        _log.error("secrets.fault", fault=type(fault).__name__)
        knowledge.lose(source, LOST)
