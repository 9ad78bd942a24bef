"""From a target to the one running container it names: pods, workloads, default containers.

A workload's pod is the ready one with the lowest name, so that two sessions in a row meet the same
pod. Pure but for the reads that the client does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from bastion.kube.client import Client
from bastion.model.pod import Pod
from bastion.model.refusal import Refusal
from bastion.model.target import KINDS, Target

PATHS = {
    "deploy": "/apis/apps/v1/namespaces/{}/deployments/{}",
    "sts": "/apis/apps/v1/namespaces/{}/statefulsets/{}",
    "ds": "/apis/apps/v1/namespaces/{}/daemonsets/{}",
    "job": "/apis/batch/v1/namespaces/{}/jobs/{}",
}
OPERATORS = {"In": "{} in ({})", "NotIn": "{} notin ({})", "Exists": "{}", "DoesNotExist": "!{}"}
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
TEMPLATE_HASH = "pod-template-hash"
PAGE = 250
MAX_PAGES = 8
MAX_LIST = 16 * 1024 * 1024

Json = dict[str, Any]


async def resolve(client: Client, cluster: str, target: Target) -> Pod | Refusal:
    """The container that `target` names, or a Refusal: unknown-target, ambiguous-container, not-ready."""
    found = await (_one if target.kind == "pod" else _of_workload)(client, target)
    if isinstance(found, Refusal):
        return found
    container = _container(found, target)
    return container if isinstance(container, Refusal) else _pod(cluster, found, container, target)


async def read(client: Client, namespace: str, name: str) -> Json | Refusal:
    """The Pod object."""
    return await client.get(f"/api/v1/namespaces/{quote(namespace)}/pods/{quote(name)}")


async def same(client: Client, pod: Pod) -> Json | Refusal:
    """The Pod object, if this very container of this very pod still runs."""
    now = await read(client, pod.namespace, pod.name)
    if isinstance(now, Refusal):
        return _unknown(Target(pod.namespace, pod.name)) if now.code == "not-found" else now
    if _at(now, "metadata", "uid") != pod.uid or _running(now, pod.container) != pod.container_id:
        return Refusal(
            "not-ready",
            f"the container of {pod.namespace}/{pod.name} was replaced since the session began",
            "connect again",
        )
    return now


async def _one(client: Client, target: Target) -> Json | Refusal:
    pod = await read(client, target.namespace, target.name)
    if isinstance(pod, Refusal):
        return _unknown(target) if pod.code == "not-found" else pod
    if _at(pod, "metadata", "deletionTimestamp"):
        return _not_ready(target, "it is being deleted")
    return pod


async def _of_workload(client: Client, target: Target) -> Json | Refusal:
    path = PATHS[target.kind].format(quote(target.namespace), quote(target.name))
    workload = await client.get(path)
    if isinstance(workload, Refusal):
        return _unknown(target) if workload.code == "not-found" else workload
    selector = _selector(_at(workload, "spec", "selector"))
    if not selector:
        return _not_ready(target, "it selects no pods")
    candidates = await _list(client, target.namespace, selector)
    if isinstance(candidates, Refusal):
        return candidates
    owner = (str(_at(workload, "metadata", "uid")), target.name)
    ready = [pod for pod in candidates if _owned(pod, target.kind, owner) and _ready(pod)]
    return min(ready, key=_name) if ready else _not_ready(target, "none of its pods is ready")


async def _list(client: Client, namespace: str, selector: str) -> list[Json] | Refusal:
    query = [("labelSelector", selector), ("limit", str(PAGE))]
    found: list[Json] = []
    more = ""
    for _ in range(MAX_PAGES):
        page = await client.get(
            f"/api/v1/namespaces/{quote(namespace)}/pods",
            [*query, ("continue", more)] if more else query,
            limit=MAX_LIST,
        )
        if isinstance(page, Refusal):
            return page
        found += _dicts(page.get("items"))
        more = _at(page, "metadata", "continue") or ""
        if not more:
            break
    return found


def _selector(selector: Any) -> str:
    """A LabelSelector as a query; empty when it selects nothing or holds an unknown operator."""
    if not isinstance(selector, dict):
        return ""
    labels = selector.get("matchLabels") or {}
    terms = [f"{key}={value}" for key, value in sorted(labels.items())]
    for rule in _dicts(selector.get("matchExpressions")):
        form = OPERATORS.get(str(rule.get("operator")))
        if form is None:
            return ""
        terms.append(form.format(rule.get("key"), ",".join(map(str, rule.get("values") or ()))))
    return ",".join(terms)


def _owned(pod: Json, kind: str, owner: tuple[str, str]) -> bool:
    """Whether the workload (uid, name) controls the pod; a Deployment does through a ReplicaSet,
    whose name is the Deployment's and the template hash that its pods are labelled with.
    """
    uid, name = owner
    controller = _controller(pod)
    if kind != "deploy":
        return controller.get("uid") == uid
    hashed = (_at(pod, "metadata", "labels") or {}).get(TEMPLATE_HASH)
    return controller.get("kind") == "ReplicaSet" and controller.get("name") == f"{name}-{hashed}"


def _controller(pod: Json) -> Json:
    owners = _dicts(_at(pod, "metadata", "ownerReferences"))
    return next((owner for owner in owners if owner.get("controller") is True), {})


def _ready(pod: Json) -> bool:
    conditions = _dicts(_at(pod, "status", "conditions"))
    return (
        not _at(pod, "metadata", "deletionTimestamp")
        and _at(pod, "status", "phase") == "Running"
        and any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)
    )


def _container(pod: Json, target: Target) -> str | Refusal:
    """The container's name: as asked, the annotated default, or the only one."""
    regular = _names(pod, "containers")
    if target.container:
        every = regular + _names(pod, "initContainers") + _names(pod, "ephemeralContainers")
        if target.container in every:
            return target.container
        return Refusal(
            "unknown-target",
            f"{target.namespace}/{_name(pod)} has no container of that name",
            f"it has {', '.join(regular)}",
        )
    default = (_at(pod, "metadata", "annotations") or {}).get(DEFAULT_CONTAINER)
    if default in regular:
        return str(default)
    if len(regular) == 1:
        return regular[0]
    return Refusal(
        "ambiguous-container",
        f"{target.namespace}/{_name(pod)} has several containers: {', '.join(regular)}",
        f"use {target.namespace}/{_name(pod)}/CONTAINER",
    )


def _pod(cluster: str, pod: Json, container: str, target: Target) -> Pod | Refusal:
    container_id = _running(pod, container)
    if not container_id:
        return _not_ready(target, f"container {container} is not running")
    labels = _at(pod, "metadata", "labels") or {}
    return Pod(
        cluster=cluster,
        namespace=target.namespace,
        name=_name(pod),
        uid=str(_at(pod, "metadata", "uid")),
        container=container,
        container_id=container_id,
        labels=tuple(sorted((str(key), str(value)) for key, value in labels.items())),
        workload=_workload(pod),
    )


def _running(pod: Json, container: str) -> str:
    """The id of the container if it runs, else empty."""
    for part in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for status in _dicts(_at(pod, "status", part)):
            if status.get("name") == container and isinstance(_at(status, "state", "running"), dict):
                return str(status.get("containerID") or "")
    return ""


def _workload(pod: Json) -> str:
    """`kind/name` of what controls the pod, with a ReplicaSet of a Deployment told as the latter."""
    controller = _controller(pod)
    kind, name = str(controller.get("kind", "")).lower(), str(controller.get("name", ""))
    hashed = (_at(pod, "metadata", "labels") or {}).get(TEMPLATE_HASH)
    if kind == "replicaset" and hashed and name.endswith(f"-{hashed}"):
        return f"deployment/{name.removesuffix(f'-{hashed}')}"
    return f"{kind}/{name}" if name else ""


def _names(pod: Json, part: str) -> list[str]:
    return [str(one.get("name")) for one in _dicts(_at(pod, "spec", part))]


def _name(pod: Json) -> str:
    return str(_at(pod, "metadata", "name"))


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _dicts(value: Any) -> list[Json]:
    items: Iterable[Any] = value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict)]


def _unknown(target: Target) -> Refusal:
    return Refusal(
        "unknown-target",
        f"there is no {KINDS[target.kind]} {target.namespace}/{target.name}",
        "check the namespace and the name",
    )


def _not_ready(target: Target, why: str) -> Refusal:
    return Refusal(
        "not-ready",
        f"{KINDS[target.kind]} {target.namespace}/{target.name} is not ready: {why}",
        "try again when it runs",
    )
