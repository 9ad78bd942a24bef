"""Reading Secrets: by name (a role needs `get` alone) or all of a namespace (`list`).

What is read is taken apart off the loop. One that cannot be read or decoded is a refusal, since a
value that is not known cannot be masked; no refusal names a Secret.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import quote

from bastion.core.masking.atoms import atoms, is_common
from bastion.core.masking.forms import is_weak
from bastion.core.masking.patterns import MAX_VALUES
from bastion.kube.client import Client
from bastion.kube.reach import Keys, Wanted, refuse, unread
from bastion.model.refusal import Refusal

MAX_VALUE = 1024 * 1024
MAX_BODY = 3 * MAX_VALUE
AT_ONCE = 8
PAGE = 20
MAX_PAGES = 50
MAX_LIST = 32 * 1024 * 1024
PUBLIC_KEYS = frozenset(
    {"ca.crt", "tls.crt", "ca-bundle.crt", "ssh-publickey", "namespace", "service-ca.crt"}
)
COPIES = frozenset({"helm.sh/release.v1"})
"""Types that only repeat what stands in other Secrets; Helm keeps a megabyte for each release."""
_SECRET_KEY = re.compile(r"(?i)pass|pwd|secret|token|key|pin|auth|cred")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contents:
    """The values of one Secret; `weak` are (key, value) that cannot be masked by value."""

    values: tuple[bytes, ...] = field(default=(), repr=False)
    weak: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


async def by_name(client: Client, wanted: Wanted, names: Iterable[str]) -> dict[str, Json | Refusal]:
    """Each Secret, or why it cannot be read; `not-found` for one that is not there."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> Json | Refusal:
        async with gate:
            return await client.get(f"{wanted.path}/{quote(name)}", limit=MAX_BODY)

    async with asyncio.TaskGroup() as group:
        reads = {name: group.create_task(one(name)) for name in names}
    return {name: read.result() for name, read in reads.items()}


async def listed(client: Client, wanted: Wanted) -> tuple[dict[str, Json], str] | Refusal:
    """Every Secret of the namespace by name, and the version of the list from which to watch."""
    found: dict[str, Json] = {}
    version = more = ""
    for _ in range(MAX_PAGES):
        query = [("limit", str(PAGE)), *([("continue", more)] if more else [])]
        page = await client.get(wanted.path, query, limit=MAX_LIST)
        if isinstance(page, Refusal):
            return unread("the namespace's Secrets", page)
        meta, items = page.get("metadata"), page.get("items")
        if not isinstance(meta, dict) or not (isinstance(items, list) or items is None):
            return refuse("the cluster's list of them is not understood")
        found |= {name_of(item): item for item in items or () if isinstance(item, dict)}
        version, more = str(meta.get("resourceVersion") or ""), str(meta.get("continue") or "")
        if not more:
            return found, version
    return refuse(f"the namespace holds more than {PAGE * MAX_PAGES} Secrets")


def name_of(item: Json) -> str:
    """An object's name."""
    meta = item.get("metadata")
    return str(meta.get("name") or "") if isinstance(meta, dict) else ""


def contents(secret: Json, keys: Keys) -> Contents | None:
    """What the reachable keys hold; None if one cannot be decoded or is too large. Takes a while."""
    data = {} if secret.get("data") is None else secret["data"]
    if not isinstance(data, dict):
        return None
    values: dict[bytes, None] = {}
    weak: dict[tuple[str, bytes], None] = {}
    if secret.get("type") in COPIES:
        return Contents()
    for key, encoded in data.items():
        if key in PUBLIC_KEYS or (keys is not None and key not in keys):
            continue
        try:
            value = base64.b64decode(encoded or "", validate=True)
        except (binascii.Error, ValueError, TypeError):
            return None
        if len(value) > MAX_VALUE:
            return None
        for atom in islice(atoms(value), MAX_VALUES + 1):
            if is_weak(atom):
                weak[key, atom] = None
            else:
                values[atom] = None
        if is_common(value) and _SECRET_KEY.search(key):
            weak[key, value.strip()] = None
    return Contents(tuple(values), tuple(weak))
