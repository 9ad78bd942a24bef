"""Atoms: which parts of a Secret's value are secret by themselves.

A connection string hides a password, a JSON or env file hides its values, a PEM file its body; the
words around them stand in innocent output everywhere and are not masked. Public certificates are no
secrets.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import urllib.parse
from collections.abc import Iterator

MAX_LEAVES = 10_001
_DSN = re.compile(rb"[A-Za-z][\w+.\-]*://[^\s/@:]*:([^\s@]+)@\S*\Z")
_LINE = re.compile(rb"(?:export[ \t]+)?[A-Za-z_][\w.\-]*[ \t]*[=:][ \t]*(\S.*)")
_PUBLIC = re.compile(
    rb"-----BEGIN (?:CERTIFICATE|PUBLIC KEY|X509 CRL|TRUSTED CERTIFICATE)-----.*?-----END[^\n]*",
    re.DOTALL,
)
_PRIVATE = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(.*?)(?:-----END[^\n]*|\Z)", re.DOTALL)


def atoms(value: bytes) -> tuple[bytes, ...]:
    """The parts of `value` to look for; the value itself when it has no known structure.

    At `MAX_LEAVES` there may be more: whoever gets so many refuses them.
    """
    return tuple(dict.fromkeys(part for part in _atoms(value.strip(), 3) if part))[:MAX_LEAVES]


def _atoms(value: bytes, depth: int) -> Iterator[bytes]:
    if match := _DSN.match(value):
        yield match[1]
        if b"%" in match[1]:
            yield urllib.parse.unquote_to_bytes(match[1])
    elif b"-----BEGIN " in value:
        yield from (match[1].strip() for match in _PRIVATE.finditer(value))
        rest = _PRIVATE.sub(b"", _PUBLIC.sub(b"", value)).strip()
        if rest:
            yield rest
    elif depth and value[:1] in b"{[" and (leaves := _json(value)) is not None:
        for leaf in leaves:
            yield from _leaf(leaf, depth)
    elif depth and b"\n" in value and all(_LINE.match(line) for line in _lines(value)):
        for line in _lines(value):
            if match := _LINE.match(line):
                yield from _atoms(match[1].strip(b" \t\"'"), depth - 1)
    else:
        yield value


def _leaf(leaf: bytes, depth: int) -> Iterator[bytes]:
    yield from _atoms(leaf, depth - 1)
    try:
        login = base64.b64decode(leaf, validate=True)
    except binascii.Error:
        return
    name, colon, password = login.partition(b":")
    if colon and name.isascii() and password.isascii():
        yield password


def _lines(value: bytes) -> list[bytes]:
    return [
        line.strip() for line in value.splitlines() if line.strip() and not line.lstrip().startswith(b"#")
    ]


def _json(value: bytes) -> list[bytes] | None:
    try:
        tree = json.loads(value)
    except (ValueError, RecursionError):
        return None
    found: list[bytes] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        match node:
            case dict():
                stack.extend(node.values())
            case list():
                stack.extend(node)
            case str():
                found.append(node.encode("utf-8", "replace"))
    return found
