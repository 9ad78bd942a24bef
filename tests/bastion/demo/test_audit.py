"""The audit log's events."""

from __future__ import annotations

import json
import stat

from bastion.demo.audit import AuditLog, Trail
from bastion.demo.rbac import Caller
from bastion.demo.resources import read_request


def test_a_request_leaves_its_stages_with_the_whole_uri(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    uri = "/api/v1/namespaces/shop/pods/web-0/exec?command=cat&command=%2Fetc%2Fpasswd"
    trail = Trail(log, uri, read_request("GET", uri.partition("?")[0], ""), "kubectl", "127.0.0.1")
    trail.caller, trail.acting = Caller("system:serviceaccount:b:b"), Caller("oidc:alice", ("oidc:dev",))
    trail.received()
    trail.annotations["authorization.k8s.io/decision"] = "allow"
    trail.started(101)
    trail.complete(101)
    log.close()
    trail.complete(101)
    assert stat.S_IMODE((tmp_path / "audit.log").stat().st_mode) == 0o600
    events = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    assert [event["stage"] for event in events] == ["RequestReceived", "ResponseStarted", "ResponseComplete"]
    last = events[-1]
    assert (last["requestURI"], last["verb"], last["userAgent"]) == (uri, "get", "kubectl")
    assert last["user"]["username"] == "system:serviceaccount:b:b"
    assert last["impersonatedUser"] == {"username": "oidc:alice", "groups": ["oidc:dev"]}
    assert last["objectRef"] == {
        "resource": "pods",
        "namespace": "shop",
        "name": "web-0",
        "apiVersion": "v1",
        "subresource": "exec",
    }
    assert (last["responseStatus"]["code"], "responseStatus" in events[0]) == (101, False)
    assert len({event["auditID"] for event in events}) == 1


def test_a_clients_audit_id_is_taken_up_to_64_characters(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    info = read_request("GET", "/version", "")
    assert Trail(log, "/", info, "", "", "x" * 100).audit_id == "x" * 64
    assert Trail(log, "/", info, "", "").audit_id != Trail(log, "/", info, "", "").audit_id
    log.close()
