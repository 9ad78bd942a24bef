"""Targets to containers: what is chosen, and what is refused with which words."""

from __future__ import annotations

import pytest
from aiohttp import web

from bastion.model.pod import Pod
from bastion.model.refusal import Refusal
from bastion.model.target import Target, parse

PODS = "/api/v1/namespaces/shop/pods"
WEB = PODS + "/web-0"
DEPLOY = "/apis/apps/v1/namespaces/shop/deployments/web"


def two_containers(pod, annotation=None):
    pod["spec"]["containers"] = [{"name": "app"}, {"name": "sidecar"}]
    running = {"running": {}}
    pod["status"]["containerStatuses"].append({"name": "sidecar", "containerID": "c://2", "state": running})
    if annotation:
        pod["metadata"]["annotations"] = {"kubectl.kubernetes.io/default-container": annotation}
    return pod


async def test_a_pod_is_bound_to_its_uid_and_container_id(server, cluster):
    found = await cluster.resolve(parse("shop/web-0"))
    assert found == Pod("prod", "shop", "web-0", "uid-1", "app", "containerd://1", (("app", "web"),))


async def test_an_unknown_pod_or_workload_is_an_unknown_target(server, cluster):
    for login in ("shop/nope", "nope/web-0", "shop/deploy/nope", "shop/job/nope"):
        assert (await cluster.resolve(parse(login))).code == "unknown-target"


async def test_of_several_containers_one_must_be_named(server, cluster, make_pod):
    server.objects[WEB] = two_containers(make_pod())
    refusal = await cluster.resolve(parse("shop/web-0"))
    assert refusal.code == "ambiguous-container"
    assert "app, sidecar" in refusal.line()
    assert (await cluster.resolve(parse("shop/web-0/sidecar"))).container_id == "c://2"
    assert (await cluster.resolve(parse("shop/web-0/nope"))).code == "unknown-target"


async def test_the_default_container_annotation_decides(server, cluster, make_pod):
    server.objects[WEB] = two_containers(make_pod(), "sidecar")
    assert (await cluster.resolve(parse("shop/web-0"))).container == "sidecar"
    server.objects[WEB] = two_containers(make_pod(), "gone")
    assert (await cluster.resolve(parse("shop/web-0"))).code == "ambiguous-container"


async def test_a_debug_container_is_reached_by_its_name_only(server, cluster, make_pod):
    pod = make_pod()
    pod["spec"]["ephemeralContainers"] = [{"name": "dbg"}]
    state = {"name": "dbg", "containerID": "c://3", "state": {"running": {}}}
    pod["status"]["ephemeralContainerStatuses"] = [state]
    server.objects[WEB] = pod
    assert (await cluster.resolve(parse("shop/web-0/dbg"))).container_id == "c://3"
    assert (await cluster.resolve(parse("shop/web-0"))).container == "app"


@pytest.mark.parametrize(
    "changes",
    [
        {"status": {"phase": "Pending", "containerStatuses": []}},
        {"status": {"containerStatuses": [{"name": "app", "state": {"waiting": {}}}]}},
        {"status": {"containerStatuses": [{"name": "app", "state": {"terminated": {}}, "containerID": "c"}]}},
        {"status": {"containerStatuses": [{"name": "app", "state": {"running": {}}, "containerID": ""}]}},
        {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}},
    ],
)
async def test_a_pod_that_does_not_run_or_is_going_is_not_ready(server, cluster, make_pod, changes):
    server.objects[WEB] = make_pod(**changes)
    assert (await cluster.resolve(parse("shop/web-0"))).code == "not-ready"


def member(make_pod, name, *, hashed="abc", ready="True", **metadata):
    owner = {"controller": True, "kind": "ReplicaSet", "name": f"web-{hashed}", "uid": f"rs-{hashed}"}
    fields = {
        "name": name,
        "uid": f"uid-{name}",
        "labels": {"pod-template-hash": hashed},
        "ownerReferences": [owner],
        **metadata,
    }
    conditions = {"conditions": [{"type": "Ready", "status": ready}]}
    return make_pod(metadata=fields, status=conditions)


@pytest.fixture
def deployment(server):
    server.objects[DEPLOY] = {
        "metadata": {"uid": "d-1"},
        "spec": {
            "selector": {
                "matchLabels": {"app": "web", "a": "b"},
                "matchExpressions": [
                    {"key": "tier", "operator": "In", "values": ["x", "y"]},
                    {"key": "old", "operator": "DoesNotExist"},
                ],
            }
        },
    }

    def members(*pods):
        server.objects[PODS] = {"items": list(pods), "metadata": {}}

    return members


async def test_of_a_deployment_the_ready_pod_with_the_lowest_name_is_chosen(
    server, cluster, deployment, make_pod
):
    deployment(
        member(make_pod, "web-abc-3"),
        member(make_pod, "web-abc-0", ready="False"),
        member(make_pod, "web-abc-1", deletionTimestamp="x"),
        member(make_pod, "web-abc-2"),
    )
    found = await cluster.resolve(parse("shop/deploy/web"))
    assert (found.name, found.workload) == ("web-abc-2", "deployment/web")
    asked = server.requests[-1].query
    assert asked["labelSelector"] == "a=b,app=web,tier in (x,y),!old"


async def test_a_pod_that_only_wears_the_labels_is_not_the_deployments(cluster, deployment, make_pod):
    other = {"controller": True, "kind": "ReplicaSet", "name": "evil-abc", "uid": "x"}
    deployment(
        member(make_pod, "a", ownerReferences=[]),
        member(make_pod, "b", ownerReferences=[other]),
        member(make_pod, "c", ownerReferences=[{**other, "name": "web-abc", "controller": False}]),
    )
    assert (await cluster.resolve(parse("shop/deploy/web"))).code == "not-ready"


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("sts", "/apis/apps/v1/namespaces/shop/statefulsets/web"),
        ("ds", "/apis/apps/v1/namespaces/shop/daemonsets/web"),
        ("job", "/apis/batch/v1/namespaces/shop/jobs/web"),
    ],
)
async def test_the_other_workloads_own_their_pods_by_uid(server, cluster, make_pod, kind, path):
    server.objects[path] = {"metadata": {"uid": "w-1"}, "spec": {"selector": {"matchLabels": {"a": "b"}}}}
    mine = {"controller": True, "kind": "StatefulSet", "name": "web", "uid": "w-1"}
    server.objects[PODS] = {
        "items": [
            make_pod(metadata={"name": "web-0", "ownerReferences": [{**mine, "uid": "w-0"}]}),
            make_pod(metadata={"name": "web-1", "ownerReferences": [mine]}),
        ]
    }
    found = await cluster.resolve(Target("shop", "web", kind))
    assert (found.name, found.workload) == ("web-1", "statefulset/web")


@pytest.mark.parametrize(
    "selector", [{}, None, {"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]}]
)
async def test_a_selector_that_is_empty_or_not_understood_selects_nothing(
    server, cluster, deployment, make_pod, selector
):
    deployment(member(make_pod, "web-abc-0"))
    server.objects[DEPLOY]["spec"]["selector"] = selector
    assert (await cluster.resolve(parse("shop/deploy/web"))).code == "not-ready"


async def test_pages_are_followed(server, cluster, deployment, make_pod):
    pages = {None: ("web-abc-9", "next"), "next": ("web-abc-1", "")}

    def page(request):
        name, more = pages[request.query.get("continue")]
        return web.json_response({"items": [member(make_pod, name)], "metadata": {"continue": more}})

    deployment()
    server.objects[PODS] = page
    assert (await cluster.resolve(parse("shop/deploy/web"))).name == "web-abc-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata": {"uid": "uid-2"}},
        {
            "status": {
                "containerStatuses": [{"name": "app", "containerID": "c://9", "state": {"running": {}}}]
            }
        },
    ],
)
async def test_nothing_is_opened_or_read_in_a_container_that_took_the_others_place(
    server, cluster, grant, make_pod, changes
):
    server.objects[WEB] = make_pod(**changes)
    refusal = await cluster.open(grant(), None)
    assert refusal.code == "not-ready"
    assert not any(request.path.endswith("/exec") for request in server.requests)
    assert (await cluster.secrets(grant().pod, "pod")).code == "not-ready"


async def test_a_grant_for_another_cluster_or_without_a_command_opens_nothing(server, cluster, grant):
    other = Pod("dev", "shop", "web-0", "uid-1", "app", "containerd://1")
    for wrong in ({"pod": other}, {"argv": ()}, {"argv": ("a\0b",)}, {"session": "a b"}):
        assert isinstance(await cluster.open(grant(**wrong), None), Refusal)
    assert server.requests == []


@pytest.mark.parametrize("broken", [{}, {"spec": []}, {"spec": {"containers": {}}}, {"status": "x"}])
async def test_a_pod_object_of_an_odd_shape_is_refused_and_not_a_traceback(server, cluster, broken):
    server.objects[WEB] = {"metadata": {"name": "web-0"}, **broken}
    assert isinstance(await cluster.resolve(parse("shop/web-0")), Refusal)
