"""The one loop: take an event, let the session decide, log the effects, perform them.

    client ─┐                                  ┌─▶ journal + recording (must succeed)
    pod ────┤─▶ inbox ─▶ Session.receive() ─▶──┤
    doors ──┤                                  └─▶ Hands.perform()
    clock ──┘

A pump reads its peer only when its last event was handled and the other side has room, so a slow
peer pauses the one that feeds it and nothing else. The only broad `except` of the house is here:
a fault severs the session, it never lets it run on unrecorded.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from bastion.core.session import Session
from bastion.model.effects import Effect, Note
from bastion.model.events import (
    ClientEnded,
    ClientGone,
    ClientResized,
    EditorDrew,
    Ended,
    Event,
    Requested,
    TimePassed,
)
from bastion.model.refusal import EXIT_FAULT, Refusal
from bastion.relay.evidence import Evidence
from bastion.relay.hands import Doors, Hands
from bastion.relay.journal import EvidenceError
from bastion.relay.ports import Channel
from bastion.relay.unrecorded import UNRECORDED

_log = structlog.get_logger("bastion.relay")
FAULT = "bastion: the session was ended by a fault of the bastion; tell its operators"
END_SECONDS = 8.0
ALERTS = frozenset({"mask.oracle"})


class Relay:
    """Runs one session on one channel. `run` returns when the channel is closed; it never raises."""

    def __init__(
        self, session: Session, channel: Channel, evidence: Evidence, doors: Doors, wall: Callable[[], int]
    ) -> None:
        self._session, self._channel, self._evidence = session, channel, evidence
        self._doors, self._wall = doors, wall
        self._now = doors.clock
        self._inbox: deque[tuple[Event, asyncio.Event | None]] = deque()
        self._woken, self._moved = asyncio.Event(), asyncio.Condition()
        self.began = False

    def post(self, event: Event) -> None:
        """Hand in an event; never waits."""
        self._inbox.append((event, None))
        self._woken.set()

    def end(self, refusal: Refusal) -> None:
        """End the session from outside: shutdown, expired identity, an administrator."""
        self.post(Ended(self._now(), refusal))

    async def run(self) -> None:
        """From the request to the closed channel."""
        self.began = True
        why = ""
        try:
            self._evidence.open(self._channel.request.pty, self._wall, self._now())
            async with asyncio.TaskGroup() as group:
                hands = Hands(self._channel, self._doors, group, self.post, self._handled)
                pumps = [group.create_task(self._controls(hands)), group.create_task(self._inputs(hands))]
                try:
                    await self._turns(hands)
                    await self._evidence.seal(self._now(), hands.status)
                    await self._finish(hands)
                except BaseException:
                    await hands.abandon(END_SECONDS)
                    raise
                finally:
                    for task in pumps:
                        task.cancel()
                    hands.stop()
        except* EvidenceError as group_error:
            why = str(group_error.exceptions[0])
            await self._sever(UNRECORDED.line(), why)
        except* Exception as group_error:  # noqa: BLE001 - a fault severs: anything else would run on unjudged
            why = type(group_error.exceptions[0]).__name__
            _log.error("session.fault", fault=why, where=_where(group_error))
            await self._sever(FAULT, why)

    async def _turns(self, hands: Hands) -> None:
        self._inbox.appendleft((Requested(self._now(), self._channel.request), None))  # before an early end
        session = self._session
        while not session.over:
            if not self._inbox:
                await self._wait(_sooner(session.deadline, self._evidence.due))
                self._evidence.progress(self._now())
            if not self._inbox:
                self.post(TimePassed(self._now()))
                continue
            event, handled = self._inbox.popleft()
            began = self._now()
            effects = session.receive(event)
            hands.took(self._now() - began)
            if effects:
                await self._evidence.log(effects, self._now())
                self._warn(effects)
                for effect in effects:
                    hands.perform(effect)
            if handled:
                handled.set()
            async with self._moved:
                self._moved.notify_all()

    def _warn(self, effects: Sequence[Effect]) -> None:
        """What operators should look at now stands in the log too; it names no value and no Secret."""
        for effect in effects:
            if isinstance(effect, Note) and effect.kind in ALERTS:
                _log.warning(effect.kind, session=self._evidence.session, **effect.fields)

    async def _wait(self, deadline: float | None) -> None:
        self._woken.clear()
        if self._inbox:
            return
        limit = None if deadline is None else max(0.0, deadline - self._now())
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._woken.wait()

    async def _handled(self, event: Event) -> None:
        """Post an event and wait until its effects were performed."""
        handled = asyncio.Event()
        self._inbox.append((event, handled))
        self._woken.set()
        await handled.wait()

    async def _controls(self, hands: Hands) -> None:
        while True:
            event = await self._channel.receive_control()
            await (hands.paced(event) if isinstance(event, ClientResized) else self._handled(event))
            if isinstance(event, ClientGone):
                return

    async def _inputs(self, hands: Hands) -> None:
        while True:
            async with self._moved:
                await self._moved.wait_for(lambda: self._session.wants_input)
            await hands.room()
            event = await self._channel.receive()
            if isinstance(event, EditorDrew):
                await hands.paced(event)
            elif not await hands.intercept(event):
                await self._handled(event)
            if isinstance(event, ClientEnded):
                return

    async def _finish(self, hands: Hands) -> None:
        await hands.ended(END_SECONDS)
        if hands.survivors:
            await self._evidence.log_only([Note("exec.survivors", {"count": hands.survivors})])
        if hands.signal:
            self._channel.exit_signal(hands.signal, hands.message)
        else:
            self._channel.exit(hands.status)
        await self._channel.flush()

    async def _sever(self, line: str, why: str) -> None:
        """The leaf, then the line; where there can be no leaf, the one line that needs none."""
        if not await self._evidence.severed(why):
            line = UNRECORDED.line()
        pty = self._channel.request.pty
        self._channel.write("out" if pty else "err", line.encode() + (b"\r\n" if pty else b"\n"))
        self._channel.exit(EXIT_FAULT)


def _sooner(one: float | None, other: float | None) -> float | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _where(error: BaseExceptionGroup[Exception]) -> str:
    """File and line of the innermost frame: never its values."""
    trace = error.exceptions[0].__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else ""
