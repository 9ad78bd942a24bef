"""Following Secrets: a change is known while it is watched, polled or asked anew; silence is loss."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest
from aiohttp import web

from bastion.kube import follow
from bastion.kube.client import Client
from bastion.kube.follow import Follower, Pace
from bastion.kube.knowledge import ALL, Knowledge, Reader
from bastion.kube.reach import Wanted
from bastion.kube.settings import KubeSettings
from bastion.model.refusal import Refusal

PATH = "/api/v1/namespaces/shop/secrets"
QUICK = Pace(0.05, 0.6)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(follow, "LIVE_PAUSE", 0.01)
    monkeypatch.setattr(follow, "PAUSES", (0.0, 0.05))


def item(value, version="1", name="aaa"):
    meta = {"name": name, "resourceVersion": version}
    return {"metadata": meta, "data": {"k": base64.b64encode(value).decode()}}


def told(kind, thing):
    return json.dumps({"type": kind, "object": thing}).encode() + b"\n"


class Watched:
    """A server's watches: each gets the next script of pieces; the last stays open when told to."""

    def __init__(self, *scripts, stays=True):
        self.scripts, self.stays, self.queries = list(scripts), stays, []

    async def __call__(self, request):
        self.queries.append(dict(request.query))
        script = self.scripts.pop(0) if self.scripts else []
        if isinstance(script, int):
            return web.Response(status=script)
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in script:
            await response.write(piece)
        if self.stays and not self.scripts:
            await asyncio.sleep(30)
        return response


class Scene:
    """A follower on its own, and what its reader is told."""

    def __init__(self, server, kubeconfig, source="aaa", pace=QUICK):
        self.client = Client(KubeSettings("prod", kubeconfig(), allow_insecure=True, request_timeout=1.0))
        names = None if source == ALL else ((source, None, True),)
        self.knowledge = Knowledge("prod", Wanted("shop", names), asyncio.get_running_loop().time)
        self.knowledge.sure(source)
        self.reader = Reader(self.knowledge, 0, None, lambda: None)
        self.follower = Follower(self.client, self.knowledge, source, pace)
        self.task = asyncio.ensure_future(self.follower.run())

    async def told(self):
        async with asyncio.timeout(10):
            found = await self.reader.changed()
        return found if isinstance(found, Refusal) else [each.value for each in found.values]

    async def close(self):
        self.task.cancel()
        await asyncio.wait([self.task])
        await self.client.close()
        assert self.task.cancelled(), self.task.exception()


@pytest.fixture
async def scene(server, kubeconfig):
    made = []

    def make(handler, **more):
        server.objects[PATH] = handler
        made.append(Scene(server, kubeconfig, **more))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def test_what_changes_becomes_known_and_the_old_stays(scene):
    one = scene(
        Watched([told("ADDED", item(b"first-value-1")), told("MODIFIED", item(b"second-value-2", "2"))])
    )
    while (values := await one.told()) != [b"first-value-1", b"second-value-2"]:
        assert values == [b"first-value-1"]


async def test_only_this_secret_is_watched_with_bookmarks_and_an_end(scene):
    server = Watched([told("ADDED", item(b"first-value-1"))])
    await scene(server).told()
    assert server.queries == [
        {
            "watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(follow.WATCH_SECONDS),
            "fieldSelector": "metadata.name=aaa",
        }
    ]  # fmt: skip


async def test_an_event_may_come_in_pieces_and_several_in_one(scene):
    one, two = told("ADDED", item(b"first-value-1")), told("ADDED", item(b"second-value-2", "2", "bbb"))
    whole = one + two
    server = Watched([whole[:20], whole[20 : len(one) + 9], whole[len(one) + 9 :]])
    scene_ = scene(server, source=ALL)
    while await scene_.told() != [b"first-value-1", b"second-value-2"]:
        pass
    assert "fieldSelector" not in server.queries[0]


async def test_a_watch_that_ends_goes_on_from_the_last_version_bookmarks_included(scene):
    server = Watched(
        [
            told("ADDED", item(b"first-value-1", "5")),
            told("BOOKMARK", {"metadata": {"resourceVersion": "9"}}),
        ],
        [told("MODIFIED", item(b"second-value-2", "10"))],
    )
    one = scene(server)
    while len(await one.told()) < 2:
        pass
    assert [query.get("resourceVersion") for query in server.queries] == [None, "9"]


GONE = {"kind": "Status", "code": 410, "reason": "Expired"}


@pytest.mark.parametrize(
    "end", [410, [told("ERROR", GONE)], [b"no json\n"], [b"{}\n"], [told("ADDED", 3)]],
    ids=["status", "event", "garbage", "nothing", "no object"],
)  # fmt: skip
async def test_a_version_that_is_gone_is_left_for_the_present_state(scene, end):
    server = Watched(
        [told("ADDED", item(b"first-value-1", "5"))], end, [told("ADDED", item(b"second-value-2", "80"))]
    )
    one = scene(server)
    while len(await one.told()) < 2:
        pass
    assert [query.get("resourceVersion") for query in server.queries] == [None, "5", None]


async def test_where_watching_is_forbidden_it_is_read_again_and_again(scene, server):
    one = scene(Watched(403))
    server.objects[f"{PATH}/aaa"] = item(b"first-value-1")
    assert await one.told() == [b"first-value-1"]
    server.objects[f"{PATH}/aaa"] = item(b"second-value-2")
    assert await one.told() == [b"first-value-1", b"second-value-2"]
    assert one.knowledge.lost is None


async def test_a_namespace_that_may_not_be_watched_is_listed_again_and_again(scene, server):
    def both(request):
        if "watch" in request.query:
            return web.Response(status=403)
        return web.json_response({"metadata": {"resourceVersion": "1"}, "items": [item(b"first-value-1")]})

    assert await scene(both, source=ALL).told() == [b"first-value-1"]


@pytest.mark.parametrize("status", [403, 500, 401])
async def test_what_can_be_neither_watched_nor_read_is_lost_after_the_grace_and_is_told_once(
    scene, server, status
):
    server.objects[f"{PATH}/aaa"] = lambda _request: web.Response(status=status)
    one = scene(lambda _request: web.Response(status=status))
    begun = asyncio.get_running_loop().time()
    assert await one.told() == follow.LOST
    assert asyncio.get_running_loop().time() - begun >= QUICK.grace
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await one.reader.changed()


async def test_what_was_lost_and_is_known_again_goes_on(scene, server):
    one = scene(lambda _request: web.Response(status=500))
    assert await one.told() == follow.LOST
    server.objects[PATH] = Watched([told("ADDED", item(b"first-value-1"))])
    assert await one.told() == [b"first-value-1"]
    assert one.knowledge.lost is None


@pytest.mark.parametrize("watches", [True, False])
async def test_a_value_that_cannot_be_decoded_is_lost_at_once(scene, server, watches):
    bad = {"metadata": {"name": "aaa", "resourceVersion": "1"}, "data": {"k": "no base64!"}}
    server.objects[f"{PATH}/aaa"] = bad
    one = scene(Watched([told("MODIFIED", bad)] if watches else 403), pace=Pace(0.05, 60.0))
    assert (await one.told()).code == "secrets-unknown"


async def test_a_secret_that_is_gone_is_known_to_be_gone(scene, server):
    one = scene(Watched(403))
    await asyncio.sleep(2 * QUICK.grace)
    assert one.knowledge.lost is None


async def test_a_server_that_says_nothing_is_left_after_a_while(scene, monkeypatch):
    monkeypatch.setattr(follow, "WATCH_SECONDS", 0.2)
    monkeypatch.setattr(follow, "SLACK", 0.1)
    server = Watched()
    scene(server)
    async with asyncio.timeout(10):
        while len(server.queries) < 2:
            await asyncio.sleep(0.05)


async def test_an_event_without_an_end_is_not_kept(scene, monkeypatch):
    monkeypatch.setattr(follow, "MAX_BODY", 10_000)
    server = Watched([b"x" * 9_000] * 8, [told("ADDED", item(b"first-value-1"))])
    assert await scene(server).told() == [b"first-value-1"]
