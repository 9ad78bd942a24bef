"""Names: what a member's key means for masking, worked out once for each spelling.

Go's encoding/json matches keys without regard to case, also U+017F as s and U+212A as k; so does this.
Whether a name gives its value away is asked of the detectors themselves, with a made-up value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bastion.core.masking.patterns import Patterns
from bastion.core.masking.scan import find
from bastion.core.masking.validators import no_placeholder

_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
_PROBE: Final = b"Xq7Zk9Rm2Tw5Lp8Vb3Nc6"
_MAX_NAME: Final = 256
_MAX_KEPT: Final = 4096
_REFERENCE: Final = re.compile(rb"\s*(?:\$\(\w+\)|\$\w+|\$\{\w+\}|<[^<>]*>|\{\{[^{}]*\}\})?\s*\Z")


class Role(Enum):
    """What the member with a key is for."""

    PLAIN = 0
    KIND = 1
    TYPE = 2
    DATA = 3
    STRINGS = 4
    BYTES = 5
    ITEMS = 6
    NAME = 7
    VALUE = 8
    TOKEN = 9
    KEY = 10
    APPLIED = 11


ROLES: Final = {
    "kind": Role.KIND,
    "type": Role.TYPE,
    "data": Role.DATA,
    "stringdata": Role.STRINGS,
    "binarydata": Role.BYTES,
    "cabundle": Role.BYTES,
    "items": Role.ITEMS,
    "name": Role.NAME,
    "key": Role.NAME,
    "value": Role.VALUE,
    "token": Role.TOKEN,
    "client-key-data": Role.KEY,
    "clientkeydata": Role.TOKEN,
    "kubectl.kubernetes.io/last-applied-configuration": Role.APPLIED,
}


@dataclass(frozen=True, slots=True)
class Name:
    """A key: its text, its role, and whether a detector says that its value is secret; `plain`: neither."""

    text: bytes
    role: Role
    telling: bool
    plain: bool


def folded(text: bytes) -> str:
    """A key as Go's encoding/json compares it."""
    return text.decode("utf-8", "replace").replace("\u017f", "s").replace("\u212a", "k").lower()


class Names:
    """Keys that were seen, with what they mean; bounded. Belongs to one body."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._keys: dict[bytes, Name] = {}
        self._told: dict[bytes, bool] = {}

    def key(self, text: bytes) -> Name:
        """What the key means."""
        name = self._keys.get(text)
        if name is None:
            if len(self._keys) >= _MAX_KEPT:
                self._keys.clear()
            role, telling = ROLES.get(folded(text), Role.PLAIN), self.telling(text, b": ")
            name = Name(text, role, telling, role is Role.PLAIN and not telling)
            if len(text) <= _MAX_NAME:
                self._keys[text] = name
        return name

    def gives_away(self, text: bytes) -> bool:
        """Whether a `name` says that the `value` beside it is secret."""
        return self.key(text).telling or folded(text) in _HEADERS

    def telling(self, name: bytes, link: bytes) -> bool:
        """Whether a detector masks what stands behind `name` and `link`."""
        asked = name[-_MAX_NAME:] + link
        told = self._told.get(asked)
        if told is None:
            if len(self._told) >= _MAX_KEPT:
                self._told.clear()
            spans = find(self._patterns, asked + _PROBE)
            told = self._told[asked] = any(span.start >= len(asked) for span in spans)
        return told


def worth_masking(text: bytes) -> bool:
    """Whether a value behind a telling name is one: no reference, no keyword, no placeholder."""
    return not _REFERENCE.match(text) and bool(no_placeholder(text.strip(), True))
