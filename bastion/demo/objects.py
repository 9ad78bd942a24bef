"""The cluster's objects: an in-memory store with resource versions, selectors and watches."""

from __future__ import annotations

import asyncio
import copy
import re
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

from bastion.demo import clock
from bastion.demo.resources import BY_NAME, Resource
from bastion.demo.status import ApiError, not_found

Object = dict[str, Any]
Wanted = Callable[[Object], bool]
_KEPT_EVENTS = 1000
_SET_BASED = re.compile(r"\s*(\S+)\s+(in|notin)\s+\(([^)]*)\)\s*")
_FIELDS: dict[str, tuple[str, ...]] = {
    "metadata.name": ("metadata", "name"),
    "metadata.namespace": ("metadata", "namespace"),
    "spec.nodeName": ("spec", "nodeName"),
    "spec.serviceAccountName": ("spec", "serviceAccountName"),
    "status.phase": ("status", "phase"),
    "status.podIP": ("status", "podIP"),
    "type": ("type",),
}


class ObjectStore:
    """Objects by resource, namespace and name. What it gives out is a copy."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], dict[tuple[str, str], Object]] = {key: {} for key in BY_NAME}
        self._version = 1000
        self._events: deque[tuple[int, str, tuple[str, str], Object]] = deque(maxlen=_KEPT_EVENTS)
        self._dropped = 0
        self._changed = asyncio.Event()

    @property
    def version(self) -> str:
        """The newest resource version."""
        return str(self._version)

    def put(self, plural: str, item: Object, group: str = "") -> Object:
        """Add or replace an object; fills in uid, creation time, version, kind. Returns a copy."""
        resource = BY_NAME[group, plural]
        shelf = self._objects[group, plural]
        item = copy.deepcopy(item)
        meta: Object = item.setdefault("metadata", {})
        key = (meta.get("namespace", ""), meta["name"])
        old = shelf.get(key)
        known = old["metadata"] if old else {}
        meta.setdefault("uid", known.get("uid") or str(uuid.uuid4()))
        meta.setdefault("creationTimestamp", known.get("creationTimestamp") or clock.seconds(clock.now()))
        kinds = {"apiVersion": resource.api_version, "kind": resource.kind}
        item = kinds | item
        self._happened("MODIFIED" if old else "ADDED", (group, plural), item)
        shelf[key] = item
        return copy.deepcopy(item)

    def remove(self, plural: str, namespace: str, name: str, group: str = "") -> Object:
        """Remove an object and return it. Raises ApiError 404."""
        item = self._objects[group, plural].pop((namespace, name), None)
        if item is None:
            raise not_found(plural, name)
        self._happened("DELETED", (group, plural), item)
        return item

    def get(self, plural: str, namespace: str, name: str, group: str = "") -> Object:
        """One object. Raises ApiError 404."""
        item = self._objects[group, plural].get((namespace, name))
        if item is None:
            suffix = f".{group}" if group else ""
            raise not_found(plural + suffix, name)
        return copy.deepcopy(item)

    def list(self, resource: Resource, wanted: Wanted) -> list[Object]:
        """The objects of one type that are `wanted`, by namespace and name."""
        shelf = self._objects[resource.group, resource.plural]
        return [copy.deepcopy(item) for _, item in sorted(shelf.items()) if wanted(item)]

    async def watch(
        self, resource: Resource, wanted: Wanted, since: str, bookmarks: float | None = None
    ) -> AsyncIterator[tuple[str, Object]]:
        """(type, object) of every change after version `since`, for ever. Raises ApiError 410.

        `bookmarks`: after so many quiet seconds a BOOKMARK tells the version up to which all is told.
        """
        try:
            seen = int(since or "0") or self._version
        except ValueError:
            raise ApiError(400, f"resourceVersion: Invalid value: {since!r}") from None
        while True:
            if seen < self._dropped:
                raise ApiError(410, f"too old resource version: {seen} ({self._dropped})")
            changed = self._changed
            for version, kind, key, item in [event for event in self._events if event[0] > seen]:
                seen = version
                if key == (resource.group, resource.plural) and wanted(item):
                    yield kind, copy.deepcopy(item)
            if changed is not self._changed:
                continue
            try:
                async with asyncio.timeout(bookmarks):
                    await changed.wait()
            except TimeoutError:
                kinds = {"kind": resource.kind, "apiVersion": resource.api_version}
                yield "BOOKMARK", {**kinds, "metadata": {"resourceVersion": str(seen)}}

    def _happened(self, kind: str, key: tuple[str, str], item: Object) -> None:
        self._version += 1
        item["metadata"]["resourceVersion"] = str(self._version)
        if len(self._events) == _KEPT_EVENTS:
            self._dropped = self._events[0][0]
        self._events.append((self._version, kind, key, copy.deepcopy(item)))
        self._changed.set()
        self._changed = asyncio.Event()


def selection(namespace: str, name: str, labels: str, fields: str) -> Wanted:
    """A predicate from a namespace (empty: all), a name (empty: all) and the two selectors.

    Raises ApiError 400 for a selector that is not understood.
    """
    checks: list[Wanted] = [_label_check(term) for term in _terms(labels)]
    checks += [_field_check(term) for term in fields.split(",") if term]

    def wanted(item: Object) -> bool:
        meta = item["metadata"]
        if namespace and meta.get("namespace", "") != namespace:
            return False
        return (not name or meta["name"] == name) and all(check(item) for check in checks)

    return wanted


def _terms(selector: str) -> list[str]:
    return [term for term in re.split(r",(?![^(]*\))", selector) if term.strip()]


def _label_check(term: str) -> Wanted:
    match = _SET_BASED.fullmatch(term)
    if match:
        key, operator, text = match.groups()
        values = {value.strip() for value in text.split(",")}
        return lambda item: (_labels(item).get(key) in values) == (operator == "in")
    for operator in ("!=", "==", "="):
        key, found, value = (part.strip() for part in term.partition(operator))
        if found:
            return lambda item: (_labels(item).get(key) == value) == (operator != "!=")
    key = term.strip()
    if not re.fullmatch(r"!?[\w./-]+", key):
        raise ApiError(400, f"unable to parse requirement: {term!r}")
    return lambda item: (key.lstrip("!") in _labels(item)) != key.startswith("!")


def _labels(item: Object) -> dict[str, str]:
    labels: dict[str, str] = item["metadata"].get("labels") or {}
    return labels


def _field_check(term: str) -> Wanted:
    negated = "!=" in term
    key, _, value = term.replace("!=", "=").replace("==", "=").partition("=")
    path = _FIELDS.get(key.strip())
    if path is None:
        raise ApiError(400, f'field label not supported: "{key.strip()}"')

    def check(item: Object) -> bool:
        found: Any = item
        for step in path:
            found = (found or {}).get(step)
        return ((found or "") == value.strip()) != negated

    return check
