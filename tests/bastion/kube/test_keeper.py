"""One knowledge for all sessions that reach the same Secrets, kept for a while and then let go."""

from __future__ import annotations

import asyncio
import base64

import pytest
from aiohttp import web

from bastion.kube import keeper
from bastion.kube.follow import LOST
from bastion.model.refusal import Refusal

NAMESPACE = "/api/v1/namespaces/shop"


def item(value):
    return {"metadata": {"name": "aaa"}, "data": {"k": base64.b64encode(value).decode()}}


@pytest.fixture
def watches(server, make_pod):
    """The queries of the watches that are open; the pod reaches the Secret `aaa`."""
    opened = []

    async def hold(request):
        opened.append(request)
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:  # a client that has gone is noticed when it is written to
                await asyncio.sleep(0.05)
                await response.write(b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}\n')
        finally:
            opened.remove(request)

    pod = make_pod()
    pod["spec"] = {
        "automountServiceAccountToken": False,
        "volumes": [{"name": "aaa", "secret": {"secretName": "aaa"}}],
    }
    server.objects |= {
        f"{NAMESPACE}/pods/web-0": pod,
        f"{NAMESPACE}/secrets/aaa": item(b"first-value-1"),
        f"{NAMESPACE}/secrets": hold,
    }
    return opened


async def until(check):
    async with asyncio.timeout(10):
        while not check():
            await asyncio.sleep(0.01)


async def test_sessions_share_one_watch_and_each_reads_anew(server, cluster, grant, watches):
    first = await cluster.secrets(grant().pod, "pod")
    server.objects[f"{NAMESPACE}/secrets/aaa"] = item(b"second-value-2")
    second = await cluster.secrets(grant().pod, "pod")
    await until(lambda: watches)
    await asyncio.sleep(0.2)
    assert len(watches) == 1
    both = [b"first-value-1", b"second-value-2"]
    assert [one.value for one in second.known.values] == both
    # What the second session read is news for the first one.
    assert [one.value for one in (await first.changed()).values] == both


async def test_what_nobody_reads_is_let_go_after_a_while_and_not_before(cluster, grant, watches, monkeypatch):
    monkeypatch.setattr(keeper, "LINGER", 0.3)
    first = await cluster.secrets(grant().pod, "pod")
    await until(lambda: watches)
    first.close()
    again = await cluster.secrets(grant().pod, "pod")
    await asyncio.sleep(0.6)
    assert watches
    again.close()
    again.close()
    await until(lambda: not watches)
    assert not cluster._keeper._kept
    assert not cluster._keeper._tasks


async def test_a_session_that_opens_while_the_last_one_closes_keeps_the_values(
    server, cluster, grant, watches, monkeypatch
):
    monkeypatch.setattr(keeper, "LINGER", 0.05)
    first = await cluster.secrets(grant().pod, "pod")

    async def slow(_request):
        await asyncio.sleep(0.4)
        return web.json_response(item(b"second-value-2"))

    server.objects[f"{NAMESPACE}/secrets/aaa"] = slow
    opening = asyncio.ensure_future(cluster.secrets(grant().pod, "pod"))
    await asyncio.sleep(0.1)
    first.close()
    found = await opening
    assert [one.value for one in found.known.values] == [b"first-value-1", b"second-value-2"]


async def test_beyond_so_many_watches_secrets_are_read_at_intervals(
    server, make_cluster, grant, watches, monkeypatch
):
    monkeypatch.setattr(keeper, "MOST_WATCHED", 0)
    cluster = make_cluster(secrets_poll=0.05)
    reading = await cluster.secrets(grant().pod, "pod")
    server.objects[f"{NAMESPACE}/secrets/aaa"] = item(b"second-value-2")
    async with asyncio.timeout(10):
        assert len((await reading.changed()).values) == 2
    assert not watches


async def test_what_could_not_be_read_at_first_is_not_followed(server, cluster, grant, watches):
    server.objects[f"{NAMESPACE}/secrets/aaa"] = lambda _request: web.Response(status=403)
    reading = await cluster.secrets(grant().pod, "pod")
    assert isinstance(reading.known.why, Refusal)
    await asyncio.sleep(0.2)
    assert not watches


async def test_a_fault_of_the_follower_is_a_loss(cluster, grant, watches, monkeypatch):
    async def broken(_self):
        raise RuntimeError

    monkeypatch.setattr(keeper.Follower, "run", broken)
    reading = await cluster.secrets(grant().pod, "pod")
    async with asyncio.timeout(10):
        assert await reading.changed() == LOST


async def test_an_optional_secret_that_appears_is_known(server, make_cluster, grant, watches, monkeypatch):
    monkeypatch.setattr(keeper, "MOST_WATCHED", 0)
    pod = server.objects[f"{NAMESPACE}/pods/web-0"]
    pod["spec"]["volumes"][0]["secret"]["optional"] = True
    del server.objects[f"{NAMESPACE}/secrets/aaa"]
    reading = await make_cluster(secrets_poll=0.05).secrets(grant().pod, "pod")
    assert (reading.known.why, reading.known.values) == (None, ())
    server.objects[f"{NAMESPACE}/secrets/aaa"] = item(b"first-value-1")
    async with asyncio.timeout(10):
        assert [one.value for one in (await reading.changed()).values] == [b"first-value-1"]
    assert not watches


async def test_a_follower_that_a_fault_ended_is_replaced_for_who_reads_next(
    cluster, grant, watches, monkeypatch
):
    async def broken(_self):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(keeper.Follower, "run", broken)
        first = await cluster.secrets(grant().pod, "pod")
        async with asyncio.timeout(10):
            assert await first.changed() == LOST
    await cluster.secrets(grant().pod, "pod")
    await until(lambda: watches)
