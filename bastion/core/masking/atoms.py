"""Atoms: which parts of a Secret's value are secret by themselves; nothing that is public.

Pure, and linear in the value's length. A program rarely prints a whole configuration file; it prints
the password in it. So what has a structure is replaced by its secret parts, because the words around
them stand in innocent output everywhere, and what has none is kept whole:

    document (JSON, YAML) ─▶ leaves ─┐
    key blocks (PEM) ──────▶ bodies ─┤
    lines (env, INI, htpasswd) ▶ values ─┴─▶ each taken apart again, `DEPTH` times
    URL, `key=value;`, netrc, pgpass ▶ passwords       binary (PKCS #12, JKS) ▶ as it is
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

DEPTH = 4
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
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_PEM_EDGE = re.compile(rb"-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----")
_PUBLIC_PEM = (
    b"CERTIFICATE", b"CERTIFICATE REQUEST", b"PUBLIC KEY", b"PUBLIC KEY BLOCK", b"CRL", b"PARAMETERS",
    b"PKCS7",
)  # fmt: skip
_PEM_HEADER = re.compile(rb"[A-Za-z-]{1,40}: .*")
_PUBLIC_LINE = re.compile(rb"(?:ssh-[a-z0-9-]+|ecdsa-sha2-\S+|sk-\S+@openssh\.com) [A-Za-z0-9+/=]+(?: .*)?")
_SECTION = re.compile(rb"\[[^\[\]\"']{1,80}\]")
_NAMED = re.compile(
    rb"(?:(?:export|set|setx)[ \t]{1,8})?[A-Za-z_][A-Za-z0-9_.-]{0,255}[ \t]{0,8}[=:]"
    rb"|[^\s:]{1,255}:(?=[${])"  # htpasswd: any user name, then $apr1$… or {SHA}…
)
_PGPASS = re.compile(rb"[^:\s]{1,255}:(?:[0-9]{1,5}|\*):[^:]{1,255}:[^:]{1,255}:(\S.{0,4095})")
_DSN = re.compile(rb"[A-Za-z][\w+.-]{0,30}://[^\s/@:]{0,256}:[^\s@]{1,4096}@\S*")
_URL = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{0,30}://([^\s/@:]{0,256}):([^\s/]{1,4096})@")
_PAIR = re.compile(
    rb"(?i)(?:pass(?:word|wd|phrase)?|pwd|secret|token|sig|_auth"
    rb"|(?:access|account|api|shared|private)[ _-]?\w{0,20}key)"
    rb"\s{0,8}=\s{0,8}(?:\"([^\"]{0,4096})\"|'([^']{0,4096})'|([^;&\s\"']{1,4096}))"
)
_NETRC = re.compile(rb"\b(?:password|account)[ \t\r\n]{1,8}(\S{1,4096})")
_XML_TEXT = re.compile(rb">([^<>]{1,4096})</")
_SECRET_NAME = re.compile(rb"(?i)pass|pwd|secret|token|key|pin|auth|cred")


def atoms(value: bytes) -> Iterator[bytes]:
    """The values to mask for one Secret value, each once; none for a public or common one."""
    seen: set[bytes] = set()
    for found in _parts(value.strip(b"\r\n"), DEPTH):
        atom = found.strip()
        if atom and atom not in seen and not is_common(atom):
            seen.add(atom)
            yield atom


def is_common(value: bytes) -> bool:
    """Whether it is a word that any configuration holds; masking it would hide ordinary output."""
    return value.strip().lower() in PLAIN


def _parts(value: bytes, depth: int) -> Iterator[bytes]:
    text = value.strip()
    if not text or _PUBLIC_LINE.fullmatch(text):
        return
    if not depth or _BINARY.search(value):
        yield value
        return
    yield from _passwords(text)
    if _DSN.fullmatch(text):
        return
    document = None if text.startswith(b"-----") else _document(text)
    if document is not None:
        if b"\n" not in text and text[:1] not in b"{[":  # a password may look like `a: b`
            yield text
        for leaf in _walk(document):
            yield from _parts(leaf, depth - 1)
        if b" #" in text:  # a comment to YAML, but not to every program that reads `name: value`
            yield from (part for line in text.splitlines() for part in _value(line.strip(), depth))
    elif b"-----BEGIN " in text:
        yield from _keys(text, depth)
    elif b"\n" in text:
        yield from _lines(text, depth)
    else:
        yield text
        yield text.strip(b"\"'")
        yield from _value(text, depth)
        yield from _decoded(text, depth)


def _keys(text: bytes, depth: int) -> Iterator[bytes]:
    """The bodies of private blocks, as they stand and in one piece, then what is around the blocks.

    In one piece is how a body stands in a JSON string, or without its line ends. A block without an
    end goes on to the end of the text. A line that is shorter than a fragment of the body is an atom.
    """
    rest, at = [], 0
    begin: re.Match[bytes] | None = None
    for edge in _PEM_EDGE.finditer(text):
        if edge[1] == b"BEGIN":
            begin = edge
        elif begin is not None and begin[2] == edge[2]:
            rest.append(text[at : begin.start()])
            at = edge.end()
            if not edge[2].endswith(_PUBLIC_PEM):
                yield from _body(text[begin.end() : edge.start()])
            begin = None
    if begin is not None and not begin[2].endswith(_PUBLIC_PEM):
        rest.append(text[at : begin.start()])
        at = len(text)
        yield from _body(text[begin.end() :])
    around = (b"\n".join(rest) + b"\n" + text[at:]).strip(b" \t\r\n\"'")
    yield from _lines(around, depth - 1) if b"-----BEGIN " in around else _parts(around, depth - 1)


def _body(body: bytes) -> Iterator[bytes]:
    lines = [line.strip() for line in body.replace(b"\\n", b"\n").splitlines()]
    kept = [line for line in lines if line and not _PEM_HEADER.fullmatch(line)]
    yield b"\n".join(kept)
    yield b"".join(kept)
    if kept and SHORT <= len(kept[-1]) < 4 * SHORT:
        yield kept[-1]


def _lines(text: bytes, depth: int) -> Iterator[bytes]:
    """The values of `NAME=value` lines; other lines by themselves, and then the text as a whole."""
    rows = [line for raw in text.splitlines() if (line := raw.strip()) and line[:1] not in b"#;"]
    free = False
    for line in rows:
        if _SECTION.fullmatch(line) or line.startswith(b"-----"):
            continue
        if _named(line):
            yield from _value(line, depth)
            continue
        free = True
        if len(line) >= SHORT and re.search(rb"\w\w\w", line):
            yield from _parts(line, depth - 1)
    if free:
        yield text


def _named(line: bytes) -> bool:
    """Whether a line is `NAME=value`; base64 with its padding is not, `NAME=` is."""
    name = _NAMED.match(line)
    if name is None:
        return False
    padded = len(line) % 4 == 0 and not (line.isupper() or line.islower())
    return bool(line[name.end() :].strip(b"= \t")) or not padded


def _value(line: bytes, depth: int) -> Iterator[bytes]:
    """What follows the name: without quotes, and without a comment."""
    if found := _PGPASS.fullmatch(line):
        yield found[1]
    name = _NAMED.match(line)
    value = line[name.end() :].strip() if name else b""
    bare = value.strip(b"\"'")
    if name is None or (len(bare) < SHORT and not _SECRET_NAME.search(name[0])):
        return
    yield from _parts(bare, depth - 1)
    if value == bare and b" #" in bare:
        yield from _parts(bare.partition(b" #")[0], depth - 1)


def _passwords(text: bytes) -> Iterator[bytes]:
    """The passwords in URLs and pairs; a long user name with digits in it is a token."""
    for url in _URL.finditer(text):
        yield url[2]
        yield unquote_to_bytes(url[2])
        if len(url[1]) >= 4 * SHORT and re.search(rb"[0-9]", url[1]):
            yield url[1]
    for pair in _PAIR.finditer(text):
        yield pair[1] or pair[2] or pair[3] or b""
    if text.startswith((b"machine ", b"default ")) or b"\nmachine " in text:
        yield from (found[1] for found in _NETRC.finditer(text))
    if text.startswith(b"<"):
        yield from (found[1] for found in _XML_TEXT.finditer(text) if len(found[1].strip()) >= SHORT)


def _decoded(text: bytes, depth: int) -> Iterator[bytes]:
    """Text that stands as base64; of `user:password`, which a registry's `auth` is, the password."""
    try:
        clear = base64.b64decode(text, validate=True).strip()
    except (binascii.Error, ValueError):
        return
    if len(clear) < SHORT or not clear.isascii() or _BINARY.search(clear) or b"\x1b" in clear:
        return
    user, colon, password = clear.partition(b":")
    if colon and user and user.decode("ascii").isprintable() and b"\n" not in clear:
        yield password
    else:
        yield from _parts(clear, depth - 1)


def _document(text: bytes) -> dict[str, Any] | list[Any] | None:
    """A JSON or YAML document whose scalars are as written; None for other text."""
    document: Any = None
    try:
        document = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        if len(text) <= MAX_YAML and (b": " in text or b":\n" in text or text.startswith(b"- ")):
            document = _yaml(text)
    return document if isinstance(document, dict | list) else None


def _yaml(text: bytes) -> Any:
    try:
        return yaml.load(text.decode("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - makes only str, list, dict
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
