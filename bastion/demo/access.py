"""The sample cluster's users, roles and bindings."""

from __future__ import annotations

from bastion.demo.identity import AUTHENTICATED, account
from bastion.demo.rbac import ANY, READ, Binding, Caller, Rule

BASTION = account("bastion", "bastion")
USERS: dict[str, Caller] = {
    "admin": Caller("admin", ("system:masters",)),
    "alice": Caller("alice", ("dev",)),
    "carol": Caller("carol"),
    "dave": Caller("dave"),
    "mallory": Caller("mallory"),
}
"""Besides `bastion`: alice may exec in shop, carol only create, dave only get, mallory nothing."""

_WORKLOADS = ("deployments", "replicasets", "statefulsets", "daemonsets")
_CORE = ("pods", "namespaces", "nodes", "configmaps", "serviceaccounts")
_READING = (
    Rule(("",), _CORE, READ),
    Rule(("",), ("pods/log",), ("get",)),
    Rule(("apps",), _WORKLOADS, READ),
    Rule(("batch",), ("jobs",), READ),
)
_EXEC = Rule(("",), ("pods/exec",), ("get", "create"))
_NAMES = "authentication.k8s.io"

ROLES: dict[str, tuple[Rule, ...]] = {
    "cluster-admin": (Rule(ANY, ANY, ANY), Rule(verbs=ANY, urls=ANY)),
    "system:discovery": (
        Rule(verbs=("get",), urls=("/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*")),
    ),
    "system:public-info-viewer": (Rule(verbs=("get",), urls=("/version", "/healthz", "/livez", "/readyz")),),
    "system:basic-user": (
        Rule(("authorization.k8s.io",), ("selfsubjectaccessreviews", "selfsubjectrulesreviews"), ("create",)),
        Rule((_NAMES,), ("selfsubjectreviews",), ("create",)),
    ),
    "bastion": (
        *_READING,
        Rule(("",), ("secrets",), READ),
        _EXEC,
        Rule(("",), ("users", "groups"), ("impersonate",), ("oidc:*",)),
        Rule((_NAMES,), ("userextras/bastion-session",), ("impersonate",)),
        Rule((_NAMES,), ("tokenreviews",), ("create",)),
        Rule(("authorization.k8s.io",), ("subjectaccessreviews",), ("create",)),
    ),
    "shell": (*_READING, _EXEC),
    "secrets-by-name": (Rule(("",), ("secrets",), ("get",)),),
    "create-only": (Rule(("",), ("pods",), READ), Rule(("",), ("pods/exec",), ("create",))),
    "get-only": (Rule(("",), ("pods",), READ), Rule(("",), ("pods/exec",), ("get",))),
}
_OIDC = ("oidc:dev", "oidc:sre", "oidc:agents", "oidc:auditors")
BINDINGS: tuple[Binding, ...] = (
    Binding("cluster-admin", "cluster-admin", groups=("system:masters",)),
    Binding("system:discovery", "system:discovery", groups=(AUTHENTICATED,)),
    Binding("system:basic-user", "system:basic-user", groups=(AUTHENTICATED,)),
    Binding(
        "system:public-info-viewer",
        "system:public-info-viewer",
        groups=(AUTHENTICATED, "system:unauthenticated"),
    ),
    Binding("bastion", "bastion", users=(BASTION.name,)),
    Binding("shell", "shell", users=("alice",), groups=_OIDC, namespace="shop"),
    Binding("shell", "shell", groups=("oidc:sre",), namespace="bank"),
    Binding("create-only", "create-only", users=("carol",), namespace="shop"),
    Binding("get-only", "get-only", users=("dave",), namespace="shop"),
)
