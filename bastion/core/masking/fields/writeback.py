"""Writes that carry our own masks: a mask sent back would overwrite the secret that it hides.

Told apart: a string of asterisks only, base64 of nothing else, and a run of asterisks where a value was
(behind a name, or behind the first characters of it). Numbers are not: a masked one looks like any other.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from bastion.core.masking.fields.content import Format
from bastion.core.masking.fields.names import ROLES, Role, folded
from bastion.core.masking.fields.refused import RefusedBodyError
from bastion.core.masking.fields.yaml_events import MAX_BODY, events
from bastion.core.masking.patterns import Patterns
from bastion.model.masks import Masked

_MAX_INNER: Final = 3
_WHOLE: Final = re.compile(r"\s*\*(?:[*\s]*\*){3}[*\s]*\Z")
_SHORT: Final = re.compile(r"\s*\*+\s*\Z")
_WITHIN: Final = re.compile(
    r"""(?:[\w.+/@:=-]|[:=>][ \t]{0,8}["']?|["'])\*{4}|-----BEGIN [^\n]*-----\s*\*{4}"""
)
_COMMENT: Final = re.compile(r"/\*+|\*+/")
_CODED: Final = re.compile(r"(?:Kioq)*(?:Kioq|Kio=|Kg==)\Z")
_CODED_WITHIN: Final = re.compile(r"(?:Kioq){2}|(?:ioqK){2}|(?:oqKi){2}|(?:qKio){2}")
_REASON: Final = (
    "the body carries a mask of this bastion where the cluster has a secret; writing it would destroy the"
    " secret: leave masked fields out (patch the others), or give them their true values"
)


class WriteCheck:
    """A body on its way to the cluster: all of it when it carries no mask, else nothing."""

    def __init__(self, kind: Format) -> None:
        self.refused = ""
        self._kind = kind
        self._body = bytearray()

    def __repr__(self) -> str:
        return f"WriteCheck({len(self._body)} bytes)"

    def replace(self, patterns: Patterns) -> None:
        """Known values do not matter here."""

    def feed(self, data: bytes, at: float) -> Masked:  # noqa: ARG002 - the maskers share one signature
        """Keep `data` back. RefusedBodyError: the body is too long to be judged."""
        self._body += data
        if len(self._body) > MAX_BODY:
            raise RefusedBodyError(f"the body is longer than {MAX_BODY} bytes, more than the cluster takes")
        return Masked()

    def close(self, at: float) -> Masked:  # noqa: ARG002 - the maskers share one signature
        """The body as it came. RefusedBodyError: it carries a mask, or cannot be read."""
        body = bytes(self._body)
        texts = json_texts(body) if self._kind is Format.JSON else _yaml_texts(body)
        for text, short in texts:
            if is_mask(text, short=short):
                raise RefusedBodyError(_REASON)
        return Masked(body)


def is_mask(text: str, *, short: bool = False) -> bool:
    """Whether a string is, or holds, what this package writes for a secret; `short`: in a Secret's data."""
    if "*" in text:
        if _WHOLE.match(text) and (short or "****" in text):
            return True
        if short and _SHORT.match(text):
            return True
        return "****" in text and bool(_WITHIN.search(_COMMENT.sub("", text)))
    if text and (_CODED.match(text) or _CODED_WITHIN.search(text)):
        return True
    return short and "*" in (inside := _decoded(text)) and is_mask(inside)


def json_texts(body: bytes) -> Iterator[tuple[str, bool]]:
    """Every string of one or more JSON documents, keys too, and whether a Secret's data may be there."""
    decoder = json.JSONDecoder(object_pairs_hook=_Pairs)
    try:
        text = body.decode()
        at = len(text) - len(text.lstrip())
        while at < len(text):
            tree, at = decoder.raw_decode(text, at)
            yield from _walk(tree, _MAX_INNER)
            at = len(text) - len(text[at:].lstrip())
    except (ValueError, RecursionError):
        raise RefusedBodyError(
            "the body is no valid JSON: it cannot be judged, so it is not written"
        ) from None


class _Pairs(list[tuple[str, Any]]):
    """An object with all its members, also those that others would overwrite."""


def _walk(tree: Any, inner: int) -> Iterator[tuple[str, bool]]:
    stack = [(tree, False)]
    while stack:
        node, short = stack.pop()
        match node:
            case _Pairs():
                for key, value in node:
                    yield key, False
                    role = ROLES.get(folded(key.encode("utf-8", "replace")))
                    stack.append((value, short or role in {Role.DATA, Role.STRINGS}))
            case list():
                stack.extend((each, short) for each in node)
            case str():
                yield node, short
                if (
                    inner
                    and node.lstrip()[:1] in {"{", "["}
                    and ("*" in node or "Kio" in node or "\\" in node)
                ):
                    yield from _inner(node, inner - 1)


def _inner(text: str, inner: int) -> Iterator[tuple[str, bool]]:
    try:
        tree = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return
    if inner >= 0 and not isinstance(tree, str):
        yield from _walk(tree, inner)


def _yaml_texts(body: bytes) -> Iterator[tuple[str, bool]]:
    scalars = [
        event.value
        for event in events(body.decode("utf-8", "replace"))
        if isinstance(event, yaml.ScalarEvent)
    ]
    short = "Secret" in scalars
    for text in scalars:
        yield text, short and text != "*"
        yield from _inner(text, _MAX_INNER - 1)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
