"""Knowledge: the values of one set of Secrets, shared by the sessions that need it; it only grows.

    reads, watches ─▶ learn ─▶ values (old ones stay) ─▶ every Reader's `changed`
    watches that fail ─▶ lose ─▶ every Reader's `changed`: a Refusal, once

References are `secret-2/3`, never names: the second Secret, its third value, in the order in which
they were met. The log names the Secrets whose values are too weak to be masked; sessions never do.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import structlog

from bastion.core.masking.patterns import MAX_VALUES
from bastion.kube.reach import Wanted, refuse
from bastion.kube.secrets import Json, contents
from bastion.model.masks import Known, KnownValue
from bastion.model.refusal import Refusal

_log = structlog.get_logger("bastion.kube")
MAX_WEAK = 1024
ALL = ""
"""The source that is the whole namespace."""


class Knowledge:
    """Values and who reads them. A source is a Secret's name, or `ALL`."""

    def __init__(self, cluster: str, wanted: Wanted, clock: Callable[[], float]) -> None:
        self.wanted = wanted
        self._cluster, self._clock = cluster, clock
        self._keys = {name: keys for name, keys, _ in wanted.names or ()}
        self._numbers = {name: number for number, name in enumerate(self._keys, 1)}
        self._places: dict[str, int] = {}
        self._values: dict[bytes, KnownValue] = {}
        self._weak: dict[tuple[str, bytes], str] = {}
        self._sure: dict[str, float] = {}
        self._lost: dict[str, Refusal] = {}
        self.readers: set[Reader] = set()
        self.pins = 0
        self.generation = 0

    def __repr__(self) -> str:
        return f"Knowledge({len(self._values)} values, {len(self.readers)} readers)"

    @property
    def idle(self) -> bool:
        """Whether no session reads it or is about to."""
        return not self.readers and not self.pins

    @property
    def values(self) -> tuple[KnownValue, ...]:
        """Every value that was met so far."""
        return tuple(self._values.values())

    @property
    def weak(self) -> tuple[str, ...]:
        """References of the values that cannot be masked by value."""
        return tuple(self._weak.values())

    @property
    def lost(self) -> Refusal | None:
        """Why the values are not up to date; None: they are."""
        return next(iter(self._lost.values()), None)

    async def learn(self, name: str, secret: Json) -> Refusal | None:
        """Add what a Secret holds now; a Refusal when that cannot be known."""
        found = await asyncio.to_thread(contents, secret, self._keys.get(name))
        number = self._numbers.setdefault(name, len(self._numbers) + 1)
        if found is None:
            return refuse(f"Secret {number} holds what cannot be decoded or is too large")
        before = len(self._values), len(self._weak)
        fresh = [value for value in found.values if value not in self._values]
        room = MAX_VALUES - len(self._values)
        for value in fresh[:room]:
            self._values[value] = KnownValue(self._reference(name, number), value)
        self._note_weak(name, number, found.weak)
        if before != (len(self._values), len(self._weak)):
            self.generation += 1
            self._wake()
        if len(fresh) > room:
            return refuse(f"its Secrets hold more than {MAX_VALUES} values")
        return None

    def sure(self, source: str) -> None:
        """What the source holds now is known."""
        self._sure[source] = self._clock()
        self._lost.pop(source, None)

    def unsure_for(self, source: str) -> float:
        """Seconds since the source was known for the last time; infinite if it never was."""
        return self._clock() - self._sure.get(source, -math.inf)

    def lose(self, source: str, why: Refusal) -> None:
        """What the source holds is not known any more."""
        if source not in self._lost:
            _log.error("secrets.lost", **self._where(source), why=why.code)
            self._lost[source] = why
            self._wake()

    def forget(self) -> None:
        """Nobody reads it any more: drop the values."""
        self._values.clear()
        self._weak.clear()

    def _reference(self, name: str, number: int) -> str:
        self._places[name] = place = self._places.get(name, 0) + 1
        return f"secret-{number}/{place}"

    def _note_weak(self, name: str, number: int, weak: tuple[tuple[str, bytes], ...]) -> None:
        fresh = [(key, value) for key, value in weak if (name, value) not in self._weak]
        for _, value in fresh[: max(0, MAX_WEAK - len(self._weak))]:
            self._weak.setdefault((name, value), self._reference(name, number))
        if fresh:
            keys = sorted({key for key, _ in fresh})
            _log.warning("secret.weak", **self._where(name), keys=keys[:32], values=len(fresh))

    def _where(self, source: str) -> dict[str, str]:
        place = {"cluster": self._cluster, "namespace": self.wanted.namespace}
        return {**place, "secret": source} if source else place

    def _wake(self) -> None:
        for reader in self.readers:
            reader.moved.set()


class Reader:
    """One session's view of some knowledge (`relay.ports.Reading`); `close` it.

    `known` is what was known when it was made, with what could not be read then.
    """

    def __init__(
        self, knowledge: Knowledge, unread: int, why: Refusal | None, closed: Callable[[], None]
    ) -> None:
        names = knowledge.wanted.names
        secrets = len(names) if names is not None else len(knowledge._numbers)  # noqa: SLF001 - the same module
        self._knowledge, self._closed = knowledge, closed
        self._generation, self._told = knowledge.generation, False
        self.known = Known(knowledge.values, knowledge.weak, secrets, unread, why)
        self.moved = asyncio.Event()
        knowledge.readers.add(self)

    async def changed(self) -> Known | Refusal:
        """Wait until more is known (all of it is returned), or until it is lost (told once)."""
        knowledge = self._knowledge
        while True:
            self.moved.clear()
            if self._generation != knowledge.generation:
                self._generation = knowledge.generation
                return Known(knowledge.values, knowledge.weak)
            lost = knowledge.lost
            told, self._told = self._told, lost is not None
            if lost and not told:
                return lost
            await self.moved.wait()

    def close(self) -> None:
        """The session is over."""
        if self in self._knowledge.readers:
            self._knowledge.readers.discard(self)
            self._closed()
