"""Tables for `kubectl get` (meta.k8s.io/v1 Table): a row of cells per object, by kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bastion.demo import clock
from bastion.demo.objects import Object
from bastion.demo.resources import Resource

Cell = str | int


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `wide` ones are shown with `-o wide` only."""

    name: str
    cell: Callable[[Object], Cell]
    wide: bool = False


def _at(*path: str, default: Cell = "<none>") -> Callable[[Object], Cell]:
    def cell(item: Object) -> Cell:
        found: Any = item
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
        return found if isinstance(found, str | int) else default

    return cell


def _age(item: Object) -> Cell:
    return clock.age(item["metadata"]["creationTimestamp"], clock.now())


def _ready_containers(item: Object) -> Cell:
    states = item["status"].get("containerStatuses", [])
    return f"{sum(state['ready'] for state in states)}/{len(item['spec']['containers'])}"


def _pod_status(item: Object) -> Cell:
    for state in item["status"].get("containerStatuses", []):
        for kind in ("waiting", "terminated"):
            reason = state.get("state", {}).get(kind, {}).get("reason")
            if reason:
                return str(reason)
    return str(item["status"]["phase"])


def _restarts(item: Object) -> Cell:
    return sum(int(state["restartCount"]) for state in item["status"].get("containerStatuses", []))


def _ready_replicas(item: Object) -> Cell:
    return f"{item['status'].get('readyReplicas', 0)}/{item['spec']['replicas']}"


def _of_containers(field: str) -> Callable[[Object], Cell]:
    return lambda item: ",".join(
        container[field] for container in item["spec"]["template"]["spec"]["containers"]
    )


def _selector(item: Object) -> Cell:
    return ",".join(f"{key}={value}" for key, value in item["spec"]["selector"]["matchLabels"].items())


def _completions(item: Object) -> Cell:
    return f"{item['status'].get('succeeded', 0)}/{item['spec']['completions']}"


_NAME = Column("Name", _at("metadata", "name"))
_AGE = Column("Age", _age)
_WIDE_WORKLOAD = (
    Column("Containers", _of_containers("name"), wide=True),
    Column("Images", _of_containers("image"), wide=True),
)
_WIDE_SELECTED = (*_WIDE_WORKLOAD, Column("Selector", _selector, wide=True))
_DATA = Column("Data", lambda item: len(item.get("data") or {}))
_COLUMNS: dict[str, tuple[Column, ...]] = {
    "pods": (
        Column("Ready", _ready_containers),
        Column("Status", _pod_status),
        Column("Restarts", _restarts),
        _AGE,
        Column("IP", _at("status", "podIP"), wide=True),
        Column("Node", _at("spec", "nodeName"), wide=True),
        Column("Nominated Node", _at("status", "nominatedNodeName"), wide=True),
        Column("Readiness Gates", _at("spec", "readinessGates"), wide=True),
    ),
    "namespaces": (Column("Status", _at("status", "phase")), _AGE),
    "nodes": (
        Column("Status", lambda _: "Ready"),
        Column("Roles", lambda _: "<none>"),
        _AGE,
        Column("Version", _at("status", "nodeInfo", "kubeletVersion")),
    ),
    "secrets": (Column("Type", _at("type")), _DATA, _AGE),
    "configmaps": (_DATA, _AGE),
    "serviceaccounts": (Column("Secrets", lambda item: len(item.get("secrets") or [])), _AGE),
    "deployments": (
        Column("Ready", _ready_replicas),
        Column("Up-to-date", _at("status", "updatedReplicas", default=0)),
        Column("Available", _at("status", "availableReplicas", default=0)),
        _AGE,
        *_WIDE_SELECTED,
    ),
    "replicasets": (
        Column("Desired", _at("spec", "replicas")),
        Column("Current", _at("status", "replicas", default=0)),
        Column("Ready", _at("status", "readyReplicas", default=0)),
        _AGE,
        *_WIDE_SELECTED,
    ),
    "statefulsets": (Column("Ready", _ready_replicas), _AGE, *_WIDE_WORKLOAD),
    "daemonsets": (
        Column("Desired", _at("status", "desiredNumberScheduled", default=0)),
        Column("Current", _at("status", "currentNumberScheduled", default=0)),
        Column("Ready", _at("status", "numberReady", default=0)),
        Column("Up-to-date", _at("status", "updatedNumberScheduled", default=0)),
        Column("Available", _at("status", "numberAvailable", default=0)),
        Column("Node Selector", lambda _: "<none>"),
        _AGE,
        *_WIDE_SELECTED,
    ),
    "jobs": (
        Column("Status", lambda item: "Complete" if item["status"].get("succeeded") else "Running"),
        Column("Completions", _completions),
        Column("Duration", lambda _: "1s"),
        _AGE,
        *_WIDE_WORKLOAD,
    ),
}


def table(resource: Resource, items: list[Object], version: str) -> dict[str, Any]:
    """`items` as a Table at resource version `version`."""
    columns = (_NAME, *_COLUMNS.get(resource.plural, (_AGE,)))
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version},
        "columnDefinitions": [
            {
                "name": column.name,
                "type": "string",
                "format": "name" if column is _NAME else "",
                "description": "",
                "priority": 1 if column.wide else 0,
            }
            for column in columns
        ],
        "rows": [
            {
                "cells": [column.cell(item) for column in columns],
                "object": {
                    "kind": "PartialObjectMetadata",
                    "apiVersion": "meta.k8s.io/v1",
                    "metadata": item["metadata"],
                },
            }
            for item in items
        ],
    }
