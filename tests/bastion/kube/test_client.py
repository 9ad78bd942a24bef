"""Reads from the API server: bounded, repeated a little, and clear when they fail."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from aiohttp import web

from bastion.kube.client import Client
from bastion.kube.settings import KubeSettings
from bastion.model.refusal import Refusal

PATH = "/api/v1/namespaces/shop/pods/web-0"


@pytest.fixture
async def make_client(kubeconfig):
    made = []

    def make(**fields):
        path = fields.pop("kubeconfig", None) or kubeconfig()
        made.append(Client(KubeSettings("prod", path, allow_insecure=True, **fields)))
        return made[-1]

    yield make
    for client in made:
        await client.close()


def asked(server, path=PATH):
    return [request for request in server.requests if request.path == path]


async def test_an_object_is_read_with_the_credential(server, make_client, make_pod):
    assert await make_client().get(PATH) == make_pod()
    assert asked(server)[0].headers["Authorization"] == "Bearer first"


async def test_a_body_over_the_limit_is_not_read(server, make_client):
    server.objects[PATH] = {"x": "a" * 10_000}
    assert (await make_client().get(PATH, limit=5_000)).code == "cluster-fault"
    assert isinstance(await make_client().get(PATH, limit=20_000), dict)


@pytest.mark.parametrize("body", [b"[]", b"no json", b""])
async def test_what_is_no_object_is_a_fault(server, make_client, body):
    server.objects[PATH] = lambda _request: web.Response(body=body)
    assert (await make_client().get(PATH)).code == "cluster-fault"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_read_is_repeated_while_the_server_is_busy(server, make_client, make_pod, status):
    answers = [web.Response(status=status), web.json_response(make_pod())]
    server.objects[PATH] = lambda _request: answers.pop(0)
    assert await make_client().get(PATH) == make_pod()


async def test_a_read_is_not_repeated_for_ever(server, make_client):
    server.objects[PATH] = lambda _request: web.Response(status=503)
    refusal = await make_client().get(PATH)
    assert (refusal.code, refusal.status) == ("cluster-down", 255)
    assert len(asked(server)) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 422])
async def test_a_decided_answer_is_not_asked_again(server, make_client, status):
    server.objects[PATH] = lambda _request: web.Response(status=status)
    assert isinstance(await make_client().get(PATH), Refusal)
    assert len(asked(server)) == 1


async def test_a_silent_server_is_given_up_in_time(make_client, kubeconfig):
    async def silent(_reader, writer):
        await asyncio.sleep(5)
        writer.close()

    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    address = "http://{}:{}".format(*listener.sockets[0].getsockname())
    client = make_client(kubeconfig=kubeconfig(server=address), request_timeout=0.2, open_timeout=0.2)
    refusal = await asyncio.wait_for(client.get(PATH), 4)
    assert refusal.code == "cluster-down"
    refusal = await asyncio.wait_for(client.upgrade(PATH + "/exec", [("command", "x")], ()), 4)
    assert refusal.code == "start-unknown"
    listener.close()


async def test_no_server_is_cluster_down(make_client, kubeconfig, unused_tcp_port):
    path = kubeconfig(server=f"http://127.0.0.1:{unused_tcp_port}")
    refusal = await make_client(kubeconfig=path).get(PATH)
    assert (refusal.code, refusal.status) == ("cluster-down", 255)


async def test_no_redirect_is_followed(server, make_client):
    server.objects[PATH] = lambda _request: web.Response(status=302, headers={"Location": "/elsewhere"})
    assert (await make_client().get(PATH)).code == "cluster-fault"
    assert not asked(server, "/elsewhere")


async def test_many_reads_at_once_do_not_wait_for_each_other(server, make_client):
    arrived = 0
    all_there = asyncio.Event()

    async def exec_like(socket):
        nonlocal arrived
        arrived += 1
        if arrived == 150:
            all_there.set()
        await all_there.wait()

    server.script = exec_like
    client = make_client(open_timeout=20.0)
    query = [("command", "true"), ("stdout", "true")]
    wires = await asyncio.gather(*(client.upgrade(PATH + "/exec", query, ()) for _ in range(150)))
    await asyncio.wait_for(all_there.wait(), 20)
    await asyncio.gather(*(wire.aclose() for wire in wires))


async def test_a_command_that_is_too_long_is_refused_before_it_is_sent(server, make_client):
    refusal = await make_client().upgrade(PATH + "/exec", [("command", "x" * 2_000_000)], ())
    assert refusal.code == "too-long"
    assert server.requests == []


def test_the_official_package_is_not_imported_with_the_room():
    code = "import sys, bastion.kube.cluster; sys.exit('kubernetes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
