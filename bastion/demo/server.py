"""The API server's front: authenticate, impersonate, authorise, audit, then answer.

request ─▶ Identities ─▶ impersonate ─▶ Rbac ─▶ objects │ reviews │ logs │ exec
                             └────────── audit: RequestReceived … ResponseComplete
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.parse
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import web

from bastion.demo import clock, discovery, protobuf
from bastion.demo.audit import AuditLog, Trail
from bastion.demo.exec_door import ExecDoor, Query, choose_container, truth
from bastion.demo.identity import Identities, impersonate
from bastion.demo.objects import Object, ObjectStore, selection
from bastion.demo.podlogs import LogOptions
from bastion.demo.pods import Pods
from bastion.demo.rbac import Attributes, Caller, Rbac
from bastion.demo.resources import RequestInfo, read_request
from bastion.demo.reviews import Reviews
from bastion.demo.status import ApiError, PlainError
from bastion.demo.tables import table

_WATCH_SECONDS = 3600
_BOOKMARK_SECONDS = 10.0
_TRUE = {"1", "true"}
_LONGEST_BODY = 3 * 1024 * 1024


@dataclass(slots=True)
class ApiServer:
    """Answers requests; `serving` is cleared while the server is to hang."""

    store: ObjectStore
    rbac: Rbac
    identities: Identities
    pods: Pods
    reviews: Reviews
    exec_door: ExecDoor
    audit: AuditLog
    serving: asyncio.Event

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request, whatever it is."""
        await self.serving.wait()
        raw_path, _, raw_query = request.raw_path.partition("?")
        info = read_request(request.method, raw_path, raw_query)
        trail = Trail(
            self.audit,
            request.raw_path,
            info,
            request.headers.get("User-Agent", ""),
            (request.remote or ""),
            request.headers.get("Audit-ID", ""),
        )
        code = 500
        try:
            response = await self._answer(request, info, trail)
            code = response.status
        except ApiError as error:
            code, response = error.code, _json(error.body(), error.code)
        except PlainError as error:
            code, response = error.code, _plain(error)
        finally:
            trail.complete(code)
        if not response.prepared and response.status != 101:
            response.headers["Audit-Id"] = trail.audit_id
        return response

    async def _answer(self, request: web.BaseRequest, info: RequestInfo, trail: Trail) -> web.StreamResponse:
        caller = self._caller(request, info, trail)
        if info.resource is None:
            return self._non_resource(request, info)
        verbs = {name: allowed for name, _, allowed in info.resource.subresources}
        if info.subresource and info.subresource not in verbs:
            raise ApiError(404, "the server could not find the requested resource")
        if info.verb not in verbs.get(info.subresource, info.resource.verbs):
            raise ApiError(405, "the server does not allow this method on the requested resource")
        match info.full_resource:
            case "pods/exec":
                return await self.exec_door.serve(request, info, caller, trail)
            case "pods/log":
                return await self._log(request, info, trail)
            case _ if info.verb == "create":
                body = await _body(request)
                return _json(self.reviews.answer(info, body, caller, trail), 201)
            case _ if info.verb == "watch":
                return await self._watch(request, info, trail)
            case _:
                return self._read(request, info)

    def _caller(self, request: web.BaseRequest, info: RequestInfo, trail: Trail) -> Caller:
        """Who acts, allowed to do what is asked. Raises ApiError 400, 401, 403."""
        try:
            trail.caller = caller = self.identities.authenticate(request.headers.get("Authorization"))
            trail.acting = impersonate(self.rbac, caller, request.headers.items())
        finally:
            trail.received()
        caller = trail.acting or caller
        if info.resource is None:
            asked = Attributes(info.verb, path=info.path)
        else:
            namespace = "" if info.resource.plural == "namespaces" else info.namespace
            asked = Attributes(info.verb, info.resource.group, info.full_resource, namespace, info.name)
        try:
            reason = self.rbac.require(caller, asked)
        except ApiError:
            trail.annotations["authorization.k8s.io/decision"] = "forbid"
            raise
        trail.annotations["authorization.k8s.io/decision"] = "allow"
        trail.annotations["authorization.k8s.io/reason"] = reason
        return caller

    def _non_resource(self, request: web.BaseRequest, info: RequestInfo) -> web.Response:
        if info.path in discovery.HEALTH:
            return web.Response(text="ok")
        found = discovery.document(info.path, request.host)
        if found is None:
            raise ApiError(404, "the server could not find the requested resource")
        if info.verb not in {"get", "head"}:
            raise ApiError(405, "the server does not allow this method on the requested resource")
        return _json(found)

    def _read(self, request: web.BaseRequest, info: RequestInfo) -> web.Response:
        resource = info.resource
        if resource is None:
            raise ApiError(404, "the server could not find the requested resource")
        as_table = _wants_table(request)
        if info.verb == "get":
            namespace = info.namespace if resource.namespaced else ""
            item = self.store.get(resource.plural, namespace, info.name, resource.group)
            version = item["metadata"]["resourceVersion"]
            return _json(table(resource, [item], version) if as_table else item)
        query = _query(request)
        items = self.store.list(resource, _selection(info, query))
        if as_table:
            return _json(table(resource, items, self.store.version))
        return _json(
            {
                "kind": f"{resource.kind}List",
                "apiVersion": resource.api_version,
                "metadata": {"resourceVersion": self.store.version},
                "items": [
                    {key: item[key] for key in item if key not in {"kind", "apiVersion"}} for item in items
                ],
            }
        )

    async def _watch(self, request: web.BaseRequest, info: RequestInfo, trail: Trail) -> web.StreamResponse:
        query = _query(request)
        seconds = _number(query, "timeoutSeconds") or _WATCH_SECONDS
        response = await _begin_stream(request, trail, "application/json")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for kind, item in self._changes(request, info, query):
                    event = {"type": kind, "object": item}
                    await response.write(json.dumps(event, separators=(",", ":")).encode() + b"\n")
        return response

    async def _changes(
        self, request: web.BaseRequest, info: RequestInfo, query: Query
    ) -> AsyncIterator[tuple[str, Object]]:
        resource = info.resource
        if resource is None:
            return
        wanted = _selection(info, query)
        as_table = _wants_table(request)
        since = query.get("resourceVersion", [""])[0]

        def shown(item: Object) -> Object:
            version = item["metadata"]["resourceVersion"]
            return table(resource, [item], version) if as_table else item

        if since in {"", "0"}:
            since = self.store.version
            for item in self.store.list(resource, wanted):
                yield "ADDED", shown(item)
        try:
            every = _BOOKMARK_SECONDS if query.get("allowWatchBookmarks", [""])[0] in _TRUE else None
            async for kind, item in self.store.watch(resource, wanted, since, every):
                yield kind, item if kind == "BOOKMARK" else shown(item)
        except ApiError as error:
            yield "ERROR", error.body()

    async def _log(self, request: web.BaseRequest, info: RequestInfo, trail: Trail) -> web.StreamResponse:
        query = _query(request)
        pod = self.store.get("pods", info.namespace, info.name)
        container = choose_container(pod, query.get("container", [""])[0])
        if truth(query, "previous"):
            raise ApiError(400, f'previous terminated container "{container}" in pod "{info.name}" not found')
        running = self.pods.running(pod["metadata"]["uid"], container)
        if running is None:
            waiting = (
                "is waiting to start: ContainerCreating" if pod["status"]["phase"] == "Pending" else "is gone"
            )
            raise ApiError(400, f'container "{container}" in pod "{info.name}" {waiting}')
        age = _number(query, "sinceSeconds")
        options = LogOptions(
            truth(query, "follow"),
            truth(query, "timestamps"),
            _number(query, "tailLines"),
            clock.now() - timedelta(seconds=age) if age is not None else None,
            _number(query, "limitBytes"),
        )
        response = await _begin_stream(request, trail, "text/plain")
        async for line in running.log.read(options):
            await response.write(line)
        return response


def _query(request: web.BaseRequest) -> Query:
    return urllib.parse.parse_qs(request.raw_path.partition("?")[2], keep_blank_values=True)


def _number(query: Query, name: str) -> int | None:
    text = query.get(name, [""])[0]
    if not text:
        return None
    if not text.isdecimal():
        raise ApiError(400, f"{name} must be a number that is not negative: {text!r}")
    return int(text)


def _selection(info: RequestInfo, query: Query) -> Any:
    labels, fields = (query.get(name, [""])[0] for name in ("labelSelector", "fieldSelector"))
    return selection(info.namespace, info.name, labels, fields)


def _wants_table(request: web.BaseRequest) -> bool:
    return "as=Table" in request.headers.get("Accept", "")


async def _begin_stream(request: web.BaseRequest, trail: Trail, kind: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": kind, "Audit-Id": trail.audit_id})
    await response.prepare(request)
    trail.started(200)
    return response


async def _body(request: web.BaseRequest) -> dict[str, Any]:
    kind = request.headers.get("Content-Type", "application/json").partition(";")[0].strip()
    if kind not in {"application/json", protobuf.MEDIA_TYPE}:
        words = "the body of the request was in an unknown format - accepted media types include: "
        raise ApiError(415, f"{words}application/json, {protobuf.MEDIA_TYPE}")
    content = await request.content.read(_LONGEST_BODY + 1)
    while not request.content.at_eof() and len(content) <= _LONGEST_BODY:
        content += await request.content.read(_LONGEST_BODY + 1 - len(content))
    if len(content) > _LONGEST_BODY:
        raise ApiError(422, "the body of the request is too long")
    if kind == protobuf.MEDIA_TYPE:
        return protobuf.decode(content)
    try:
        body = json.loads(content)
    except ValueError as error:
        raise ApiError(400, "the body of the request is no JSON") from error
    if not isinstance(body, dict):
        raise ApiError(400, "the body of the request is no object")
    return body


def _json(body: dict[str, Any], code: int = 200) -> web.Response:
    text = json.dumps(body, separators=(",", ":"))
    return web.Response(text=text, status=code, content_type="application/json")


def _plain(error: PlainError) -> web.Response:
    if not error.text:
        return web.Response(status=error.code)
    return web.Response(text=error.text + "\n", status=error.code, content_type="text/plain")
