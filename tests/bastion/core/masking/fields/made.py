"""Made-up bodies: a secret placed by the table of rules, among members that nobody hides."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from typing import Any

from bastion.core.masking.fields.names import ROLES, Role
from bastion.core.masking.patterns import compile_patterns
from bastion.model.masks import KnownValue

KNOWN = "Wq8_tYz3-Pf6Lk2Mn9Xc"
PATTERNS = compile_patterns([KnownValue("known", KNOWN.encode())])
WORDS = (
    "pod",
    "ready",
    "nine",
    "",
    "é漢",
    "a b",
    'say "x"',
    "back\\slash",
    "tab\t",
    "line\nline",
    "\U0001f600",
    "10.0.0.1",
)
NUMBERS = (0, -3, 17, 2.5, 1e9, True, False, None)
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def coded(text: str) -> str:
    """Base64 of a text."""
    return base64.b64encode(text.encode()).decode()


def _secret(value: str) -> dict[str, Any]:
    return {
        "kind": "Secret",
        "data": {"a": coded(value), "b": ""},
        "stringData": {"c": value},
        "type": "Opaque",
    }


TELLING = ("DB_PASSWORD", "api_key", "client_secret", "AUTH_TOKEN")
PLACES: dict[str, Callable[[str], Any]] = {
    "secret": _secret,
    "secret list": lambda v: {"kind": "SecretList", "items": [{"data": {"a": coded(v)}}, {"stringData": {"a": v}}]},
    "list": lambda v: {"kind": "List", "items": [_secret(v), {"kind": "ConfigMap", "data": {"a": "plain"}}]},
    "watch": lambda v: {"type": "ADDED", "object": _secret(v)},
    "table": lambda v: {"kind": "Table", "rows": [{"cells": ["a", 1], "object": _secret(v)}]},
    "type": lambda v: {"data": {"a": coded(v)}, "type": "kubernetes.io/basic-auth"},
    "deep": lambda v: {"kind": "Secret", "data": {"a": {"b": [coded(v), {"c": coded(v)}]}}},
    "applied": lambda v: {"metadata": {"annotations": {APPLIED: json.dumps(_secret(v))}}},
    "applied twice": lambda v: {"metadata": {"annotations": {APPLIED: json.dumps({"metadata": {"annotations": {APPLIED: json.dumps(_secret(v))}}})}}},
    "env": lambda v: [{"name": name, "value": v} for name in TELLING],
    "header": lambda v: {"name": "Authorization", "value": "Bearer " + v},
    "names": lambda v: dict.fromkeys(TELLING, v),
    "tokens": lambda v: [{key: v} for key, role in ROLES.items() if role in {Role.TOKEN, Role.KEY}],
    "option": lambda v: {"args": ["serve", "--password", v, "--port", "80"]},
    "manifest": lambda v: {"kind": "ConfigMap", "data": {"s.yaml": f"kind: Secret\nstringData:\n  a: {v}\n"}},
    "number in a string": lambda v: {"note": f'{{"api_key": 12345678, "secret": "{v}"}}'},
    "bytes": lambda v: {"kind": "ConfigMap", "binaryData": {"f": coded(f"password={v}\n")}},
    "known": lambda _: {"message": f"at {KNOWN}!", KNOWN: 1, "b": coded(KNOWN)},
}  # fmt: skip


def filler(rng: random.Random, depth: int) -> Any:
    """A tree in which nothing is secret."""
    kind = rng.random()
    if depth and kind < 0.3:
        return {f"m{i}": filler(rng, depth - 1) for i in range(rng.randrange(4))}
    if depth and kind < 0.5:
        return [filler(rng, depth - 1) for _ in range(rng.randrange(4))]
    return rng.choice(WORDS if kind < 0.8 else NUMBERS)


def written(rng: random.Random, tree: Any) -> str:
    """A tree as JSON in an arbitrary hand: order, white space, escapes and letters of keys vary."""
    space = rng.choice(["", "", " ", "\n  "])
    match tree:
        case dict():
            pairs = list(tree.items())
            rng.shuffle(pairs)
            parts = [
                f"{_string(rng, _cased(rng, key))}{space}:{space}{written(rng, value)}"
                for key, value in pairs
            ]
            return "{" + space + f",{space}".join(parts) + space + "}"
        case list():
            return "[" + space + f"{space},".join(written(rng, each) for each in tree) + space + "]"
        case str():
            return _string(rng, tree)
    return json.dumps(tree)


def _cased(rng: random.Random, key: str) -> str:
    if key.lower() not in ROLES or rng.random() < 0.8:
        return key
    return rng.choice([key.upper(), key.capitalize(), key.replace("s", "\u017f"), key.replace("k", "\u212a")])


def _string(rng: random.Random, text: str) -> str:
    if rng.random() < 0.7:
        return json.dumps(text, ensure_ascii=rng.random() < 0.5)
    escaped = [
        "".join(f"\\u{unit:04x}" for unit in _units(c)) if rng.random() < 0.3 else json.dumps(c)[1:-1]
        for c in text
    ]
    return '"' + "".join(escaped) + '"'


def _units(character: str) -> list[int]:
    data = character.encode("utf-16-be")
    return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]


def texts(tree: Any) -> list[str]:
    """Every string of a tree, also those of documents in strings, and what base64 hides."""
    found: list[str] = []
    stack = [tree]
    while stack:
        match stack.pop():
            case dict() as node:
                stack += [*node, *node.values()]
            case list() as node:
                stack += node
            case str() as node:
                found.append(node)
                for read in (json.loads, lambda text: base64.b64decode(text, validate=True).decode()):
                    try:
                        inner = read(node)
                    except ValueError:
                        continue
                    if inner != node:
                        stack.append(inner)
            case int() | float() as node:
                found.append(str(node))
    return found


def same_shape(left: Any, right: Any) -> bool:
    """Whether two trees differ in the values of strings and numbers alone (and in masked keys)."""
    if type(left) is not type(right):
        return False
    match left:
        case dict():
            return len(left) == len(right) and all(
                same_shape(a, b) and (key == other or "*" in other)
                for (key, a), (other, b) in zip(left.items(), right.items(), strict=True)
            )
        case list():
            return len(left) == len(right) and all(same_shape(a, b) for a, b in zip(left, right, strict=True))
    return True
