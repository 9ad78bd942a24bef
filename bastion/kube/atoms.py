"""What of a Secret's value must never be shown: the whole, and the parts that are secret alone.

Pure, and linear in the value's length. A program rarely prints a whole configuration file; it
prints the password in it. So a value is taken apart: leaves of JSON and YAML, values of env-file
lines, passwords of URLs and of `key=value;` strings, a registry's `auth`, key bodies. Public
certificates and keys, and words that any configuration holds, are left out: masking them would
hide ordinary output and protect nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

import yaml

MAX_YAML = 64 * 1024
SHORT = 6
PLAIN = frozenset(
    (
        b"true false yes no none null on off localhost default production staging development testing "
        b"username password secret token enabled disabled postgres postgresql mysql mariadb mongodb redis "
        b"rabbitmq admin administrator root guest master primary replica require verify-full disable "
        b"information warning debug"
    ).split()
)
PEM_EDGE = re.compile(rb"-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----")
PUBLIC_PEM = (b"CERTIFICATE", b"CERTIFICATE REQUEST", b"PUBLIC KEY", b"X509 CRL", b"PARAMETERS")
PUBLIC_LINE = re.compile(rb"(?:ssh-[a-z0-9-]+|ecdsa-sha2-\S+|sk-\S+@openssh\.com) [A-Za-z0-9+/=]+(?: .*)?")
ENV_NAME = re.compile(rb"(?:export\s{1,8})?[A-Za-z_][A-Za-z0-9_.-]{0,255}\s{0,8}[=:]")
URL_PASSWORD = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/@:]{0,256}:([^\s/]{1,4096})@")
PAIR = re.compile(
    rb"(?i)(?:pass(?:word|wd|phrase)?|pwd|secret|token|sig"
    rb"|(?:access|account|api|shared|private)[ _-]?\w{0,20}key)"
    rb"\s{0,8}=\s{0,8}(?:\"([^\"]{0,4096})\"|'([^']{0,4096})'|([^;&\s\"']{1,4096}))"
)


def atoms(value: bytes) -> Iterator[bytes]:
    """The values to mask for one Secret value, each once; none for a public one."""
    seen: set[bytes] = set()
    for found in _all(value.strip(b"\r\n")):
        atom = found.strip()
        if atom and atom.lower() not in PLAIN and atom not in seen:
            seen.add(atom)
            yield atom


def _all(value: bytes) -> Iterator[bytes]:
    private, bodies = _without_public(value)
    if not private.strip() or PUBLIC_LINE.fullmatch(value.strip()):
        return
    yield private
    yield from bodies
    yield from _passwords(private)
    document = _document(private)
    if document is None:
        yield from _lines(private)
    for leaf in _walk(document):
        yield leaf
        yield from _passwords(leaf)
        yield from _registry(leaf)
        if b"\n" in leaf:
            yield from _lines(leaf)


def _without_public(value: bytes) -> tuple[bytes, list[bytes]]:
    """The value without its public PEM blocks, and the bodies of the private ones in one piece:
    that is how a body stands in a JSON string or without its line ends.
    """
    kept: list[bytes] = []
    bodies: list[bytes] = []
    at = 0
    begin: re.Match[bytes] | None = None
    for edge in PEM_EDGE.finditer(value):
        if edge[1] == b"BEGIN":
            begin = edge
        elif begin is not None and begin[2] == edge[2]:
            if edge[2].endswith(PUBLIC_PEM):
                kept.append(value[at : begin.start()])
                at = edge.end()
            else:
                bodies.append(b"".join(value[begin.end() : edge.start()].split()))
            begin = None
    return b"".join(kept) + value[at:], bodies


def _lines(value: bytes) -> Iterator[bytes]:
    """Each line that could be secret by itself, and what follows the name in a `NAME=value` line."""
    lines = value.splitlines()
    for raw in lines:
        line = raw.strip()
        name = ENV_NAME.match(line)
        found = line[name.end() :].strip().strip(b"\"'") if name else line
        edge = line.startswith((b"-----", b"#")) or (name is None and len(lines) == 1)
        if not edge and len(found) >= SHORT and re.search(rb"\w\w\w", found):
            yield found


def _passwords(value: bytes) -> Iterator[bytes]:
    for url in URL_PASSWORD.finditer(value):
        yield url[1]
        yield unquote_to_bytes(url[1])
    for pair in PAIR.finditer(value):
        yield pair[1] or pair[2] or pair[3] or b""


def _registry(leaf: bytes) -> Iterator[bytes]:
    """The password in a docker config's `auth`: base64 of `user:password`."""
    try:
        user, colon, password = base64.b64decode(leaf, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return
    if colon and user and user.isascii() and user.decode("ascii").isprintable():
        yield password


def _document(value: bytes) -> dict[str, Any] | list[Any] | None:
    """A JSON or YAML document whose scalars are as written; None for other text."""
    document: Any = None
    try:
        document = json.loads(value, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        if len(value) <= MAX_YAML and b":" in value:
            document = _yaml(value)
    return document if isinstance(document, dict | list) else None


def _yaml(value: bytes) -> Any:
    try:
        return yaml.load(value.decode("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - makes only str, list, dict
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return None


def _walk(document: Any) -> Iterator[bytes]:
    """The text leaves, without recursion; what an anchor repeats is visited once."""
    visited: set[int] = set()
    pending = [document]
    while pending:
        node = pending.pop()
        if isinstance(node, dict | list) and id(node) not in visited:
            visited.add(id(node))
            pending.extend(node.values() if isinstance(node, dict) else node)
        elif isinstance(node, str) and not (node.isdigit() and len(node) < SHORT):
            yield node.encode("utf-8", "surrogatepass")
