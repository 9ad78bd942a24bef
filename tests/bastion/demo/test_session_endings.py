"""What becomes of a command when its client goes, and what the audit log tells of a stream."""

from __future__ import annotations

import asyncio
import json

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
TTY = "stdin,stdout,tty"
NORMAL = b"\x03\xe8"

LEFT = [
    ("sleep", "exec -a {0} sleep 300", "stdout"),
    ("loop", 'exec -a {0} bash -c "while :; do echo tick; sleep 0.02; done" {0}', "stdout"),
    ("loop-tty", 'exec -a {0} bash -c "while :; do echo tick; sleep 0.02; done" {0}', TTY),
    ("cat", "exec -a {0} cat", "stdin,stdout"),
    ("bash", "exec -a {0} bash -i", "stdin,stdout,stderr"),
    ("cat-tty", "exec -a {0} cat", TTY),
    ("bash-tty", "exec -a {0} bash -i", TTY),
]
READS_STDIN = {"cat", "bash"}


@pytest.mark.parametrize(("protocol", "how"), [(V5, "tcp"), (V5, "close"), (V4, "tcp"), (V4, "close")])
@pytest.mark.parametrize(("name", "script", "streams"), LEFT, ids=[row[0] for row in LEFT])
async def test_what_becomes_of_the_process_when_the_client_goes(
    wire, *, name, script, streams, protocol, how
):
    mark = f"left-{name}-{protocol[:2]}-{how}"
    session = await wire.open("bash", "-c", script.format(mark), streams=streams, protocols=(protocol,))
    assert await wire.eventually(mark, 1) == 1
    if how == "close":
        session.raw(8, NORMAL)
        await session.end()
    else:
        session.cut()
    killed = protocol == V4 and how == "tcp"
    stays = not killed and name not in READS_STDIN
    if stays:
        await asyncio.sleep(0.4)
    assert await wire.eventually(mark, 1 if stays else 0) == (1 if stays else 0)
    await wire.run("pkill", "-9", "-f", f"^{mark}")


async def test_the_audit_log_spans_the_stream(wire):
    session = await wire.open("sh", "-c", "sleep 0.5; echo audited", user="bastion")
    await session.until(b"audited")
    await session.end()
    await asyncio.sleep(0.1)
    events = [json.loads(line) for line in wire.cluster.audit_file.read_text().splitlines()]
    last = [event for event in events if "echo+audited" in event["requestURI"]]
    assert [event["stage"] for event in last] == ["RequestReceived", "ResponseStarted", "ResponseComplete"]
    assert last[1]["responseStatus"]["code"] == last[2]["responseStatus"]["code"] == 101
    assert last[2]["stageTimestamp"] > last[1]["stageTimestamp"]
    assert last[0]["objectRef"]["subresource"] == "exec"
    assert last[0]["user"]["username"] == "system:serviceaccount:bastion:bastion"
