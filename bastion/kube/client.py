"""Requests to one API server: bounded JSON reads, and the upgrade that starts an exec.

The data path is aiohttp alone; the official package only reads the configuration. Nothing follows
a redirect (the impersonation headers would go along), and an exec is sent exactly once: aiohttp
repeats a GET whose connection broke, and here that could run a command twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import ssl
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import aiohttp
from aiohttp.client_middlewares import ClientMiddlewareType
from multidict import CIMultiDict
from yarl import URL

from bastion.kube import answers
from bastion.kube.frames import PROTOCOLS, read_json
from bastion.kube.settings import CredentialError, KubeSettings
from bastion.kube.wire import Wire
from bastion.model.refusal import EXIT_FAULT, Refusal

if TYPE_CHECKING:
    from bastion.kube.credentials import Access, Credentials

MAX_MESSAGE = 1024 * 1024
MAX_OBJECT = 4 * 1024 * 1024
MAX_TARGET = 1024 * 1024
ATTEMPTS = 3
PAUSE = 0.2
REPEATED = frozenset({"cluster-down", "unauthorized"})
NO_LIMIT = aiohttp.ClientTimeout(total=None)
SLOW = "it did not answer in time"
WHY: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientConnectorCertificateError, "its certificate is not trusted"),
    (aiohttp.ClientSSLError, "it does not speak TLS as expected"),
    (ssl.SSLError, "it does not speak TLS as expected"),
    (aiohttp.ClientProxyConnectionError, "the proxy before it is not reachable"),
    (aiohttp.ClientHttpProxyError, "the proxy before it refuses"),
    (aiohttp.ClientConnectorError, "no connection"),
)

Query = Iterable[tuple[str, str]]


TROUBLE = (aiohttp.ClientError, OSError, ValueError)


class _Answered(Exception):  # noqa: N818 - not an error: how a middleware hands out an answer
    """The server answered the upgrade with something else than 101."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class _Broken(Exception):  # noqa: N818 - says what happened
    """The connection broke after the request was sent; it must not be sent again."""


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
                    access = await self._access(rejected)
                    if isinstance(access, Refusal):
                        return access
                    answer = await self._get_once(access, _target(path, query), limit)
                    if not isinstance(answer, Refusal) or answer.code not in REPEATED:
                        return answer
                    if answer.code == "unauthorized" and rejected is not None:
                        return answer
                    rejected = access if answer.code == "unauthorized" else None
                    await asyncio.sleep(PAUSE * attempt)
        return answer

    async def upgrade(self, path: str, query: Query, headers: Query) -> Wire | Refusal:
        """Open an exec's WebSocket. Only a 401, before which nothing ran, is followed by a second try.

        The Refusal's code is `start-unknown` if the command may have been started all the same.
        """
        target = _target(path, query)
        if len(target) > MAX_TARGET:
            return Refusal("too-long", "the command is too long for the cluster", "send it as a file")
        rejected: Access | None = None
        answer = _Answered(401, b"")
        while answer.status == 401:
            access = await self._access(rejected)
            if isinstance(access, Refusal):
                return access
            wire = await self._upgrade_once(access, target, headers)
            if not isinstance(wire, _Answered):
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

    async def _get_once(self, access: Access, target: str, limit: int) -> dict[str, Any] | Refusal:
        name = self._settings.name
        if self._pool is None:
            self._pool = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), timeout=NO_LIMIT
            )
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **_authorization(access)}
        try:
            async with self._pool.get(
                _url(access, target), headers=headers, allow_redirects=False, **_route(access)
            ) as response:
                body = await _read(response, limit if response.status == 200 else answers.MAX_BODY)
                if response.status != 200:
                    return answers.refused(name, response.status, body or b"")
        except TROUBLE as error:
            return answers.unreachable(name, _why(error))
        value = None if body is None else read_json(body, limit)
        return answers.refused(name, 200, b"") if value is None else value

    async def _upgrade_once(self, access: Access, target: str, headers: Query) -> Wire | _Answered | Refusal:
        name = self._settings.name
        if self._single is None:
            self._single = aiohttp.TCPConnector(limit=0, force_close=True)
        opened: list[aiohttp.ClientResponse] = []
        session = aiohttp.ClientSession(
            connector=self._single,
            connector_owner=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=NO_LIMIT,
            middlewares=(_once(opened),),
        )
        fields = CIMultiDict(headers)
        fields.update(_authorization(access))
        try:
            async with asyncio.timeout(self._settings.open_timeout):
                socket = await session.ws_connect(
                    _url(access, target),
                    protocols=PROTOCOLS,
                    autoping=False,
                    headers=fields,
                    max_msg_size=MAX_MESSAGE,
                    **_route(access),
                )
        except _Answered as answer:
            return answer
        except (_Broken, aiohttp.WSServerHandshakeError):
            return _unknown(name, "the connection broke")
        except TimeoutError:
            return _unknown(name, SLOW)
        except TROUBLE as error:
            return answers.unreachable(name, _why(error))
        finally:
            session.detach()
        wire = Wire(
            socket,
            opened[0],
            ping_interval=self._settings.ping_interval,
            pong_timeout=self._settings.pong_timeout,
        )
        if wire.protocol not in PROTOCOLS:
            await wire.aclose()
            return answers.refused(name, 403, b"", upgrade=True)
        return wire


def _once(opened: list[aiohttp.ClientResponse]) -> ClientMiddlewareType:
    """A middleware that keeps the response of a 101, and hands out any other with its body.

    Anything that aiohttp would answer with a second request (a broken connection, a redirect) is
    turned into an exception that it passes on.
    """

    async def middleware(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        try:
            response = await handler(request)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise _Broken from error
        if response.status != 101:
            body = await _read(response, answers.MAX_BODY)
            response.close()
            raise _Answered(response.status, body or b"")
        opened.append(response)
        return response

    return middleware


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


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The body, or None if it is longer than `limit` bytes."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > limit:
            return None
    return bytes(body)


def _target(path: str, query: Query) -> str:
    encoded = urlencode(list(query), encoding="utf-8", errors="surrogateescape", quote_via=quote)
    return f"{path}?{encoded}" if encoded else path


def _url(access: Access, target: str) -> URL:
    return URL(access.host + target, encoded=True)


def _authorization(access: Access) -> dict[str, str]:
    return {"Authorization": access.authorization} if access.authorization else {}


def _route(access: Access) -> dict[str, Any]:
    return {
        "ssl": access.tls if access.tls is not None else True,
        "server_hostname": access.server_name if access.tls is not None else None,
        "proxy": access.proxy,
    }


def _why(error: Exception) -> str:
    """Our words for what went wrong on the way; the library's may hold the whole URL."""
    for kind, words in WHY:
        if isinstance(error, kind):
            return words
    return "the connection broke"


def _unknown(cluster: str, why: str) -> Refusal:
    return Refusal(
        "start-unknown",
        f"{why} as the cluster {cluster} was asked to start the command",
        "it may have run; check before running it again",
        EXIT_FAULT,
    )
