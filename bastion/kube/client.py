"""Requests to one API server: bounded JSON reads, and the upgrade that starts an exec.

The data path is aiohttp alone; the official package only reads the configuration. Nothing follows
a redirect (the credential would go along). Reads are repeated a little, execs never.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import aiohttp

from bastion.kube import answers
from bastion.kube.frames import read_json
from bastion.kube.handshake import Answered, handshake
from bastion.kube.settings import CredentialError, KubeSettings
from bastion.kube.transport import NO_LIMIT, SLOW, TROUBLE, Access, Lines, Query, read, target, why
from bastion.kube.wire import Wire
from bastion.model.refusal import Refusal

if TYPE_CHECKING:
    from bastion.kube.credentials import Credentials

MAX_OBJECT = 4 * 1024 * 1024
MAX_TARGET = 1024 * 1024
ATTEMPTS = 3
PAUSE = 0.2
REPEATED = frozenset({"cluster-down", "unauthorized"})


class Client:
    """The connection to one cluster. Loads its credential at the first request; `close` it."""

    def __init__(self, settings: KubeSettings) -> None:
        self._settings = settings
        self._credentials: Credentials | None = None
        self._loading = asyncio.Lock()
        self._pool: aiohttp.ClientSession | None = None
        self._single: aiohttp.TCPConnector | None = None

    async def reload(self) -> Refusal | None:
        """Read configuration and credential anew; open execs go on. On a Refusal the old ones stay."""
        async with self._loading:
            loaded = await _load(self._settings)
            if isinstance(loaded, Refusal):
                return loaded
            self._credentials = loaded
            return None

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.close()
        if self._single is not None:
            await self._single.close()

    async def get(self, path: str, query: Query = (), *, limit: int = MAX_OBJECT) -> dict[str, Any] | Refusal:
        """The JSON object at `path`, at most `limit` bytes; repeated a little, in bounded time."""
        answer: dict[str, Any] | Refusal = answers.unreachable(self._settings.name, SLOW)
        rejected: Access | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.request_timeout):
                for attempt in range(ATTEMPTS):
                    await asyncio.sleep(PAUSE * attempt)
                    access = await self._access(rejected)
                    if isinstance(access, Refusal):
                        return access
                    answer = await self._get_once(access, target(path, query), limit)
                    if not isinstance(answer, Refusal) or answer.code not in REPEATED:
                        return answer
                    if answer.code == "unauthorized" and rejected is not None:
                        return answer
                    rejected = access if answer.code == "unauthorized" else None
        return answer

    @contextlib.asynccontextmanager
    async def stream(self, path: str, query: Query) -> AsyncIterator[Lines | Refusal]:
        """A watch: the body's lines for as long as the block lasts, or why there are none."""
        answer: aiohttp.ClientResponse | Refusal = answers.unreachable(self._settings.name, SLOW)
        rejected: Access | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.request_timeout):
                answer, rejected = await self._begin(target(path, query), None)
                if rejected is not None:
                    answer, _ = await self._begin(target(path, query), rejected)
        if isinstance(answer, Refusal):
            yield answer
            return
        try:
            yield Lines(answer.content)
        finally:
            answer.close()

    async def _begin(
        self, asked: str, rejected: Access | None
    ) -> tuple[aiohttp.ClientResponse | Refusal, Access | None]:
        """The open answer to a watch, or a Refusal; with the credential, if that was rejected."""
        access = await self._access(rejected)
        if isinstance(access, Refusal):
            return access, None
        try:
            response = await self._sessions().get(
                access.url(asked), headers=_headers(access), allow_redirects=False, **access.route
            )
            if response.status == 200:
                return response, None
            async with response:
                body = await read(response, answers.MAX_BODY)
        except TROUBLE as error:
            return answers.unreachable(self._settings.name, why(error)), None
        refusal = answers.refused(self._settings.name, response.status, body or b"")
        return refusal, access if response.status == 401 else None

    async def upgrade(self, path: str, query: Query, headers: Query) -> Wire | Refusal:
        """Open an exec's WebSocket. Only a 401, before which nothing ran, is followed by a second try.

        The Refusal's code is `start-unknown` if the command may have been started all the same.
        """
        asked = target(path, query)
        if len(asked) > MAX_TARGET:
            return Refusal("too-long", "the command is too long for the cluster", "send it as a file")
        rejected: Access | None = None
        answer = Answered(401, b"")
        while answer.status == 401:
            access = await self._access(rejected)
            if isinstance(access, Refusal):
                return access
            if self._single is None:
                self._single = aiohttp.TCPConnector(limit=0, force_close=True)
            wire = await handshake(self._single, self._settings, access, asked, headers)
            if not isinstance(wire, Answered):
                return wire
            answer = wire
            if rejected is not None:
                break
            rejected = access
        return answers.refused(self._settings.name, answer.status, answer.body, upgrade=True)

    async def _access(self, rejected: Access | None) -> Access | Refusal:
        if self._credentials is None:
            async with self._loading:
                if self._credentials is None:
                    loaded = await _load(self._settings)
                    if isinstance(loaded, Refusal):
                        return loaded
                    self._credentials = loaded
        return await _fresh(self._settings.name, self._credentials, rejected)

    async def _get_once(self, access: Access, asked: str, limit: int) -> dict[str, Any] | Refusal:
        name = self._settings.name
        try:
            async with self._sessions().get(
                access.url(asked), headers=_headers(access), allow_redirects=False, **access.route
            ) as response:
                body = await read(response, limit if response.status == 200 else answers.MAX_BODY)
                if response.status != 200:
                    return answers.refused(name, response.status, body or b"")
        except TROUBLE as error:
            return answers.unreachable(name, why(error))
        value = None if body is None else read_json(body, limit)
        return answers.refused(name, 200, b"") if value is None else value

    def _sessions(self) -> aiohttp.ClientSession:
        if self._pool is None:
            self._pool = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), timeout=NO_LIMIT
            )
        return self._pool


def _headers(access: Access) -> dict[str, str]:
    return {"Accept": "application/json", "Accept-Encoding": "identity", **access.headers}


async def _load(settings: KubeSettings) -> Credentials | Refusal:
    credentials = await asyncio.to_thread(importlib.import_module, "bastion.kube.credentials")
    try:
        loaded: Credentials = await credentials.load(settings)
    except CredentialError as error:
        return answers.misconfigured(settings.name, str(error))
    return loaded


async def _fresh(name: str, credentials: Credentials, rejected: Access | None) -> Access | Refusal:
    try:
        return await credentials.access(rejected=rejected)
    except CredentialError as error:
        return answers.misconfigured(name, str(error))
