"""The exec stream against a scripted server: every way it can go, on both event loops."""

from __future__ import annotations

import asyncio
import hashlib
import resource

import pytest
import uvloop
from aiohttp import WSMsgType

from bastion.model.events import PodExited, PodFailed, PodSent
from bastion.model.refusal import Refusal
from bastion.model.request import Size

V4 = ("v4.channel.k8s.io",)


@pytest.fixture(params=["asyncio", "uvloop"])
def event_loop_policy(request):
    return uvloop.EventLoopPolicy() if request.param == "uvloop" else asyncio.DefaultEventLoopPolicy()


async def to_end(stream):
    """(stdout, stderr, last event)."""
    out = {"out": b"", "err": b""}
    while isinstance(event := await stream.receive(), PodSent):
        assert 0 < len(event.data) <= 32768
        out[event.stream] += event.data
    return out["out"], out["err"], event


async def collect(socket, seen):
    async for message in socket:
        seen.append(message.data)


async def linger(socket):
    await asyncio.sleep(30)


@pytest.mark.parametrize("code", [0, 1, 3, 137, 255])
async def test_output_comes_apart_and_the_code_is_the_programs(server, cluster, grant, wire_status, code):
    async def script(socket):
        await socket.send_bytes(b"\x01out")
        await socket.send_bytes(b"\x02err")
        await socket.send_bytes(b"\x07unknown")
        await socket.send_bytes(wire_status(code))
        await socket.close()

    server.script = script
    stream = await cluster.open(grant(), None)
    out, err, last = await to_end(stream)
    assert (out, err) == (b"out", b"err")
    assert isinstance(last, PodExited)
    assert last.code == code
    await stream.kill()
    assert stream.survivors == 0
    assert not any("bastion-sweep" in str(request.rel_url) for request in server.requests)


async def test_output_behind_the_status_is_not_lost(server, cluster, grant, wire_status):
    async def script(socket):
        await socket.send_bytes(wire_status(3))
        await socket.send_bytes(b"\x01late")
        await socket.close()

    server.script = script
    out, _, last = await to_end(await cluster.open(grant(), None))
    assert out == b"late"
    assert last.code == 3


@pytest.mark.parametrize("how", ["close", "abort", "error"])
async def test_an_end_without_a_status_is_255_and_never_0(server, cluster, grant, how):
    async def script(socket):
        await socket.send_bytes(b"\x01partial")
        if how == "close":
            await socket.close()
        elif how == "abort":
            socket._req.transport.abort()
        else:
            socket._req.transport.write(b"\xff\xff\xff\xff")

    server.script = script
    out, _, last = await to_end(await cluster.open(grant(), None))
    assert out in (b"partial", b"")
    assert isinstance(last, PodFailed)
    assert (last.refusal.code, last.refusal.status) == ("pod-lost", 255)


async def test_what_was_asked_is_what_the_grant_says(server, make_cluster, grant, wire_status):
    async def script(socket):
        await socket.send_bytes(wire_status(0))

    server.script = script
    cluster = make_cluster()
    argv = ("env", "TERM=x y", "sh", "-c", "echo 'a&b=c' +%\n\xe9\udcff; exit 1")
    await to_end(await cluster.open(grant(argv=argv), None))
    request = server.requests[-1]
    assert request.method == "GET"
    assert request.headers["Sec-WebSocket-Protocol"] == "v5.channel.k8s.io,v4.channel.k8s.io"
    assert request.headers["Authorization"] == "Bearer first"
    assert request.headers["Audit-ID"] == "s-1"
    assert "Sec-WebSocket-Extensions" not in request.headers
    assert request.rel_url.raw_query_string.endswith(
        "sh&command=-c&command=echo%20%27a%26b%3Dc%27%20%2B%25%0A%C3%A9%FF%3B%20exit%201"
    )
    assert request.query["container"] == "app"
    assert "stdin" not in request.query
    assert request.query["stderr"] == "true"


async def test_a_terminal_asks_stdin_always_and_stderr_never_and_gets_its_size_first(
    server, cluster, grant, wire_status
):
    seen = []

    async def script(socket):
        seen.append((await socket.receive()).data)
        seen.append((await socket.receive()).data)
        await socket.send_bytes(wire_status(0))

    server.script = script
    stream = await cluster.open(grant(tty=True), Size(132, 43))
    await stream.send(b"x")
    await to_end(stream)
    assert seen == [b'\x04{"Width":132,"Height":43}', b"\x00x"]
    query = server.requests[-1].query
    assert (query["tty"], query["stdin"]) == ("true", "true")
    assert "stderr" not in query


async def test_the_end_of_input_is_a_close_frame_on_v5_and_ctrl_d_on_a_terminal(
    server, cluster, grant, wire_status, monkeypatch
):
    monkeypatch.setattr("bastion.kube.exec.LAST_WORDS", 0.2)
    for tty, sent, expected in (
        (False, b"data", [b"\x00data", b"\xff\x00"]),
        (True, b"line\r", [b'\x04{"Width":80,"Height":24}', b"\x00line\r", b"\x00\x04"]),
        (True, b"half", [b'\x04{"Width":80,"Height":24}', b"\x00half", b"\x00\x04\x04"]),
    ):
        seen = []

        async def script(socket, seen=seen, expected=expected):
            while len(seen) < len(expected):
                seen.append((await socket.receive()).data)
            await socket.send_bytes(wire_status(0))
            await collect(socket, seen)

        server.script = script
        stream = await cluster.open(grant(tty=tty, stdin=True), None)
        await stream.send(sent)
        await stream.end_input()
        await stream.send(b"never")
        await stream.end_input()
        await to_end(stream)
        assert seen == expected


async def test_without_a_terminal_no_resize_is_ever_sent(server, cluster, grant, wire_status):
    seen = []

    async def script(socket):
        seen.append((await socket.receive()).data)
        await socket.send_bytes(wire_status(0))

    server.script = script
    stream = await cluster.open(grant(stdin=True), Size(100, 50))
    await stream.resize(Size(80, 24))
    await stream.send(b"after")
    await to_end(stream)
    assert seen == [b"\x00after"]


async def test_big_input_is_cut_to_whole_messages(server, cluster, grant, wire_status):
    seen = []

    async def script(socket):
        async for message in socket:
            assert message.type is WSMsgType.BINARY
            seen.append(message.data)
            if message.data == b"\xff\x00":
                await socket.send_bytes(wire_status(0))
                return

    server.script = script
    stream = await cluster.open(grant(stdin=True), None)
    data = bytes(range(256)) * 400
    await stream.send(data)
    await stream.end_input()
    await to_end(stream)
    assert b"".join(message[1:] for message in seen[:-1]) == data
    assert all(len(message) <= 32769 for message in seen)


async def test_on_v4_a_command_that_waits_for_the_end_of_input_is_ended_with_a_reason(
    server, make_cluster, grant
):
    server.protocols = V4
    server.script = linger
    stream = await make_cluster(input_grace=0.1).open(grant(stdin=True), None)
    assert stream.protocol == V4[0]
    await stream.send(b"data")
    await stream.end_input()
    _, _, last = await asyncio.wait_for(to_end(stream), 20)
    assert (last.refusal.code, last.refusal.status) == ("no-half-close", 255)


async def test_on_v4_a_command_that_goes_on_writing_after_its_input_ends_by_itself(
    server, make_cluster, grant, wire_status
):
    async def script(socket):
        for _ in range(6):
            await asyncio.sleep(0.1)
            await socket.send_bytes(b"\x01.")
        await socket.send_bytes(wire_status(0))

    server.protocols = V4
    server.script = script
    stream = await make_cluster(input_grace=0.4).open(grant(stdin=True), None)
    await stream.send(b"data")
    await stream.end_input()
    out, _, last = await to_end(stream)
    assert (out, last.code) == (b"......", 0)


async def test_a_server_that_chose_no_known_protocol_is_refused(server, cluster, grant):
    server.protocols = ("other",)
    refused = await cluster.open(grant(), None)
    assert isinstance(refused, Refusal)
    assert refused.code == "no-protocol"
    server.protocols = ()
    assert (await cluster.open(grant(), None)).code == "no-protocol"


async def test_a_reader_that_stops_pauses_the_pod_and_loses_nothing(server, cluster, grant, wire_status):
    total = 64 * 1024 * 1024
    block = bytes(range(256)) * 128
    sent = 0

    async def script(socket):
        nonlocal sent
        while sent < total:
            await socket.send_bytes(b"\x01" + block)
            sent += len(block)
        await socket.send_bytes(wire_status(0))
        await socket.close()

    server.script = script
    stream = await cluster.open(grant(), None)
    await stream.receive()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20):
        await asyncio.sleep(0.05)
    assert sent < 24 * 1024 * 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 24 * 1024
    digest, count = hashlib.sha256(block), len(block)
    while isinstance(event := await stream.receive(), PodSent):
        digest.update(event.data)
        count += len(event.data)
    assert count == total
    assert digest.digest() == hashlib.sha256(block * (total // len(block))).digest()
    assert event.code == 0
