"""The API server's audit log: JSON lines, level Metadata (audit.k8s.io/v1 Event)."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bastion.demo import clock
from bastion.demo.rbac import Caller
from bastion.demo.resources import RequestInfo


class AuditLog:
    """An append-only file, 0600; one write per event."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)

    def write(self, event: dict[str, Any]) -> None:
        """Append one event; after `close` it is dropped."""
        if self._file >= 0:
            os.write(self._file, json.dumps(event, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


@dataclass(slots=True)
class Trail:
    """The events of one request: RequestReceived, perhaps ResponseStarted, ResponseComplete."""

    log: AuditLog
    uri: str
    info: RequestInfo
    agent: str
    address: str
    audit_id: str = ""
    caller: Caller | None = None
    acting: Caller | None = None
    annotations: dict[str, str] = field(default_factory=dict)
    _received: datetime = field(default_factory=clock.now)

    def __post_init__(self) -> None:
        self.audit_id = self.audit_id[:64] or str(uuid.uuid4())

    def received(self) -> None:
        """The request came in and its user is known."""
        self._write("RequestReceived", 0)

    def started(self, code: int) -> None:
        """The head of a long answer was sent."""
        self._write("ResponseStarted", code)

    def complete(self, code: int) -> None:
        """The answer ended."""
        self._write("ResponseComplete", code)

    def _write(self, stage: str, code: int) -> None:
        event: dict[str, Any] = {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "Metadata",
            "auditID": self.audit_id,
            "stage": stage,
            "requestURI": self.uri,
            "verb": self.info.verb,
            "user": self.caller.info() if self.caller else {},
            "sourceIPs": [self.address],
            "userAgent": self.agent,
            "requestReceivedTimestamp": clock.micros(self._received),
            "stageTimestamp": clock.micros(clock.now()),
        }
        if self.acting is not None:
            event["impersonatedUser"] = self.acting.info()
        if self.info.resource is not None:
            event["objectRef"] = self._object()
        if code:
            event["responseStatus"] = {"metadata": {}, "code": code}
            event["annotations"] = dict(self.annotations)
        self.log.write(event)

    def _object(self) -> dict[str, str]:
        resource = self.info.resource
        found = {
            "resource": resource.plural if resource else "",
            "namespace": self.info.namespace,
            "name": self.info.name,
            "apiGroup": resource.group if resource else "",
            "apiVersion": resource.version if resource else "",
            "subresource": self.info.subresource,
        }
        return {key: value for key, value in found.items() if value}
