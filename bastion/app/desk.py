"""The login `approvals`: list, show, approve, deny, wait for and run approvals, with or without a PTY.

Whatever it says is recorded first, as in any session; a vote is a leaf on the disk before it counts.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime

from bastion.app.counter import Counter
from bastion.core.approval import may_decide
from bastion.core.masking.scan import hidden
from bastion.core.texts import plain
from bastion.core.unmistakable import escaped, warning
from bastion.model.approval import Asked, State
from bastion.model.effects import Note
from bastion.model.events import ClientEnded, ClientSent, EditorDrew, LineAborted, LineEntered
from bastion.model.principal import Principal
from bastion.model.refusal import EXIT_DENIED, EXIT_NOT_UNDERSTOOD, EXIT_PENDING, Refusal
from bastion.relay.journal import EvidenceError
from bastion.relay.ports import Channel
from bastion.store.approvals import UNKNOWN, ApprovalQueue, Row
from bastion.store.codes import Codes

USAGE = Refusal(
    "usage",
    "what should be done with the approvals?",
    "list | show ID | approve ID | deny ID REASON | wait ID | run ID, each with --json",
    64,
)
CODE_SECONDS = 60.0
_VERBS = {"list": 0, "show": 1, "approve": 1, "deny": 2, "wait": 1, "run": 1}


_ID = re.compile(r"[0-9a-f]{32}")
SECRET_IN_REASON = Refusal(
    "secret-in-reason",
    "the reason looks like it holds a secret, which the ledger would keep; nothing was decided",
    "deny it again in other words",
    EXIT_NOT_UNDERSTOOD,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the desk answers: lines for people, an object for machines, a status."""

    lines: tuple[str, ...]
    data: object
    status: int = 0


class Desk:
    """Serves one command a channel."""

    def __init__(self, queue: ApprovalQueue, codes: Codes, host: str) -> None:
        self._queue, self._codes, self._host = queue, codes, host

    async def serve(self, channel: Channel, counter: Counter) -> Asked | None:
        """Answer and close the channel; for `run`, the request whose session takes the channel over."""
        who = channel.principal
        words, as_json = _words(channel.request.line)
        facts: dict[str, str | int | bool | list[str] | None] = {
            "identity": who.key, "source": channel.source, "verb": _known_verb(words),
            "approval": words[1] if len(words) > 1 and _ID.fullmatch(words[1]) else "",
        }  # fmt: skip
        try:
            await counter.note(Note("desk.asked", facts))
            if words[:1] == ["run"] and len(words) == 2:
                row = await self._runnable(words[1], who)
                if isinstance(row, Asked):
                    return row
                reply = _refused(row)
            else:
                reply = await self._reply(channel, counter, words)
            await _answer(channel, counter, reply, as_json=as_json)
        except EvidenceError:
            counter.unrecorded()
        return None

    async def _reply(self, channel: Channel, counter: Counter, words: list[str]) -> Reply:
        who = channel.principal
        if not words:
            words = ["list"] if channel.request.pty else []
        if not words or words[0] not in _VERBS or len(words) - 1 < _VERBS[words[0]]:
            return _refused(USAGE)
        match words:
            case ["list"]:
                rows = [row for row in await self._queue.pending() if _may_see(row, who)]
                return _listed(rows, self._host)
            case ["show", one]:
                row = await self._queue.row(one)
                return _shown(row) if row and _may_see(row, who) else _refused(UNKNOWN)
            case ["wait", one]:
                return await self._wait(one, who)
            case ["approve", one]:
                return await self._approve(channel, counter, one)
            case ["deny", one, *reason]:
                return await self._deny(counter, one, " ".join(reason), who)
            case _:
                return _refused(USAGE)

    async def _approve(self, channel: Channel, counter: Counter, one: str) -> Reply:
        who = channel.principal
        row = await self._queue.row(one)
        if row is None or not _may_see(row, who):
            return _refused(UNKNOWN)
        if row.asked and row.state is State.REQUESTED:
            why = may_decide(row.asked, who)
            if why:
                await counter.note(Note("approval.refused", {"approval": one, "by": who.key, "why": why}))
                return _refused(Refusal("may-not-approve", why, "ask a colleague"))
            if row.asked.terms.approver_factor != "none":
                problem = await self._factor(channel, counter, who)
                if problem:
                    refused = {"approval": one, "by": who.key, "why": problem}
                    await counter.note(Note("approval.refused", refused))
                    return _refused(Refusal("factor-missing", problem, "use ssh -t and type a fresh code"))
            fields = {
                "approval": one,
                "by": who.key,
                "name": who.name,
                "factor": row.asked.terms.approver_factor,
            }
            await counter.note(Note("approval.voted", fields))
        voted = await self._queue.approve(one, who)
        if isinstance(voted, Refusal):
            return _refused(voted)
        left = voted.shown["peers"] - len(voted.voters)
        text = (
            f"approved {one}"
            if voted.state is State.APPROVED
            else f"noted for {one}; {max(0, left)} more needed"
        )
        return Reply((f"bastion: {text}",), _public(voted))

    async def _factor(self, channel: Channel, counter: Counter, who: Principal) -> str:
        """A fresh code of the approver: typed without echo, or the first line of standard input."""
        try:
            async with asyncio.timeout(CODE_SECONDS):
                code = await _code(channel, counter)
        except TimeoutError:
            return f"no one-time code came within {CODE_SECONDS:.0f} s"
        if code is None:
            return "this approval needs your one-time code"
        checked = await self._codes.check(who.key, code)
        return "" if checked.accepted else checked.message

    async def _deny(self, counter: Counter, one: str, reason: str, who: Principal) -> Reply:
        row = await self._queue.row(one)
        if row is None or not _may_see(row, who):
            return _refused(UNKNOWN)
        if hidden(reason) != reason:
            return _refused(SECRET_IN_REASON)
        await counter.note(Note("approval.denying", {"approval": one, "by": who.key, "reason": reason[:500]}))
        done = await self._queue.deny(one, who, reason)
        if isinstance(done, Refusal):
            return _refused(done)
        return Reply((f"bastion: {done.state.value} {one}",), _public(done))

    async def _wait(self, one: str, who: Principal) -> Reply:
        row = await self._queue.row(one)
        if row is None or row.identity != who.key:
            return _refused(UNKNOWN)
        await self._queue.settled(one)
        row = await self._queue.row(one) or row
        status = {State.APPROVED: 0, State.EXPIRED: EXIT_PENDING}.get(row.state, EXIT_DENIED)
        hint = f"; now: ssh approvals@{self._host} run {one}" if row.state is State.APPROVED else ""
        because = f": {row.reason}" if row.reason else ""
        return Reply((f"bastion: {one} is {row.state.value}{because}{hint}",), _public(row), status)

    async def _runnable(self, one: str, who: Principal) -> Asked | Refusal:
        row = await self._queue.row(one)
        if row is None or row.identity != who.key:
            return UNKNOWN
        if row.state is State.APPROVED and row.asked and not row.asked.waits:
            return row.asked
        if row.state is State.REQUESTED:
            hint = f"ssh approvals@{self._host} wait {one}"
            return Refusal("approval-pending", f"{one} is not approved yet", hint, EXIT_PENDING)
        status = EXIT_PENDING if row.state is State.EXPIRED else EXIT_DENIED
        return Refusal("approval-over", f"{one} is {row.state.value}; nothing runs", "ask again", status)


async def _answer(channel: Channel, counter: Counter, reply: Reply, *, as_json: bool) -> None:
    said_plainly = [plain(line) for line in reply.lines]
    lines = [json.dumps(reply.data, separators=(",", ":"))] if as_json else said_plainly
    end = b"\r\n" if channel.request.pty else b"\n"
    text = b"".join(line.encode("utf-8", "backslashreplace") + end for line in lines)
    to_out = channel.request.pty or as_json or reply.status == 0
    await counter.say("out" if to_out else "err", text, Note("desk.answered", {"status": reply.status}))
    await counter.close(reply.status)
    await channel.flush()


def _known_verb(words: list[str]) -> str:
    """The verb for the ledger; what is none may hold anything."""
    return words[0] if words and words[0] in _VERBS else "?" if words else ""


def _words(line: bytes) -> tuple[list[str], bool]:
    try:
        words = shlex.split(line.decode())
    except (UnicodeDecodeError, ValueError):
        return ["?"], False
    return [word for word in words if word != "--json"], "--json" in words


async def _code(channel: Channel, counter: Counter) -> str | None:
    if channel.request.pty:
        channel.edit("bastion: your one-time code: ", secret=True)
        while True:
            event = await channel.receive()
            if isinstance(event, EditorDrew):
                await counter.say("out", event.data)
            if isinstance(event, LineEntered):
                return event.text.strip()
            if isinstance(event, LineAborted | ClientEnded):
                return None
    typed = b""
    while b"\n" not in typed and len(typed) < 64:
        event = await channel.receive()
        if isinstance(event, ClientEnded):
            break
        typed += event.data if isinstance(event, ClientSent) else b""
    return typed.partition(b"\n")[0].decode("ascii", "replace").strip() or None


def _may_see(row: Row, who: Principal) -> bool:
    if who.key in (row.identity, row.shown["owner"]):
        return True
    return bool(who.groups & set(row.shown["from"])) and (row.asked is None or not may_decide(row.asked, who))


def _public(row: Row) -> dict[str, object]:
    more = {"state": row.state.value, "expires": row.expires, "created": row.created, "reason": row.reason}
    warnings = [line.removeprefix("  ! ") for line in _warnings(row)]
    return {"v": 1, **row.shown, **more, "approved_by": list(row.voters), "warnings": warnings}


def _listed(rows: list[Row], host: str) -> Reply:
    lines = [line for row in rows for line in (_row(row), *_warnings(row))] or [
        "bastion: no approval is pending that you may see"
    ]
    if rows:
        lines.append(f"bastion: decide with ssh approvals@{host} approve ID, or deny ID REASON")
    return Reply(tuple(lines), [_public(row) for row in rows])


def _row(row: Row) -> str:
    shown = row.shown
    clock = datetime.fromtimestamp(row.expires, UTC).strftime("%H:%M:%S UTC")
    names = [name for name, _ in shown["environment"]]
    rest = f" and {len(names) - 8} more" if len(names) > 8 else ""
    carried = f"  with {escaped(', '.join(names[:8]))}{rest}" if names else ""
    place = f"{shown['target']}  in {escaped(shown['cwd'])}{carried}"
    who, text = escaped(shown["requester"]), escaped(shown["text"])
    return f"{row.id}  {row.state.value:<9}  until {clock}  {who}  {place}  $ {text}"


def _warnings(row: Row) -> list[str]:
    """One line for each part that does not read as what it is."""
    parts = {name: row.shown[name] for name in ("requester", "cwd", "text")}
    parts["environment"] = " ".join(f"{name}={value}" for name, value in row.shown["environment"])
    return [f"  ! {name}: {found}" for name, part in parts.items() if (found := warning(part))]


def _shown(row: Row) -> Reply:
    public = _public(row)
    lines = [
        f"{name:<16} {escaped(str(value))}" for name, value in public.items() if value not in ("", [], None)
    ]
    return Reply((*lines, *_warnings(row)), public)


def _refused(refusal: Refusal) -> Reply:
    data = {"v": 1, "status": "refused", "code": refusal.code, "reason": refusal.text, "hint": refusal.hint}
    return Reply((refusal.line(),), data, refusal.status)
