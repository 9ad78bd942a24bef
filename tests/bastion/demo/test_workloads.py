"""Workloads own their pods."""

from __future__ import annotations

import pytest

from bastion.demo import workloads
from bastion.demo.objects import ObjectStore
from bastion.demo.workloads import Workload

SPEC = {"containers": [{"name": "app", "image": "i"}], "nodeName": "n"}


@pytest.mark.parametrize(
    ("plural", "group", "chain"),
    [
        ("deployments", "apps", ["ReplicaSet", "Deployment"]),
        ("statefulsets", "apps", ["StatefulSet"]),
        ("daemonsets", "apps", ["DaemonSet"]),
        ("jobs", "batch", ["Job"]),
    ],
)
async def test_owners_lead_from_the_pod_to_its_workload_and_selectors_match(plural, group, chain):
    store = ObjectStore()
    workloads.add_workload(store, Workload("shop", plural, "w", "w-0", "t", SPEC))
    item = store.get("pods", "shop", "w-0")
    top = store.get(plural, "shop", "w", group)
    assert top["spec"]["selector"]["matchLabels"].items() <= item["metadata"]["labels"].items()
    kinds = []
    while item["metadata"].get("ownerReferences"):
        owner = item["metadata"]["ownerReferences"][0]
        kinds.append(owner["kind"])
        name = {"ReplicaSet": "replicasets"}.get(owner["kind"], plural)
        item = store.get(name, "shop", owner["name"], group)
        assert item["metadata"]["uid"] == owner["uid"]
    assert kinds == chain


@pytest.mark.parametrize(("phase", "ready"), [("Running", True), ("Succeeded", False)])
def test_a_pods_status_follows_its_phase(phase, ready):
    pod = workloads.new_pod({"metadata": {"name": "p"}, "spec": SPEC}, phase)
    assert [state["ready"] for state in pod["status"]["containerStatuses"]] == [ready]


def test_a_new_pod_of_an_old_one_has_a_new_identity_and_a_pending_one_no_node():
    first = workloads.new_pod({"metadata": {"name": "p"}, "spec": SPEC})
    second = workloads.new_pod(first)
    assert first["metadata"]["uid"] != second["metadata"]["uid"]
    ids = [pod["status"]["containerStatuses"][0]["containerID"] for pod in (first, second)]
    assert ids[0] != ids[1]
    pending = workloads.new_pod(first, "Pending")
    assert "nodeName" not in pending["spec"]
    assert "containerStatuses" not in pending["status"]
