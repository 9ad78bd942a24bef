"""Where: the SSH user name read as a pod, a workload, a cluster's API or a reserved login.

    login    = reserved | [cluster "="] [place]
    place    = ns "/" name | ns "/" name "/" container | ns "/" kind "/" name
    kind     = "pod" | "deploy" | "sts" | "ds" | "job"

`+` stands for `/` anywhere (scp and rsync read a `/` before the colon as a local file); neither
can occur in a Kubernetes name. Three segments are ns/pod/container unless the middle one is a kind.
`cluster=` alone is that cluster's API login.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bastion.model.refusal import Refusal

RESERVED: dict[str, str] = {
    "cert": "exchange an OIDC token on standard input for a short-lived SSH certificate",
    "approvals": "list, show, approve, deny, wait for and run approvals",
    "enroll": "enrol a second factor",
    "audit": "query the evidence",
    "desk": "the approver's desk",
    "whoami": "what the bastion believes of you",
}
KINDS: dict[str, str] = {
    "pod": "pod",
    "deploy": "deployment",
    "sts": "statefulset",
    "ds": "daemonset",
    "job": "job",
}
_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*"
)
MAX_LOGIN = 512


@dataclass(frozen=True, slots=True)
class Reserved:
    """One of the `RESERVED` logins."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ApiLogin:
    """The Kubernetes API of `cluster`."""

    cluster: str

    def __str__(self) -> str:
        return f"{self.cluster}="


@dataclass(frozen=True, slots=True)
class Target:
    """A pod (`kind` "pod") or a workload; empty `cluster` is the only one; empty `container`, any."""

    namespace: str
    name: str
    kind: str = "pod"
    container: str = ""
    cluster: str = ""

    def __str__(self) -> str:
        head = f"{self.cluster}=" if self.cluster else ""
        if self.kind != "pod" or (not self.container and self.name in KINDS):
            return f"{head}{self.namespace}/{self.kind}/{self.name}"
        tail = f"/{self.container}" if self.container else ""
        return f"{head}{self.namespace}/{self.name}{tail}"


def parse(login: str) -> Target | ApiLogin | Reserved | Refusal:
    """Read a login name; a Refusal says in one line what is wrong with it."""
    if len(login) > MAX_LOGIN:
        return _wrong(f"the login name is longer than {MAX_LOGIN} characters")
    if login in RESERVED:
        return Reserved(login)
    cluster, equals, place = login.replace("+", "/").rpartition("=")
    if equals and not _LABEL.fullmatch(cluster):
        return _wrong(f"{_quote(cluster)} is not a cluster name")
    if equals and not place:
        return ApiLogin(cluster)
    parts = place.split("/")
    if len(parts) == 2:
        return _target(cluster, parts[0], "pod", parts[1], "")
    if len(parts) == 3 and parts[1] in KINDS:
        return _target(cluster, parts[0], parts[1], parts[2], "")
    if len(parts) == 3:
        return _target(cluster, parts[0], "pod", parts[1], parts[2])
    return _wrong(f"{_quote(login)} does not name a pod")


def _target(cluster: str, namespace: str, kind: str, name: str, container: str) -> Target | Refusal:
    if not _LABEL.fullmatch(namespace):
        return _wrong(f"{_quote(namespace)} is not a namespace name")
    if not _SUBDOMAIN.fullmatch(name):
        return _wrong(f"{_quote(name)} is not a {KINDS[kind]} name")
    if container and not _LABEL.fullmatch(container):
        return _wrong(f"{_quote(container)} is not a container name")
    return Target(namespace, name, kind, container, cluster)


def _quote(text: str) -> str:
    return ascii(text if len(text) <= 64 else text[:61] + "...")


def _wrong(what: str) -> Refusal:
    return Refusal(
        "bad-target", what, "use ssh NAMESPACE/POD@host, NS/POD/CONTAINER@host or NS/deploy/NAME@host"
    )
