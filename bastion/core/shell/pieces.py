"""The pieces of a word: text that stands still, and expansions that do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]

_NUMERIC_PARAMS = frozenset("?!$#")


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that reach the program as they stand (globs and a tilde aside when unquoted)."""

    value: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Dyn:
    """An expansion: its node, and whether double quotes keep it one word."""

    node: Node
    quoted: bool

    @property
    def numeric(self) -> bool:
        """Whether only digits can come of it."""
        if self.node.get("Type") == "ArithmExp":
            return True
        if self.node.get("Type") != "ParamExp":
            return False
        param = self.node.get("Param", {}).get("Value", "")
        plain = not (set(self.node) & {"Exp", "Repl", "Slice", "Index", "Excl", "Names"})
        return plain and (bool(self.node.get("Length")) or param in _NUMERIC_PARAMS)


def merge(pieces: list[Text | Dyn]) -> list[Text | Dyn]:
    """Neighbouring texts of the same quoting made one."""
    merged: list[Text | Dyn] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, Text) and isinstance(last, Text) and last.quoted == piece.quoted:
            merged[-1] = Text(last.value + piece.value, piece.quoted)
        else:
            merged.append(piece)
    return merged
