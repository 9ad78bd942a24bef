"""The resource types that the demo cluster serves, and how a URL names them."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass

_READING = ("get", "list", "watch")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource type; `verbs` are what the server performs."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    verbs: tuple[str, ...] = _READING
    subresources: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """`v1` or `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        """The singular name that discovery gives."""
        return self.kind.lower()


_ALL = ("all",)
_REVIEW = ("create",)
_REVIEWS = "authorization.k8s.io"
RESOURCES: tuple[Resource, ...] = (
    Resource("", "v1", "configmaps", "ConfigMap", short=("cm",)),
    Resource("", "v1", "namespaces", "Namespace", namespaced=False, short=("ns",)),
    Resource("", "v1", "nodes", "Node", namespaced=False, short=("no",)),
    Resource(
        "",
        "v1",
        "pods",
        "Pod",
        short=("po",),
        categories=_ALL,
        subresources=(("exec", "PodExecOptions", ("create", "get")), ("log", "Pod", ("get",))),
    ),
    Resource("", "v1", "secrets", "Secret"),
    Resource(
        "",
        "v1",
        "serviceaccounts",
        "ServiceAccount",
        short=("sa",),
        subresources=(("token", "TokenRequest", ("create",)),),
    ),
    Resource("apps", "v1", "daemonsets", "DaemonSet", short=("ds",), categories=_ALL),
    Resource("apps", "v1", "deployments", "Deployment", short=("deploy",), categories=_ALL),
    Resource("apps", "v1", "replicasets", "ReplicaSet", short=("rs",), categories=_ALL),
    Resource("apps", "v1", "statefulsets", "StatefulSet", short=("sts",), categories=_ALL),
    Resource("batch", "v1", "jobs", "Job", categories=_ALL),
    Resource(
        "authentication.k8s.io",
        "v1",
        "selfsubjectreviews",
        "SelfSubjectReview",
        namespaced=False,
        verbs=_REVIEW,
    ),
    Resource("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", namespaced=False, verbs=_REVIEW),
    Resource(_REVIEWS, "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", verbs=_REVIEW),
    Resource(
        _REVIEWS, "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False, verbs=_REVIEW
    ),
    Resource(
        _REVIEWS, "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", namespaced=False, verbs=_REVIEW
    ),
    Resource(_REVIEWS, "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False, verbs=_REVIEW),
)
BY_NAME = {(resource.group, resource.plural): resource for resource in RESOURCES}

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """What a request asks for, read from method and path as the API server does.

    `path` is set, and `resource` None, for anything but a known resource.
    """

    verb: str
    path: str
    resource: Resource | None = None
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def full_resource(self) -> str:
        """`pods` or `pods/exec`."""
        if self.resource is None:
            return ""
        return self.resource.plural + (f"/{self.subresource}" if self.subresource else "")


def read_request(method: str, path: str, query: str) -> RequestInfo:
    """The request's verb and object. `path` is still percent-encoded, `query` without the `?`."""
    parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")]
    plain = RequestInfo(method.lower(), urllib.parse.unquote(path))
    match parts:
        case ["api", "v1", *rest] if rest:
            group = ""
        case ["apis", group, "v1", *rest] if rest:
            pass
        case _:
            return plain
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and ("", rest[2]) != ("", "status"):
        namespace, rest = rest[1], rest[2:]
    resource = BY_NAME.get((group, rest[0]))
    if resource is None or len(rest) > 3 or (namespace and not resource.namespaced):
        return plain
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 else ""
    if method in {"GET", "HEAD"}:
        options = urllib.parse.parse_qs(query)
        watching = options.get("watch", [""])[0] in {"1", "true"}
        verb = "get" if name else ("watch" if watching else "list")
        if not name:  # so that a role with resourceNames covers a list or watch of one object
            name = _selected_name(options.get("fieldSelector", [""])[0])
    else:
        verb = _VERBS.get(method, method.lower())
    if resource.plural == "namespaces" and len(rest) > 1:
        namespace = rest[1]
    return RequestInfo(verb, "", resource, namespace, name, subresource)


def _selected_name(fields: str) -> str:
    """The name that a field selector asks for, as the API server reads it for authorisation."""
    for term in fields.split(","):
        key, _, name = term.replace("==", "=").partition("=")
        if key.strip() == "metadata.name":
            return name.strip()
    return ""
