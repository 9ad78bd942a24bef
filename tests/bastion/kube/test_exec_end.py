"""How an exec stream ends: dead servers, kill, and what must never be sent twice."""

from __future__ import annotations

import asyncio

import pytest
import uvloop
from aiohttp import web

from bastion.model.events import PodExited, PodFailed, PodSent

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


async def test_a_server_that_answers_no_ping_is_given_up(server, make_cluster, grant):
    async def deaf(socket):
        socket._req.transport.pause_reading()
        await asyncio.sleep(30)

    server.script = deaf
    server.sweeps = linger
    cluster = make_cluster(ping_interval=0.1, pong_timeout=0.2, kill_timeout=0.3)
    stream = await cluster.open(grant(), None)
    last = await asyncio.wait_for(stream.receive(), 20)
    assert last.refusal.text == "the cluster stopped answering while the command ran"


async def test_a_silent_command_and_a_slow_reader_are_not_given_up(server, make_cluster, grant, wire_status):
    async def quiet(socket):
        await asyncio.wait_for(collect(socket, []), 30)

    async def script(socket):
        reading = asyncio.ensure_future(quiet(socket))
        await asyncio.sleep(1)
        for _ in range(100):
            await socket.send_bytes(b"\x01" + bytes(32768))
        await asyncio.sleep(1)
        await socket.send_bytes(wire_status(0))
        await asyncio.sleep(0.1)
        reading.cancel()

    server.script = script
    stream = await make_cluster(ping_interval=0.2, pong_timeout=0.6).open(grant(), None)
    await stream.receive()
    await asyncio.sleep(2)
    out, _, last = await to_end(stream)
    assert isinstance(last, PodExited)
    assert len(out) == 99 * 32768


async def test_input_that_the_program_does_not_read_is_no_sign_of_a_dead_server(
    server, make_cluster, grant, wire_status
):
    async def script(socket):
        socket._req.transport.pause_reading()
        await asyncio.sleep(2)
        await socket.send_bytes(wire_status(0))

    server.script = script
    stream = await make_cluster(ping_interval=0.2, pong_timeout=0.6).open(grant(stdin=True), None)
    await stream.send(bytes(100_000))
    assert isinstance(await stream.receive(), PodExited)


async def test_a_full_socket_makes_send_wait_until_the_stream_is_dropped(server, cluster, grant):
    async def script(socket):
        socket._req.transport.pause_reading()
        await asyncio.sleep(30)

    server.script = script
    stream = await cluster.open(grant(stdin=True), None)

    async def flood():
        for _ in range(2000):
            await stream.send(bytes(32768))

    flooding = asyncio.ensure_future(flood())
    done, _ = await asyncio.wait([flooding], timeout=1)
    assert not done
    await stream.kill()
    await asyncio.wait_for(flooding, 10)


async def test_kill_sweeps_by_the_mark_with_the_same_identity_and_then_drops_the_stream(
    server, cluster, grant, wire_status
):
    killed = asyncio.Event()

    async def script(socket):
        await killed.wait()
        await socket.send_bytes(wire_status(129))
        await socket.close()

    async def sweeps(socket):
        await socket.send_bytes(b"\x01left 0\n")
        await socket.send_bytes(wire_status(0))
        killed.set()

    server.script, server.sweeps = script, sweeps
    stream = await cluster.open(grant(), None)
    await asyncio.gather(stream.kill(), stream.kill())
    assert stream.survivors == 0
    sweep = [r for r in server.requests if r.path.endswith("/exec")][-1]
    assert sweep.query.getall("command")[-1] == grant().unit
    assert sweep.headers["Audit-ID"] == "s-1"
    assert "stdin" not in sweep.query
    assert "tty" not in sweep.query
    assert len([r for r in server.requests if r.path.endswith("/exec")]) == 2
    assert isinstance(await stream.receive(), PodExited | PodFailed)


async def test_a_sweep_that_came_too_early_is_done_again(server, cluster, grant, wire_status):
    sweeps_seen = 0
    killed = asyncio.Event()

    async def script(socket):
        await killed.wait()
        await socket.send_bytes(wire_status(137))

    async def sweeps(socket):
        nonlocal sweeps_seen
        sweeps_seen += 1
        if sweeps_seen == 2:
            killed.set()
        await socket.send_bytes(b"\x01left 0\n")
        await socket.send_bytes(wire_status(0))

    server.script, server.sweeps = script, sweeps
    stream = await cluster.open(grant(), None)
    reading = asyncio.ensure_future(stream.receive())
    await stream.kill()
    assert sweeps_seen == 2
    assert (await reading).code == 137


async def test_survivors_are_counted_and_unknown_is_not_none(server, cluster, grant, wire_status):
    async def two_left(socket):
        await socket.send_bytes(b"\x01left 2\n")
        await socket.send_bytes(wire_status(0))

    async def no_shell(socket):
        await socket.send_bytes(
            wire_status(reason="InternalError", message='exec: "sh": executable file not found')
        )

    for script, survivors in ((two_left, 2), (no_shell, -1)):
        server.script, server.sweeps = linger, script
        stream = await cluster.open(grant(), None)
        await stream.kill()
        assert stream.survivors == survivors


async def test_without_a_sweep_a_terminal_gets_ctrl_c_and_ctrl_d(server, cluster, grant):
    seen = []

    async def script(socket):
        await collect(socket, seen)

    server.script = script
    stream = await cluster.open(grant(tty=True, argv=("bash",)), None)
    await stream.kill()
    assert seen[-1] == b"\x00\x03\x04"
    assert stream.survivors == -1


async def test_kill_ends_in_bounded_time_though_nothing_answers(server, make_cluster, grant):
    server.script = server.sweeps = linger
    stream = await make_cluster(kill_timeout=0.3).open(grant(), None)
    await asyncio.wait_for(stream.kill(), 10)
    assert stream.survivors == -1
    assert (await stream.receive()).refusal.code == "killed"


async def test_a_cancelled_kill_is_still_done(server, cluster, grant, wire_status):
    swept = asyncio.Event()

    async def sweeps(socket):
        await socket.send_bytes(b"\x01left 0\n")
        await socket.send_bytes(wire_status(0))
        swept.set()

    server.script, server.sweeps = linger, sweeps
    stream = await cluster.open(grant(), None)
    killing = asyncio.ensure_future(stream.kill())
    await asyncio.sleep(0)
    killing.cancel()
    await asyncio.wait_for(swept.wait(), 10)


async def test_a_lost_stream_is_swept_without_being_asked(server, cluster, grant, wire_status):
    swept = asyncio.Event()

    async def sweeps(socket):
        swept.set()
        await socket.send_bytes(b"\x01left 0\n")
        await socket.send_bytes(wire_status(0))

    async def script(socket):
        socket._req.transport.abort()

    server.script, server.sweeps = script, sweeps
    stream = await cluster.open(grant(), None)
    assert (await stream.receive()).refusal.code == "pod-lost"
    await asyncio.wait_for(swept.wait(), 10)


async def test_closing_the_cluster_ends_what_runs(server, cluster, grant, wire_status):
    swept = 0

    async def sweeps(socket):
        nonlocal swept
        swept += 1
        await socket.send_bytes(b"\x01left 0\n")
        await socket.send_bytes(wire_status(0))

    server.script, server.sweeps = linger, sweeps
    for _ in range(3):
        await cluster.open(grant(), None)
    await cluster.close()
    assert swept >= 3


async def test_an_exec_whose_connection_broke_is_not_sent_again(server, cluster, grant):
    def broken(request):
        request.transport.abort()
        return web.Response()

    path = "/api/v1/namespaces/shop/pods/web-0/exec"
    server.objects[path] = broken
    refused = await cluster.open(grant(argv=("true",)), None)
    assert refused.code == "start-unknown"
    assert len([r for r in server.requests if r.path == path]) == 1


async def test_an_exec_follows_no_redirect(server, cluster, grant):
    path = "/api/v1/namespaces/shop/pods/web-0/exec"
    server.objects[path] = lambda _request: web.Response(status=302, headers={"Location": "/elsewhere"})
    assert (await cluster.open(grant(), None)).code == "cluster-fault"
    assert not any(request.path == "/elsewhere" for request in server.requests)


async def test_an_open_that_is_cancelled_is_swept(server, cluster, grant, wire_status):
    asked, swept = asyncio.Event(), asyncio.Event()

    def silent(request):
        if "bastion-sweep" in request.query.getall("command"):
            return None
        asked.set()
        return asyncio.sleep(30)

    async def sweeps(socket):
        await socket.send_bytes(b"\x01left 0\n")
        await socket.send_bytes(wire_status(0))
        swept.set()

    server.sweeps = sweeps
    server.objects["/api/v1/namespaces/shop/pods/web-0/exec"] = silent
    opening = asyncio.ensure_future(cluster.open(grant(), None))
    await asyncio.wait_for(asked.wait(), 10)
    opening.cancel()
    await asyncio.wait_for(swept.wait(), 10)
    assert opening.cancelled()
