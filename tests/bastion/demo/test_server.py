"""The API over HTTPS: lists, tables, watches, logs, reviews, impersonation, the audit log."""

from __future__ import annotations

import asyncio
import json

import pytest

from bastion.demo import server

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOP = "/api/v1/namespaces/shop"
TABLE = ("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")


async def test_lists_are_lists_and_items_carry_no_kind(wire):
    answer = await wire.call(f"{SHOP}/pods?labelSelector=tier%3Dweb", user="bastion")
    found = answer.json
    assert (found["kind"], found["apiVersion"]) == ("PodList", "v1")
    assert [item["metadata"]["name"] for item in found["items"]] == ["web-0"]
    assert "kind" not in found["items"][0]
    assert answer.headers["audit-id"]


async def test_a_pod_names_the_secrets_it_reaches(wire):
    web = (await wire.call(f"{SHOP}/pods/web-0")).json
    assert web["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"
    names = {volume["secret"]["secretName"] for volume in web["spec"]["volumes"] if "secret" in volume}
    names |= {
        entry["valueFrom"]["secretKeyRef"]["name"]
        for entry in web["spec"]["containers"][0]["env"]
        if "valueFrom" in entry
    }
    names |= {entry["name"] for entry in web["spec"]["imagePullSecrets"]}
    assert names == {"web-credentials", "registry-pull"}
    api = (await wire.call(f"{SHOP}/pods/api-0")).json
    assert api["spec"]["containers"][0]["envFrom"] == [{"secretRef": {"name": "api-env"}}]
    ledger = (await wire.call("/api/v1/namespaces/bank/pods/ledger-0")).json
    assert {"secret": {"name": "ledger-keys"}} in ledger["spec"]["volumes"][0]["projected"]["sources"]


async def test_tables_have_a_row_per_object(wire):
    found = (await wire.call("/api/v1/pods", headers=[TABLE])).json
    assert found["kind"] == "Table"
    names = [column["name"] for column in found["columnDefinitions"]]
    rows = {row["cells"][0]: dict(zip(names, row["cells"], strict=True)) for row in found["rows"]}
    assert (rows["api-0"]["Ready"], rows["api-0"]["Status"]) == ("2/2", "Running")
    assert (rows["stuck-0"]["Ready"], rows["stuck-0"]["Status"]) == ("0/1", "Pending")
    assert rows["report-0"]["Status"] == "Completed"


@pytest.mark.parametrize(
    ("path", "method", "user", "code"),
    [
        (f"{SHOP}/secrets", "GET", "mallory", 403),
        (f"{SHOP}/secrets", "GET", None, 403),
        ("/version", "GET", None, 200),
        ("/healthz", "GET", None, 200),
        ("/apis", "GET", "mallory", 200),
        ("/apis", "GET", None, 403),
        ("/openapi/v3", "GET", "mallory", 404),
        ("/nowhere", "GET", "admin", 404),
        (f"{SHOP}/pods/web-0", "DELETE", "admin", 405),
        (f"{SHOP}/pods/web-0", "DELETE", "alice", 403),
        (f"{SHOP}/pods/web-0/attach", "GET", "admin", 404),
        (f"{SHOP}/pods?labelSelector=a%20b%20c", "GET", "admin", 400),
    ],
)
async def test_each_request_gets_its_code(wire, path, method, user, code):
    answer = await wire.call(path, method=method, user=user)
    assert answer.code == code
    if code >= 400:
        assert answer.json["kind"] == "Status"


async def test_a_watch_begins_with_what_is_there_and_goes_on_with_changes(fresh):
    made = await fresh()
    _, reader, writer, _ = await made.request(f"{SHOP}/secrets?watch=1", user="bastion")

    async def event() -> dict:
        async with asyncio.timeout(10):
            while (line := await reader.readline()).strip() == b"" or b"{" not in line:
                assert line
            return json.loads(line)

    first = {(await event())["object"]["metadata"]["name"] for _ in range(4)}
    assert first == {"api-env", "not-mounted", "registry-pull", "web-credentials"}
    made.cluster.faults.set_secret("shop", "web-credentials", {"db-password": b"new"})
    found = await event()
    assert (found["type"], found["object"]["data"]) == ("MODIFIED", {"db-password": "bmV3"})
    made.cluster.faults.set_secret("shop", "added", {"k": b"v"})
    assert (await event())["type"] == "ADDED"
    made.cluster.faults.remove_secret("shop", "added")
    assert (await event())["type"] == "DELETED"
    writer.close()


async def test_bookmarks_come_to_a_watch_that_asks_for_them(fresh, monkeypatch):
    monkeypatch.setattr(server, "_BOOKMARK_SECONDS", 0.05)
    made = await fresh()
    query = "watch=1&fieldSelector=metadata.name%3Dnot-mounted&timeoutSeconds=1"
    for asked, kinds in (("", {"ADDED"}), ("&allowWatchBookmarks=true", {"ADDED", "BOOKMARK"})):
        _, reader, writer, _ = await made.request(f"{SHOP}/secrets?{query}{asked}", user="bastion")
        told = set()
        async with asyncio.timeout(10):
            while (line := await reader.readline()) not in {b"0\r\n", b""}:
                told |= {json.loads(line)["type"]} if b"{" in line else set()
        assert told == kinds
        writer.close()


async def test_logs_are_tailed_stamped_and_followed(wire):
    async def text(query: str) -> tuple[int, str]:
        answer, reader, writer, _ = await wire.request(f"{SHOP}/pods/web-0/log?{query}", user="bastion")
        body = b""
        async with asyncio.timeout(10):
            while not body.endswith(b"0\r\n\r\n"):
                body += await reader.read(65536)
        writer.close()
        return answer.code, body.decode()

    await asyncio.sleep(0.3)
    code, found = await text("")
    assert code == 200
    assert "web-0: listening on :8080" in found
    assert "listening" not in (await text("tailLines=1"))[1]
    assert (await text("timestamps=true&tailLines=1"))[1].count("Z ") == 2
    assert len((await text("limitBytes=5"))[1]) < 40
    _, reader, writer, _ = await wire.request(f"{SHOP}/pods/web-0/log?follow=true&tailLines=0")
    await wire.run("sh", "-c", "echo from-the-exec > /proc/1/fd/1")
    async with asyncio.timeout(10):
        while b"from-the-exec" not in await reader.readline():
            pass
    writer.close()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("previous=true", 'previous terminated container "app" in pod "web-0" not found'),
        ("container=x", "container x is not valid for pod web-0"),
        ("tailLines=-1", "tailLines must be a number"),
    ],
)
async def test_a_log_that_is_not_there_is_400(wire, query, words):
    answer = await wire.call(f"{SHOP}/pods/web-0/log?{query}")
    assert (answer.code, answer.json["reason"]) == (400, "BadRequest")
    assert words in answer.json["message"]


async def test_impersonation_is_checked_and_audited(wire):
    who = [
        ("Impersonate-User", "oidc:alice"),
        ("Impersonate-Group", "oidc:dev"),
        ("Impersonate-Extra-bastion-session", "s-42"),
        ("Audit-ID", "our-own-id"),
    ]
    done = await wire.run("true", user="bastion", headers=who)
    assert done.code == 0
    refused = await wire.refused("true", user="bastion", headers=who[:1])
    assert 'User "oidc:alice" cannot get resource "pods/exec"' in refused.json["message"]
    refused = await wire.refused("true", user="bastion", headers=who[1:])
    assert refused.code == 400
    await asyncio.sleep(0.1)
    events = [json.loads(line) for line in wire.cluster.audit_file.read_text().splitlines()]
    mine = [event for event in events if event["auditID"] == "our-own-id" and "responseStatus" in event]
    assert mine[0]["impersonatedUser"] == {
        "username": "oidc:alice",
        "groups": ["oidc:dev", "system:authenticated"],
        "extra": {"bastion-session": ["s-42"]},
    }
    assert mine[0]["annotations"]["authorization.k8s.io/reason"].startswith(
        'RBAC: allowed by RoleBinding "shell/shop"'
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"{" + b" " * (4 << 20) + b"}", 422),
        ({"spec": 7}, 400),
        ({"spec": {}}, 400),
    ],
    ids=["cut", "list", "long", "no-spec", "empty"],
)
async def test_a_bad_body_is_refused(wire, body, code):
    answer = await wire.call(
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", method="POST", body=body
    )
    assert answer.code == code


async def test_another_media_type_is_415(wire):
    answer = await wire.call(
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        method="POST",
        body=b"a: 1",
        headers=[("Content-Type", "application/yaml")],
    )
    assert answer.code == 415
