"""Who may do what: a small RBAC evaluator over roles and bindings that are data.

One thing goes beyond Kubernetes: a resource name that ends with `*` is a prefix, so that the
bastion may impersonate `oidc:` users and no others without listing them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bastion.demo.status import ApiError

READ = ("get", "list", "watch")
ANY = ("*",)


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated user (authentication.k8s.io UserInfo)."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def info(self) -> dict[str, Any]:
        """UserInfo as JSON."""
        found: dict[str, Any] = {"username": self.name, "groups": list(self.groups)}
        if self.uid:
            found["uid"] = self.uid
        if self.extra:
            found["extra"] = {key: list(values) for key, values in self.extra}
        return found


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is asked for. `resource` may carry a subresource (`pods/exec`); `path` is a non-resource URL."""

    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A PolicyRule."""

    groups: tuple[str, ...] = ("",)
    resources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    def allows(self, asked: Attributes) -> bool:
        """Whether this rule covers `asked`."""
        if not _one_of(asked.verb, self.verbs):
            return False
        if asked.path:
            return any(_matches(asked.path, url) for url in self.urls)
        return (
            _one_of(asked.group, self.groups)
            and self._covers(asked.resource)
            and (not self.names or any(_matches(asked.name, name) for name in self.names))
        )

    def _covers(self, resource: str) -> bool:
        subresource = resource.partition("/")[2]
        return _one_of(resource, self.resources) or (
            bool(subresource) and f"*/{subresource}" in self.resources
        )

    def as_json(self) -> dict[str, Any]:
        """ResourceRule or NonResourceRule of a SelfSubjectRulesReview."""
        if self.urls:
            return {"verbs": list(self.verbs), "nonResourceURLs": list(self.urls)}
        found: dict[str, Any] = {
            "verbs": list(self.verbs),
            "apiGroups": list(self.groups),
            "resources": list(self.resources),
        }
        if self.names:
            found["resourceNames"] = list(self.names)
        return found


def _one_of(asked: str, given: tuple[str, ...]) -> bool:
    return asked in given or "*" in given


def _matches(asked: str, given: str) -> bool:
    return asked == given or (given.endswith("*") and asked.startswith(given[:-1]))


@dataclass(frozen=True, slots=True)
class Binding:
    """A RoleBinding (with `namespace`) or ClusterRoleBinding of a role to users and groups."""

    name: str
    role: str
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    namespace: str = ""

    def binds(self, caller: Caller) -> bool:
        """Whether `caller` is a subject."""
        return caller.name in self.users or any(group in self.groups for group in caller.groups)

    def reason(self, caller: Caller) -> str:
        """The audit log's `authorization.k8s.io/reason`."""
        kind = "RoleBinding" if self.namespace else "ClusterRoleBinding"
        place = f"{self.name}/{self.namespace}" if self.namespace else self.name
        role = "Role" if self.namespace else "ClusterRole"
        subject = f'User "{caller.name}"' if caller.name in self.users else "Group"
        return f'RBAC: allowed by {kind} "{place}" of {role} "{self.role}" to {subject}'


class Rbac:
    """Roles by name and the bindings in force."""

    def __init__(self, roles: dict[str, tuple[Rule, ...]], bindings: tuple[Binding, ...]) -> None:
        self._roles = roles
        self._bindings = list(bindings)

    def allowed(self, caller: Caller, asked: Attributes) -> str:
        """Why `caller` may do it, for the audit log; empty: may not."""
        for binding in self._bindings:
            if binding.namespace and (asked.path or binding.namespace != asked.namespace):
                continue
            if binding.binds(caller) and any(rule.allows(asked) for rule in self._roles[binding.role]):
                return binding.reason(caller)
        return ""

    def rules(self, caller: Caller, namespace: str) -> list[Rule]:
        """Every rule that holds for `caller` in `namespace`."""
        return [
            rule
            for binding in self._bindings
            if binding.namespace in {"", namespace} and binding.binds(caller)
            for rule in self._roles[binding.role]
        ]

    def require(self, caller: Caller, asked: Attributes) -> str:
        """`allowed`, or ApiError 403 in the API server's words."""
        reason = self.allowed(caller, asked)
        if not reason:
            raise forbidden(caller, asked)
        return reason

    def revoke(self, user: str) -> None:
        """Take `user` (a user or group name) out of every binding."""
        self._bindings = [
            replace(
                binding,
                users=tuple(name for name in binding.users if name != user),
                groups=tuple(name for name in binding.groups if name != user),
            )
            for binding in self._bindings
        ]

    def bind(self, binding: Binding) -> None:
        """Add a binding of a role that exists. Raises KeyError."""
        self._roles[binding.role]
        self._bindings.append(binding)


def forbidden(caller: Caller, asked: Attributes) -> ApiError:
    """403 in the API server's words."""
    if asked.path:
        return ApiError(403, f'forbidden: User "{caller.name}" cannot {asked.verb} path "{asked.path}"')
    base = asked.resource.partition("/")[0]
    suffix = f".{asked.group}" if asked.group else ""
    subject = f'{base}{suffix} "{asked.name}"' if asked.name else f"{base}{suffix}"
    place = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    return ApiError(
        403,
        f'{subject} is forbidden: User "{caller.name}" cannot {asked.verb} resource "{asked.resource}"'
        f' in API group "{asked.group}" {place}',
        kind=base,
        name=asked.name,
    )


def forbidden_without_reason(pod: str) -> ApiError:
    """403 of the second check of a WebSocket exec, which fills no user or verb in."""
    return ApiError(403, f'pods "{pod}" is forbidden: ', kind="pods", name=pod)
