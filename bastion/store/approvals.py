"""The queue of approvals: each step is one conditional UPDATE, so exactly one of many wins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from sqlalchemy import Update, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bastion.core.approval import binding, may_decide
from bastion.model.approval import Asked, State
from bastion.model.events import ApprovalConsumed, ApprovalFiled, ApprovalSettled, CodeEntered, Refused
from bastion.model.principal import Principal
from bastion.model.refusal import Refusal
from bastion.store import asked as forms
from bastion.store.codes import Codes
from bastion.store.seal import Seal
from bastion.store.tables import approval, vote

POLL_SECONDS = 1.0
MAX_PENDING = 100
MAX_PENDING_EACH = 20
UNKNOWN = Refusal("unknown-approval", "unknown id", "see ssh approvals@host list")
_OPEN = (State.REQUESTED.value, State.APPROVED.value)


@dataclass(frozen=True, slots=True)
class Row:
    """One approval as the store knows it. `asked` stands only while it is pending."""

    id: str
    state: State
    identity: str
    shown: dict[str, Any]
    created: int
    expires: int
    reason: str
    voters: tuple[str, ...]
    asked: Asked | None


class ApprovalQueue:
    """Implements relay.ports.Approvals, and what approvers do. `wall` gives Unix seconds."""

    def __init__(
        self,
        engine: AsyncEngine,
        seal: Seal,
        codes: Codes,
        wall: Callable[[], int],
        clock: Callable[[], float],
    ) -> None:
        self._engine, self._seal, self._codes, self._wall, self._clock = engine, seal, codes, wall, clock
        self._changed = asyncio.Condition()

    async def file(self, asked: Asked, at: float) -> ApprovalFiled | Refused:
        """Store a request, sealed. Too many pending ones are refused."""
        now = self._wall()
        expires = now + asked.terms.ttl
        async with self._engine.begin() as link:
            await self._expire(link, now)
            pending = approval.c.state.in_(_OPEN)
            total = await link.scalar(select(func.count()).where(pending)) or 0
            own = (
                await link.scalar(select(func.count()).where(pending, approval.c.identity == asked.identity))
                or 0
            )
            if total >= MAX_PENDING or own >= MAX_PENDING_EACH:
                return Refused(
                    at, Refusal("too-many-approvals", "too many approvals are pending", "withdraw some", 75)
                )
            await link.execute(
                insert(approval).values(
                    id=asked.id, state=State.REQUESTED.value, identity=asked.identity,
                    binding=binding(asked, expires), shown=msgspec.json.encode(forms.shown(asked)).decode(),
                    sealed=self._seal.close(forms.pack(asked), asked.id), peers=asked.terms.peers,
                    code_wanted=int(asked.terms.totp), created=now, expires=expires,
                )
            )  # fmt: skip
        await self._tell()
        return ApprovalFiled(at, asked.id, expires)

    async def settled(self, approval_id: str) -> ApprovalSettled:
        """Wait; another process may decide, so a poll stands behind the wake-up."""
        while True:
            row = await self.row(approval_id)
            if row is None:
                return ApprovalSettled(self._clock(), approval_id, "void", reason="it is gone")
            if row.state is not State.REQUESTED:
                state: Literal["approved", "denied", "expired", "withdrawn", "void"]
                match row.state:
                    case State.APPROVED:
                        state = "approved"
                    case State.DENIED:
                        state = "denied"
                    case State.EXPIRED:
                        state = "expired"
                    case State.WITHDRAWN:
                        state = "withdrawn"
                    case _:
                        state = "void"
                return ApprovalSettled(self._clock(), approval_id, state, row.voters, row.reason)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS), self._changed:
                    await self._changed.wait()

    async def withdraw(self, approval_id: str) -> None:
        """Withdraw what is still open."""
        await self._step(approval_id, _OPEN, State.WITHDRAWN, "")

    async def consume(self, approval_id: str, identity: str) -> ApprovalConsumed:
        """Approved → consumed, once, for the identity that asked, before the deadline."""
        now = self._wall()
        row = await self.row(approval_id)
        whole = row is not None and row.asked is not None and row.identity == identity
        if not whole or row is None or row.asked is None:
            return ApprovalConsumed(
                self._clock(), approval_id, ok=False, why="it was already used or is gone"
            )
        async with self._engine.begin() as link:
            done = await link.execute(
                update(approval)
                .where(
                    approval.c.id == approval_id,
                    approval.c.state == State.APPROVED.value,
                    approval.c.identity == identity,
                    approval.c.expires > now,
                    approval.c.binding == binding(row.asked, row.expires),
                )
                .values(state=State.CONSUMED.value, sealed=None, decided=now)
            )
        await self._tell()
        ok = done.rowcount == 1
        return ApprovalConsumed(
            self._clock(), approval_id, ok=ok, why="" if ok else "it was already used or expired"
        )

    async def check_code(self, approval_id: str, identity: str, code: str) -> CodeEntered:
        """The requester's code; a right one counts for this approval only."""
        checked = await self._codes.check(identity, code)
        if checked.accepted:
            async with self._engine.begin() as link:
                mine = (approval.c.id == approval_id, approval.c.identity == identity)
                await link.execute(update(approval).where(*mine).values(code_given=1))
                await self._complete(link, approval_id)
            await self._tell()
        return CodeEntered(
            self._clock(),
            approval_id,
            accepted=checked.accepted,
            message=checked.message,
            final=checked.final,
        )

    async def approve(self, approval_id: str, who: Principal) -> Row | Refusal:
        """One person's yes. The row that comes back says whether it is complete."""
        row = await self.row(approval_id)
        if row is None or row.asked is None:
            return UNKNOWN if row is None else _over(row)
        if row.state is not State.REQUESTED:
            return _over(row)
        why = may_decide(row.asked, who)
        if why:
            return Refusal("may-not-approve", why, "ask a colleague")
        now = self._wall()
        async with self._engine.begin() as link:
            given = select(vote.c.person).where(vote.c.approval == approval_id, vote.c.person == who.person)
            if await link.scalar(given) is None:
                await link.execute(
                    insert(vote).values(
                        approval=approval_id, person=who.person, identity=who.key, name=who.name, at=now
                    )
                )
            await self._complete(link, approval_id)
        await self._tell()
        return await self.row(approval_id) or UNKNOWN

    async def deny(self, approval_id: str, who: Principal, reason: str) -> Row | Refusal:
        """One person's no ends it. The requester themselves withdraw."""
        row = await self.row(approval_id)
        if row is None or row.asked is None:
            return UNKNOWN if row is None else _over(row)
        own = who.key in (row.identity, row.asked.owner)
        if not own and may_decide(row.asked, who):
            return Refusal("may-not-deny", may_decide(row.asked, who), "ask a colleague")
        state = State.WITHDRAWN if own else State.DENIED
        if not await self._step(approval_id, _OPEN, state, f"{who.name}: {reason}"[:500]):
            return _over(await self.row(approval_id) or row)
        return await self.row(approval_id) or UNKNOWN

    async def row(self, approval_id: str) -> Row | None:
        """One approval, its deadline applied."""
        rows = await self._rows(approval.c.id == approval_id)
        return rows[0] if rows else None

    async def pending(self) -> list[Row]:
        """Every open approval, oldest first."""
        return await self._rows(approval.c.state.in_(_OPEN))

    async def _rows(self, where: Any) -> list[Row]:
        async with self._engine.begin() as link:
            await self._expire(link, self._wall())
            found = (await link.execute(select(approval).where(where).order_by(approval.c.created))).all()
            rows = []
            for one in found:
                names = select(vote.c.name).where(vote.c.approval == one.id).order_by(vote.c.at)
                voters = tuple((await link.scalars(names)).all())
                asked = forms.unpack(self._seal.open(one.sealed, one.id)) if one.sealed else None
                shown = msgspec.json.decode(one.shown)
                rows.append(
                    Row(
                        one.id,
                        State(one.state),
                        one.identity,
                        shown,
                        one.created,
                        one.expires,
                        one.reason,
                        voters,
                        asked,
                    )
                )
        return rows

    async def _complete(self, link: AsyncConnection, approval_id: str) -> None:
        people = (
            select(func.count(vote.c.person.distinct()))
            .where(vote.c.approval == approval_id)
            .scalar_subquery()
        )
        await link.execute(
            update(approval)
            .where(
                approval.c.id == approval_id,
                approval.c.state == State.REQUESTED.value,
                approval.c.expires > self._wall(),
                approval.c.peers <= people,
                approval.c.code_given >= approval.c.code_wanted,
            )
            .values(state=State.APPROVED.value)
        )

    async def _expire(self, link: AsyncConnection, now: int) -> None:
        late: Update = (
            update(approval)
            .where(approval.c.state.in_(_OPEN), approval.c.expires <= now)
            .values(state=State.EXPIRED.value, sealed=None, decided=now)
        )
        await link.execute(late)
        old = now - 7 * 86400
        await link.execute(delete(approval).where(approval.c.state.not_in(_OPEN), approval.c.decided < old))

    async def _step(self, approval_id: str, sources: tuple[str, ...], state: State, reason: str) -> bool:
        async with self._engine.begin() as link:
            done = await link.execute(
                update(approval)
                .where(approval.c.id == approval_id, approval.c.state.in_(sources))
                .values(state=state.value, sealed=None, reason=reason, decided=self._wall())
            )
        await self._tell()
        return done.rowcount == 1

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _over(row: Row) -> Refusal:
    return Refusal(
        "approval-over", f"approval {row.id} is {row.state.value}: nothing was changed", row.reason
    )
