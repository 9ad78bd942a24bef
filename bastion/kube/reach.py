"""Which Secrets a pod can reach, or all of its namespace.

Reached are: environment (`secretKeyRef`, `secretRef`), volumes (`secret`, `projected`), pull
secrets, and the token Secrets of the service account. The token that the kubelet projects into the
pod stands in no Secret, so no request can read it; its form (a JWT) is what gives it away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bastion.kube.client import Client
from bastion.model.refusal import Refusal

MAX_SECRETS = 200
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")

Json = dict[str, Any]
Keys = frozenset[str] | None
"""The keys of a Secret that are reached; None: all of them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Secrets of a namespace, in order: name, keys, and whether it must be there. `names` None: all."""

    namespace: str
    names: tuple[tuple[str, Keys, bool], ...] | None = None

    @property
    def path(self) -> str:
        """The collection's path."""
        return f"/api/v1/namespaces/{quote(self.namespace)}/secrets"


class Reached:
    """The Secrets that a pod refers to: name to the keys it can see (None: all of them)."""

    def __init__(self) -> None:
        self.keys: dict[str, set[str] | None] = {}
        self.required: set[str] = set()

    def add(self, reference: Any, name_key: str, keys: set[str] | None = None) -> None:
        """Note one reference to a Secret; `optional` ones may be missing."""
        name = reference.get(name_key) if isinstance(reference, dict) else None
        if not isinstance(name, str) or not name:
            return
        known = self.keys.setdefault(name, set())
        self.keys[name] = None if keys is None or known is None else known | keys
        if reference.get("optional") is not True:
            self.required.add(name)


async def wanted(client: Client, namespace: str, pod: Json) -> Wanted | Refusal:
    """The Secrets that the Pod object can reach; a Refusal when its account cannot be read."""
    reached = references(pod)
    account = await _account(client, namespace, pod)
    if isinstance(account, Refusal):
        return account
    for token in account:
        reached.add({"name": token, "optional": True}, "name")
    if len(reached.keys) > MAX_SECRETS:
        return refuse(f"the pod refers to more than {MAX_SECRETS} Secrets")
    return Wanted(
        namespace,
        tuple(
            (name, None if keys is None else frozenset(keys), name in reached.required)
            for name, keys in reached.keys.items()
        ),
    )


def references(pod: Json) -> Reached:
    """What the Pod object refers to, in order of appearance."""
    reached = Reached()
    spec = pod.get("spec") if isinstance(pod.get("spec"), dict) else {}
    for part in CONTAINERS:
        for container in _dicts(spec, part):
            _from_environment(reached, container)
    for volume in _dicts(spec, "volumes"):
        reached.add(volume.get("secret"), "secretName", _items(volume.get("secret")))
        for source in _dicts(volume.get("projected"), "sources"):
            reached.add(source.get("secret"), "name", _items(source.get("secret")))
    for pull in _dicts(spec, "imagePullSecrets"):
        # A pull secret that is missing stops nothing, so the kubelet takes it for optional.
        reached.add({**pull, "optional": True}, "name")
    return reached


def _from_environment(reached: Reached, container: Json) -> None:
    for variable in _dicts(container, "env"):
        source = variable.get("valueFrom")
        reference = source.get("secretKeyRef") if isinstance(source, dict) else None
        if isinstance(reference, dict):
            reached.add(reference, "name", {str(reference.get("key"))})
    for source in _dicts(container, "envFrom"):
        reached.add(source.get("secretRef"), "name")


def _items(reference: Any) -> set[str] | None:
    """The keys that a volume picks; None: all of them."""
    items = _dicts(reference, "items")
    return {str(item.get("key")) for item in items} if items else None


async def _account(client: Client, namespace: str, pod: Json) -> list[str] | Refusal:
    """The token Secrets of the pod's service account, if it mounts its account at all."""
    spec = pod.get("spec")
    if not isinstance(spec, dict) or spec.get("automountServiceAccountToken") is False:
        return []
    name = str(spec.get("serviceAccountName") or "default")
    account = await client.get(f"/api/v1/namespaces/{quote(namespace)}/serviceaccounts/{quote(name)}")
    if isinstance(account, Refusal):
        return [] if account.code == "not-found" else unread("its service account", account)
    return [str(token["name"]) for token in _dicts(account, "secrets") if token.get("name")]


def _dicts(value: Any, key: str) -> list[Json]:
    items = value.get(key) if isinstance(value, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def unread(what: str, why: Refusal) -> Refusal:
    """A cluster that is down stays that; a missing right or object is told without its name."""
    if why.code in ("forbidden", "not-found"):
        words = {"forbidden": "the bastion may not read it", "not-found": "it does not exist any more"}
        return refuse(f"{what}: {words[why.code]}")
    return why


def refuse(why: str) -> Refusal:
    """The values cannot be known; `why` names nothing."""
    return Refusal(
        "secrets-unknown",
        f"the values that must be masked in this pod cannot be read: {why}",
        "an administrator lets the bastion get the Secrets that the pod refers to",
    )
