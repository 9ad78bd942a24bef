"""Workloads and their pods as API objects: owners, selectors, statuses, as controllers write them."""

from __future__ import annotations

import copy
import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from bastion.demo import clock
from bastion.demo.objects import Object, ObjectStore

_KINDS = {
    "deployments": ("apps", "Deployment"),
    "replicasets": ("apps", "ReplicaSet"),
    "statefulsets": ("apps", "StatefulSet"),
    "daemonsets": ("apps", "DaemonSet"),
    "jobs": ("batch", "Job"),
}


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload of one pod. `spec` is the pod's; `phase` its status.phase."""

    namespace: str
    plural: str
    name: str
    pod: str
    tier: str
    spec: Object
    phase: str = "Running"

    @property
    def labels(self) -> dict[str, str]:
        """The labels that select the pod."""
        return {"app": self.name, "tier": self.tier}


def add_workload(store: ObjectStore, workload: Workload) -> None:
    """Put the workload, for a deployment its ReplicaSet, and the pod into the store."""
    ready = workload.phase == "Running"
    owner = store.put(workload.plural, _owner(workload, ready=ready), _KINDS[workload.plural][0])
    labels = dict(workload.labels)
    if workload.plural == "deployments":
        digest = hashlib.sha256(workload.name.encode()).hexdigest()[:10]
        labels["pod-template-hash"] = digest
        replicas = _owner(workload, ready=ready)
        replicas["metadata"] |= {
            "name": f"{workload.name}-{digest}",
            "labels": labels,
            "ownerReferences": [_reference(owner)],
        }
        owner = store.put("replicasets", replicas, "apps")
    elif workload.plural == "statefulsets":
        labels["statefulset.kubernetes.io/pod-name"] = workload.pod
    elif workload.plural == "jobs":
        labels["job-name"] = workload.name
    meta = {
        "name": workload.pod,
        "namespace": workload.namespace,
        "labels": labels,
        "ownerReferences": [_reference(owner)],
    }
    store.put("pods", new_pod({"metadata": meta, "spec": workload.spec}, workload.phase))


def new_pod(template: Object, phase: str = "Running") -> Object:
    """A pod like `template` with a uid, a start time and container ids of its own."""
    pod = copy.deepcopy(template)
    for known in ("uid", "resourceVersion", "creationTimestamp"):
        pod["metadata"].pop(known, None)
    pod["metadata"]["uid"] = str(uuid.uuid4())
    if phase == "Pending":
        pod["spec"].pop("nodeName", None)
    pod["status"] = _pod_status(pod, phase)
    return pod


def _reference(owner: Object) -> Object:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _owner(workload: Workload, *, ready: bool) -> Object:
    count = 1 if ready else 0
    spec: dict[str, Any] = {
        "replicas": 1,
        "selector": {"matchLabels": workload.labels},
        "template": {"metadata": {"labels": workload.labels}, "spec": workload.spec},
    }
    status: dict[str, Any] = {
        "replicas": 1,
        "readyReplicas": count,
        "updatedReplicas": 1,
        "availableReplicas": count,
    }
    match workload.plural:
        case "statefulsets":
            spec["serviceName"] = workload.name
        case "daemonsets":
            del spec["replicas"]
            status = {
                "desiredNumberScheduled": 1,
                "currentNumberScheduled": 1,
                "numberReady": count,
                "updatedNumberScheduled": 1,
                "numberAvailable": count,
            }
        case "jobs":
            del spec["replicas"]
            spec["completions"] = 1
            status = {"succeeded": 1}
        case _:
            pass
    meta = {"name": workload.name, "namespace": workload.namespace, "labels": workload.labels}
    return {"metadata": meta, "spec": spec, "status": status}


def _pod_status(pod: Object, phase: str) -> Object:
    if phase == "Pending":
        message = "0/1 nodes are available: 1 Insufficient cpu."
        scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
        return {"phase": phase, "conditions": [scheduled], "qosClass": "BestEffort"}
    moment = clock.seconds(clock.now())
    running = phase == "Running"
    states = []
    for container in pod["spec"]["containers"]:
        identifier = hashlib.sha256(f"{pod['metadata']['uid']}/{container['name']}".encode()).hexdigest()
        ended = {"exitCode": 0, "reason": "Completed", "startedAt": moment, "finishedAt": moment}
        states.append(
            {
                "name": container["name"],
                "ready": running,
                "started": running,
                "restartCount": 0,
                "image": container["image"],
                "imageID": f"{container['image']}@sha256:{identifier}",
                "containerID": f"containerd://{identifier}",
                "state": {"running": {"startedAt": moment}} if running else {"terminated": ended},
            }
        )
    flags = ("Initialized", "Ready", "ContainersReady", "PodScheduled")
    last = int(hashlib.sha256(pod["metadata"]["name"].encode()).hexdigest()[:2], 16) % 250 + 2
    return {
        "phase": phase,
        "podIP": f"10.244.0.{last}",
        "podIPs": [{"ip": f"10.244.0.{last}"}],
        "hostIP": "10.0.0.1",
        "startTime": moment,
        "qosClass": "BestEffort",
        "conditions": [
            {"type": name, "status": "True" if running or name in flags[::3] else "False"} for name in flags
        ],
        "containerStatuses": states,
    }
