"""pods/exec before the upgrade: every refusal in the API server's order and words, then the 101."""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Sequence
from typing import cast

from aiohttp import web
from aiohttp.http_websocket import WebSocketReader

from bastion.demo import channels, frames
from bastion.demo.audit import Trail
from bastion.demo.objects import Object, ObjectStore
from bastion.demo.pods import Pods
from bastion.demo.rbac import Attributes, Caller, Rbac, forbidden_without_reason
from bastion.demo.resources import RequestInfo
from bastion.demo.session import ExecOptions, ExecSession, offered
from bastion.demo.status import ApiError, PlainError

Query = dict[str, list[str]]


def truth(query: Query, name: str) -> bool:
    """A boolean of a query as the API server reads it: anything but false and 0 is true."""
    return name in query and query[name][0].lower() not in {"false", "0"}


def choose_container(pod: Object, asked: str) -> str:
    """The container an exec or log request means. Raises ApiError 400."""
    name = pod["metadata"]["name"]
    names = [container["name"] for container in pod["spec"]["containers"]]
    if asked:
        if asked not in names:
            raise ApiError(400, f"container {asked} is not valid for pod {name}")
        return asked
    if len(names) > 1:
        raise ApiError(
            400, f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]"
        )
    return str(names[0])


class ExecDoor:
    """Admits exec requests and keeps the sessions that are open."""

    def __init__(self, store: ObjectStore, rbac: Rbac, pods: Pods, accepted: Sequence[str]) -> None:
        self._store = store
        self._rbac = rbac
        self._pods = pods
        self._accepted = accepted
        self._sessions: set[ExecSession] = set()

    def drop_all(self) -> int:
        """End every connection without CLOSE and status; how many there were."""
        count = len(self._sessions)
        for session in list(self._sessions):
            session.abort()
        return count

    async def serve(
        self, request: web.BaseRequest, info: RequestInfo, caller: Caller, trail: Trail
    ) -> web.StreamResponse:
        """One exec request whose first RBAC check has passed. Raises ApiError and PlainError."""
        upgrading = request.headers.get("Upgrade", "").lower() == "websocket"
        if upgrading and request.method == "GET":
            asked = Attributes("create", "", "pods/exec", info.namespace, info.name)
            if not self._rbac.allowed(caller, asked):
                raise forbidden_without_reason(info.name)
        pod = self._store.get("pods", info.namespace, info.name)
        query = urllib.parse.parse_qs(request.rel_url.raw_query_string, keep_blank_values=True)
        container = choose_container(pod, query.get("container", [""])[0])
        _require_upgrade(request, query, websocket=upgrading)
        running = self._pods.running(pod["metadata"]["uid"], container)
        if running is None or not running.container.alive:
            raise PlainError(500, f'container not found ("{container}")')
        subprotocol = self._negotiate(request)
        options = ExecOptions(
            tuple(query.get("command", [])),
            *(truth(query, name) for name in ("stdin", "stdout", "stderr", "tty")),
        )
        session = ExecSession(running.container, options, subprotocol)
        return await self._run(request, session, subprotocol, trail)

    def _negotiate(self, request: web.BaseRequest) -> channels.Subprotocol:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise ApiError(400, "unable to upgrade: this cluster speaks WebSocket only, not SPDY")
        names = offered(request.headers.getall("Sec-WebSocket-Protocol", []))
        subprotocol = channels.negotiate(names, self._accepted)
        if subprotocol is None:
            raise PlainError(403, "")
        if not request.headers.get("Sec-WebSocket-Key"):
            raise PlainError(400, "missing Sec-WebSocket-Key")
        return subprotocol

    async def _run(
        self,
        request: web.BaseRequest,
        session: ExecSession,
        subprotocol: channels.Subprotocol,
        trail: Trail,
    ) -> web.StreamResponse:
        transport = request.transport
        if transport is None:
            raise PlainError(400, "the client has gone")
        transport.write(_switching(request.headers["Sec-WebSocket-Key"], subprotocol))
        trail.started(101)
        self._sessions.add(session)
        protocol = request.protocol
        try:
            session.take_over(transport)
            # aiohttp hands over what came behind the request's head; from then on it is out of the way.
            early = cast("WebSocketReader", _Early(session))  # only its two methods are used
            protocol.set_parser(early)
            transport.set_protocol(session)
            await session.run()
        finally:
            self._sessions.discard(session)
            session.abort()
            protocol.connection_lost(None)
        return web.Response(status=101)


def _require_upgrade(request: web.BaseRequest, query: Query, *, websocket: bool) -> None:
    connection = request.headers.get("Connection", "").lower()
    if "upgrade" not in connection or not request.headers.get("Upgrade"):
        raise ApiError(400, "Upgrade request required")
    if websocket and request.method != "GET":
        raise PlainError(405, "bad method")
    if not any(truth(query, name) for name in ("stdin", "stdout", "stderr")):
        raise PlainError(400, "you must specify at least 1 of stdin, stdout, stderr")


def _switching(key: str, subprotocol: channels.Subprotocol) -> bytes:
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {frames.accept_key(key)}",
    ]
    if subprotocol.name:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol.name}")
    return "\r\n".join([*lines, "", ""]).encode()


class _Early:
    """The parser that aiohttp wants for an upgraded connection: passes everything on."""

    def __init__(self, session: asyncio.Protocol) -> None:
        self._session = session

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Bytes that arrived before the session had the connection."""
        self._session.data_received(data)
        return False, b""

    def feed_eof(self) -> None:
        """The end is told by `connection_lost`."""
