"""Following one Secret, or all of a namespace: a watch, and reads at intervals where it is forbidden.

    watch from a version ─┬─ events, bookmarks ─▶ learn; the version moves on
                          ├─ the server's end ──▶ watch again from there
                          ├─ 410 Gone, ERROR ───▶ watch again from the present state
                          └─ 403 ───────────────▶ read every `interval` seconds
    nothing for `grace` seconds ─▶ lost; it goes on trying

A watch without a version begins with the present state (Kubernetes API concepts, "Semantics for
watch"), so nothing that lasts is missed, whatever broke. A server that is silent is left after
`WATCH_SECONDS`, since bookmarks come but nobody promises when.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from urllib.parse import quote

import structlog

from bastion.kube.client import Client
from bastion.kube.frames import read_json
from bastion.kube.knowledge import ALL, Knowledge
from bastion.kube.secrets import MAX_BODY, Json, listed, name_of
from bastion.model.refusal import Refusal

_log = structlog.get_logger("bastion.kube")
WATCH_SECONDS = 120
SLACK = 10
PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0)
LIVE_PAUSE = 0.5
LOST = Refusal(
    "secrets-lost",
    "the values that must be masked in this pod cannot be kept up to date any more",
    "connect again when the cluster answers; an administrator checks the bastion's rights to Secrets",
)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between two reads where watching is forbidden, and until what is not known is lost."""

    interval: float = 10.0
    grace: float = 300.0


class Follower:
    """Keeps one source of some knowledge up to date; `run` goes on until it is cancelled."""

    def __init__(
        self, client: Client, knowledge: Knowledge, source: str, pace: Pace, *, version: str = ""
    ) -> None:
        self._client, self._knowledge, self._source, self._pace = client, knowledge, source, pace
        self._version = version
        self.watches = True

    async def run(self) -> None:
        """Watch, or read at intervals; raises nothing but CancelledError."""
        failures = 0
        while True:
            watched = self.watches
            if await (self._watch() if watched else self._read()):
                failures = 0
                await asyncio.sleep(LIVE_PAUSE if watched else self._pace.interval)
                continue
            if watched and not self.watches:
                continue
            if self._knowledge.unsure_for(self._source) >= self._pace.grace:
                self._knowledge.lose(self._source, LOST)
            pause = PAUSES[min(failures, len(PAUSES) - 1)]
            failures += 1
            await asyncio.sleep(min(pause, self._pace.grace / 4))

    async def _watch(self) -> bool:
        """One watch, until the server ends it; whether it was one."""
        query = [("watch", "1"), ("allowWatchBookmarks", "true"), ("timeoutSeconds", str(WATCH_SECONDS))]
        if self._source != ALL:
            query.append(("fieldSelector", f"metadata.name={self._source}"))
        if self._version:
            query.append(("resourceVersion", self._version))
        good = False
        with contextlib.suppress(TimeoutError):
            async with (
                asyncio.timeout(WATCH_SECONDS + SLACK),
                self._client.stream(self._knowledge.wanted.path, query) as lines,
            ):
                if isinstance(lines, Refusal):
                    return self._refused(lines)
                self._knowledge.sure(self._source)
                good = True
                while good and (line := await lines.next(MAX_BODY)) is not None:
                    good = await self._happened(line)
        return good

    def _refused(self, why: Refusal) -> bool:
        if why.code == "forbidden":
            self.watches = False
            where = {"namespace": self._knowledge.wanted.namespace, "secret": self._source}
            _log.warning("secrets.not-watched", **where, read_every=self._pace.interval)
        elif why.code != "cluster-down":
            self._version = ""
        return False

    async def _happened(self, line: bytes) -> bool:
        """One event of a watch; False: this watch cannot go on."""
        event = read_json(line, MAX_BODY) or {}
        item = event.get("object")
        if not isinstance(item, dict) or event.get("type") not in {
            "ADDED",
            "MODIFIED",
            "DELETED",
            "BOOKMARK",
        }:
            self._version = ""
            return False
        if event["type"] in {"ADDED", "MODIFIED"} and not await self._learn(item):
            return True
        meta = item.get("metadata")
        self._version = str(meta.get("resourceVersion") or "") if isinstance(meta, dict) else ""
        self._knowledge.sure(self._source)
        return True

    async def _read(self) -> bool:
        """Read what is there now; whether that is known."""
        wanted = self._knowledge.wanted
        if self._source == ALL:
            found = await listed(self._client, wanted)
            if isinstance(found, Refusal):
                return False
            items = list(found[0].values())
        else:
            answer = await self._client.get(f"{wanted.path}/{quote(self._source)}", limit=MAX_BODY)
            if isinstance(answer, Refusal) and answer.code != "not-found":
                return False
            items = [] if isinstance(answer, Refusal) else [answer]
        learnt = [await self._learn(item) for item in items]
        if all(learnt):
            self._knowledge.sure(self._source)
        return True

    async def _learn(self, item: Json) -> bool:
        """What cannot be known is lost at once: waiting would not make it known."""
        refusal = await self._knowledge.learn(name_of(item), item)
        if refusal is not None:
            self._knowledge.lose(self._source, refusal)
        return refusal is None
