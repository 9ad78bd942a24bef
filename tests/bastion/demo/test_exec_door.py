"""What pods/exec answers before the upgrade, row by row."""

from __future__ import annotations

import asyncio

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"


@pytest.mark.parametrize(
    ("more", "code", "reason", "message"),
    [
        ({"target": "shop/nope"}, 404, "NotFound", 'pods "nope" not found'),
        ({"target": "nowhere/nope"}, 404, "NotFound", 'pods "nope" not found'),
        (
            {"target": "shop/api-0", "container": "nope"},
            400,
            "BadRequest",
            "container nope is not valid for pod api-0",
        ),
        (
            {"target": "shop/api-0"},
            400,
            "BadRequest",
            "a container name must be specified for pod api-0, choose one of: [app sidecar]",
        ),
        (
            {"target": "shop/api-0", "container": "app", "user": "mallory"},
            403,
            "Forbidden",
            (
                'pods "api-0" is forbidden: User "mallory" cannot get resource "pods/exec" in API group ""'
                ' in the namespace "shop"'
            ),
        ),
        (
            {"target": "shop/nope", "user": "mallory"},
            403,
            "Forbidden",
            (
                'pods "nope" is forbidden: User "mallory" cannot get resource "pods/exec" in API group ""'
                ' in the namespace "shop"'
            ),
        ),
        (
            {"user": "carol"},
            403,
            "Forbidden",
            (
                'pods "web-0" is forbidden: User "carol" cannot get resource "pods/exec" in API group ""'
                ' in the namespace "shop"'
            ),
        ),
        ({"user": "dave"}, 403, "Forbidden", 'pods "web-0" is forbidden: '),
        (
            {"user": None},
            403,
            "Forbidden",
            (
                'pods "web-0" is forbidden: User "system:anonymous" cannot get resource "pods/exec"'
                ' in API group "" in the namespace "shop"'
            ),
        ),
        (
            {"user": None, "headers": [("Authorization", "Bearer not-a-token")]},
            401,
            "Unauthorized",
            "Unauthorized",
        ),
        ({"upgrade": False}, 400, "BadRequest", "Upgrade request required"),
    ],
)
async def test_a_refusal_is_a_status_in_the_api_servers_words(wire, more, code, reason, message):
    answer = await wire.refused("true", **more)
    assert (answer.code, answer.json["code"]) == (code, code)
    assert (answer.json["kind"], answer.json["status"]) == ("Status", "Failure")
    assert (answer.json["reason"], answer.json["message"]) == (reason, message)


@pytest.mark.parametrize("protocol", [V4, V5])
@pytest.mark.parametrize(("target", "container"), [("shop/stuck-0", "app"), ("bank/report-0", "app")])
async def test_a_pending_or_completed_pod_is_500_in_plain_text(wire, target, container, protocol):
    answer = await wire.refused("true", target=target, protocols=(protocol,))
    assert answer.code == 500
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.strip() == f'container not found ("{container}")'


async def test_no_stream_is_400_in_plain_text(wire):
    answer = await wire.refused("true", streams="")
    assert (answer.code, answer.text.strip()) == (400, "you must specify at least 1 of stdin, stdout, stderr")


@pytest.mark.parametrize("names", [("v6.channel.k8s.io",), ("v5.base64.channel.k8s.io", "x")])
async def test_only_unknown_subprotocols_are_403_with_an_empty_body(wire, names):
    answer = await wire.refused("true", protocols=names)
    assert (answer.code, answer.text) == (403, "")


async def test_post_with_a_websocket_upgrade_is_405_and_without_one_400(wire):
    answer = await wire.refused("true", method="POST")
    assert (answer.code, answer.text.strip()) == (405, "bad method")
    answer = await wire.refused("true", method="POST", upgrade=False)
    assert (answer.code, answer.json["message"]) == (400, "Upgrade request required")


async def test_put_is_405_method_not_allowed(wire):
    answer = await wire.refused("true", method="PUT")
    assert (answer.code, answer.json["reason"]) == (405, "MethodNotAllowed")


async def test_post_needs_create_only_and_a_websocket_both(wire):
    answer = await wire.refused("true", method="POST", upgrade=False, user="carol")
    assert answer.code == 400
    answer = await wire.refused("true", method="POST", upgrade=False, user="dave")
    assert (answer.code, answer.json["reason"]) == (403, "Forbidden")
    done = await wire.run("true", user="alice")
    assert done.code == 0


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ((V4, V5), V5),
        ((V5, V4), V5),
        ((V4,), V4),
        (("v6.channel.k8s.io", V4), V4),
        (("channel.k8s.io",), "channel.k8s.io"),
        ((), None),
    ],
)
async def test_v5_wins_whatever_the_order_and_unknown_names_are_skipped(wire, offered, chosen):
    done = await wire.run("true", protocols=offered)
    assert done.headers.get("sec-websocket-protocol") == chosen


async def test_the_101_has_four_headers_and_nothing_else(wire):
    done = await wire.run("true")
    names = {"upgrade", "connection", "sec-websocket-accept", "sec-websocket-protocol"}
    assert set(done.headers) == names
    assert done.raw_head.startswith("HTTP/1.1 101 Switching Protocols\r\n")


async def test_a_server_without_v5_refuses_v5_alone_and_takes_v4_of_both(fresh):
    old = await fresh(subprotocols=(V4,))
    answer = await old.refused("true", protocols=(V5,))
    assert (answer.code, answer.text) == (403, "")
    done = await old.run("true", protocols=(V5, V4))
    assert done.headers["sec-websocket-protocol"] == V4


async def test_an_open_session_outlives_its_rights(fresh):
    made = await fresh()
    session = await made.open("cat", streams="stdin,stdout", user="alice")
    session.send(0, b"one\n")
    await session.until(b"one\n")
    made.cluster.faults.revoke("alice")
    assert (await made.refused("true", user="alice")).code == 403
    made.cluster.faults.grant("alice", "shell", "shop")
    assert (await made.run("true", user="alice")).code == 0
    session.send(0, b"two\n")
    await session.until(b"two\n")
    session.send(255, b"\0")
    assert (await session.end()).code == 0


async def test_fifty_execs_run_at_once(wire):
    sessions = await asyncio.gather(*(wire.open("cat", streams="stdin,stdout") for _ in range(50)))
    for number, session in enumerate(sessions):
        session.send(0, b"number %d" % number)
        session.send(255, b"\0")
    ended = await asyncio.gather(*(session.end() for session in sessions))
    assert [done.channel(1) for done in ended] == [b"number %d" % number for number in range(50)]
    assert {done.code for done in ended} == {0}
