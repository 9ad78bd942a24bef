"""Which Secrets a pod can reach, and the values in them that must never be shown.

Reached are: environment (`secretKeyRef`, `secretRef`), volumes (`secret`, `projected`), pull
secrets, and the token Secrets of the service account. The token that the kubelet projects into the
pod stands in no Secret, so no request can read it; its form (a JWT) is what gives it away. Each
Secret is read by name, so a role needs `get` alone. One that cannot be read is a refusal: a value
that is not known cannot be masked. References are `secret-2/3`, never names.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Sequence
from itertools import islice
from typing import Any
from urllib.parse import quote

from bastion.kube import pods
from bastion.core.masking.atoms import atoms
from bastion.kube.client import Client
from bastion.model.masks import KnownValue
from bastion.model.pod import Pod
from bastion.model.refusal import Refusal

MAX_SECRETS = 200
MAX_VALUE = 1024 * 1024
MAX_BODY = 3 * MAX_VALUE
MAX_VALUES = 10_000
AT_ONCE = 8
PUBLIC_KEYS = frozenset(
    {"ca.crt", "tls.crt", "ca-bundle.crt", "ssh-publickey", "namespace", "service-ca.crt"}
)
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")

Json = dict[str, Any]


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


async def read(client: Client, pod: Pod) -> Sequence[KnownValue] | Refusal:
    """Every value that the pod's Secrets hold, taken apart; a Refusal when one cannot be read."""
    spec = await pods.same(client, pod)
    if isinstance(spec, Refusal):
        return spec
    reached = references(spec)
    account = await _account(client, pod.namespace, spec)
    if isinstance(account, Refusal):
        return account
    for token in account:
        reached.add({"name": token, "optional": True}, "name")
    if len(reached.keys) > MAX_SECRETS:
        return _refuse(f"the pod refers to more than {MAX_SECRETS} Secrets")
    return await _read_all(client, pod.namespace, reached)


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
        return [] if account.code == "not-found" else _unread("its service account", account)
    return [str(token["name"]) for token in _dicts(account, "secrets") if token.get("name")]


async def _read_all(client: Client, namespace: str, reached: Reached) -> Sequence[KnownValue] | Refusal:
    names = list(reached.keys)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> Json | Refusal:
        async with gate:
            path = f"/api/v1/namespaces/{quote(namespace)}/secrets/{quote(name)}"
            return await client.get(path, limit=MAX_BODY)

    async with asyncio.TaskGroup() as group:
        reads = [group.create_task(one(name)) for name in names]
    known: list[KnownValue] = []
    for number, (name, done) in enumerate(zip(names, reads, strict=True), 1):
        answer = done.result()
        if isinstance(answer, Refusal):
            if answer.code == "not-found" and name not in reached.required:
                continue
            return _unread(f"Secret {number} of {len(names)}", answer)
        values = await asyncio.to_thread(_values, answer, reached.keys[name])
        if values is None:
            return _refuse(f"Secret {number} of {len(names)} holds what cannot be decoded or is too large")
        known += [KnownValue(f"secret-{number}/{place}", value) for place, value in enumerate(values, 1)]
        if len(known) > MAX_VALUES:
            return _refuse(f"its Secrets hold more than {MAX_VALUES} values")
    return tuple(known)


def _values(secret: Json, keys: set[str] | None) -> list[bytes] | None:
    """The atoms of the Secret's reachable keys; None if one cannot be decoded or is too large."""
    data = {} if secret.get("data") is None else secret["data"]
    if not isinstance(data, dict):
        return None
    values: dict[bytes, None] = {}
    for key, encoded in data.items():
        if key in PUBLIC_KEYS or (keys is not None and key not in keys):
            continue
        try:
            value = base64.b64decode(encoded or "", validate=True)
        except (binascii.Error, ValueError, TypeError):
            return None
        if len(value) > MAX_VALUE:
            return None
        values.update(dict.fromkeys(islice(atoms(value), MAX_VALUES + 1)))
    return list(values)


def _dicts(value: Any, key: str) -> list[Json]:
    items = value.get(key) if isinstance(value, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _unread(what: str, why: Refusal) -> Refusal:
    """A cluster that is down stays that; a missing right or object is told without its name."""
    if why.code in ("forbidden", "not-found"):
        words = {"forbidden": "the bastion may not read it", "not-found": "it does not exist any more"}
        return _refuse(f"{what}: {words[why.code]}")
    return why


def _refuse(why: str) -> Refusal:
    return Refusal(
        "secrets-unknown",
        f"the values that must be masked in this pod cannot be read: {why}",
        "an administrator lets the bastion get the Secrets that the pod refers to",
    )
