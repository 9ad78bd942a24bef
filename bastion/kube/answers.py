"""What the API server's refusals mean: HTTP statuses and Status bodies to Refusal values.

Pure. The server's own message is used only to tell cases apart: it may name Secrets, or hold a
command line, so people are told in our words.
"""

from __future__ import annotations

from bastion.kube.frames import read_json
from bastion.model.refusal import EXIT_FAULT, Refusal

MAX_BODY = 64 * 1024
RETRIABLE = frozenset({429, 500, 502, 503, 504})


def unreachable(cluster: str, why: str) -> Refusal:
    """No answer at all; `why` is one of our own words, such as "it did not answer in time"."""
    return Refusal(
        "cluster-down",
        f"the cluster {cluster} cannot be reached: {why}",
        "try again later, or tell an administrator",
        EXIT_FAULT,
    )


def misconfigured(cluster: str, why: str) -> Refusal:
    """The bastion's own configuration for the cluster cannot be used."""
    return Refusal(
        "cluster-config",
        f"the bastion's access to the cluster {cluster} is not set up: {why}",
        "an administrator corrects the configuration",
        EXIT_FAULT,
    )


def refused(cluster: str, status: int, body: bytes, *, upgrade: bool = False) -> Refusal:
    """The meaning of an HTTP answer that is not the one asked for; `upgrade`: to an exec's GET."""
    reason, message = _read(body)
    if status == 401:
        return Refusal(
            "unauthorized",
            f"the cluster {cluster} does not accept the bastion's credential",
            "an administrator renews it and reloads the bastion",
            EXIT_FAULT,
        )
    if status == 403 and upgrade and not reason:
        return Refusal(
            "no-protocol",
            f"the cluster {cluster} speaks neither v5 nor v4 of the exec protocol over WebSocket",
            "an administrator checks the API server's version and the proxies before it",
            EXIT_FAULT,
        )
    if status == 403:
        return _forbidden(cluster, upgrade=upgrade)
    if status == 404:
        return Refusal("not-found", "there is no such object", "check the name")
    if upgrade and status == 400 and ("container" in message):
        return Refusal("unknown-target", "the pod has no such container", "check the container's name")
    if upgrade and status == 500 and b"container not found" in body[:MAX_BODY]:
        return Refusal("not-ready", "the container is not running", "wait until the pod is ready")
    if status in RETRIABLE:
        return unreachable(cluster, f"it answered {status}")
    return Refusal(
        "cluster-fault",
        f"the cluster {cluster} answered {status} to a request of the bastion",
        "tell an administrator",
        EXIT_FAULT,
    )


def _forbidden(cluster: str, *, upgrade: bool) -> Refusal:
    if upgrade:
        return Refusal(
            "forbidden",
            f"the cluster {cluster} does not allow an exec in this pod",
            "it takes both get and create on pods/exec",
        )
    return Refusal(
        "forbidden",
        f"the cluster {cluster} does not allow the bastion to read what it needs",
        "an administrator checks the bastion's role in this namespace",
    )


def _read(body: bytes) -> tuple[str, str]:
    """(reason, message) of a Status body, empty for any other body."""
    status = read_json(body, MAX_BODY)
    if status is None or status.get("kind") != "Status":
        return "", ""
    reason, message = status.get("reason"), status.get("message")
    return (
        reason if isinstance(reason, str) and reason else "Unknown",
        message if isinstance(message, str) else "",
    )
