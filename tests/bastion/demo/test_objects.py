"""The object store: versions, selectors, watches."""

from __future__ import annotations

import asyncio

import pytest

from bastion.demo.objects import ObjectStore, selection
from bastion.demo.resources import BY_NAME
from bastion.demo.status import ApiError

PODS = BY_NAME["", "pods"]


def pod(name: str, namespace: str = "shop", **labels: str) -> dict:
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"nodeName": "n1"},
        "status": {"phase": "Running"},
    }


async def test_put_fills_in_what_the_server_owns_and_keeps_the_uid():
    store = ObjectStore()
    first = store.put("pods", pod("a"))
    second = store.put("pods", pod("a"))
    assert (first["kind"], first["apiVersion"]) == ("Pod", "v1")
    assert first["metadata"]["uid"] == second["metadata"]["uid"]
    assert int(first["metadata"]["resourceVersion"]) < int(second["metadata"]["resourceVersion"])


async def test_what_is_given_out_is_a_copy():
    store = ObjectStore()
    store.put("pods", pod("a"))["spec"]["nodeName"] = "changed"
    assert store.get("pods", "shop", "a")["spec"]["nodeName"] == "n1"


async def test_a_missing_object_is_404_in_any_namespace():
    for namespace in ("shop", "nowhere"):
        with pytest.raises(ApiError, match='pods "x" not found'):
            ObjectStore().get("pods", namespace, "x")


@pytest.mark.parametrize(
    ("labels", "fields", "names"),
    [
        ("", "", ["a", "b", "c"]),
        ("tier=web", "", ["a"]),
        ("tier==web", "", ["a"]),
        ("tier!=web", "", ["b", "c"]),
        ("tier in (web, api)", "", ["a", "b"]),
        ("tier notin (web,api)", "", ["c"]),
        ("tier", "", ["a", "b"]),
        ("!tier", "", ["c"]),
        ("tier in (web,api),zone=1", "", ["b"]),
        ("", "metadata.name=a", ["a"]),
        ("", "metadata.name!=a,spec.nodeName=n1", ["b", "c"]),
    ],
)
async def test_selectors_select(labels, fields, names):
    store = ObjectStore()
    store.put("pods", pod("a", tier="web"))
    store.put("pods", pod("b", tier="api", zone="1"))
    store.put("pods", pod("c"))
    store.put("pods", pod("d", "bank"))
    found = store.list(PODS, selection("shop", "", labels, fields))
    assert [item["metadata"]["name"] for item in found] == names


@pytest.mark.parametrize(("labels", "fields"), [("a b c", ""), ("", "spec.unknown=1")])
def test_a_selector_that_is_not_understood_is_400(labels, fields):
    with pytest.raises(ApiError) as refused:
        selection("", "", labels, fields)
    assert refused.value.code == 400


async def test_a_watch_tells_every_change_in_order():
    store = ObjectStore()
    since = store.put("pods", pod("a"))["metadata"]["resourceVersion"]
    changes = store.watch(PODS, selection("shop", "", "", ""), since)
    store.put("pods", pod("b"))
    store.put("pods", pod("x", "bank"))
    assert [(kind, item["metadata"]["name"]) for kind, item in [await anext(changes)]] == [("ADDED", "b")]
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    store.put("pods", pod("a"))
    assert (await waiting)[0] == "MODIFIED"
    store.remove("pods", "shop", "b")
    kind, item = await anext(changes)
    assert (kind, item["metadata"]["name"]) == ("DELETED", "b")


async def test_a_watch_from_too_long_ago_is_410():
    store = ObjectStore()
    since = store.put("pods", pod("a"))["metadata"]["resourceVersion"]
    for _ in range(1100):
        store.put("pods", pod("a"))
    with pytest.raises(ApiError, match="too old resource version"):
        await anext(store.watch(PODS, selection("", "", "", ""), since))


async def test_a_quiet_watch_tells_the_version_up_to_which_all_is_told():
    store = ObjectStore()
    store.put("pods", pod("a"))
    watch = store.watch(PODS, selection("shop", "other", "", ""), "1000", 0.05)
    kind, bookmark = await anext(watch)
    assert (kind, bookmark["kind"]) == ("BOOKMARK", "Pod")
    assert bookmark["metadata"] == {"resourceVersion": store.version}
    store.put("pods", pod("other"))
    assert (await anext(watch))[0] == "ADDED"
