"""The pieces of a word: text that stands still, and expansions that do not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]

# Programs whose output is numbers whatever their input holds.
_COUNTING = re.compile(
    r"pgrep(?: -[fonxivu]+)*(?: [A-Za-z0-9_./][A-Za-z0-9_./-]*)*"
    r"|pidof(?: -s)?(?: [A-Za-z0-9_.]+)+|nproc|date \+%s"
)
_NUMERIC_PARAMS = frozenset("?!$#")


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that reach the program as they stand (globs and a tilde aside when unquoted)."""

    value: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Dyn:
    """An expansion: its node, and whether double quotes keep it one word.

    `known` is what it surely yields where the line itself says so (a loop over words that stand
    still, a variable that is set once); it is written again in double quotes, so it stays one word.
    """

    node: Node
    quoted: bool
    known: Text | None = None

    @property
    def numeric(self) -> bool:
        """Whether only digits can come of it."""
        if self.node.get("Type") == "ArithmExp":
            return True
        if self.node.get("Type") == "CmdSubst":
            return _counts(self.node)
        if self.node.get("Type") != "ParamExp":
            return False
        param = self.node.get("Param", {}).get("Value", "")
        plain = not (set(self.node) & {"Exp", "Repl", "Slice", "Index", "Excl", "Names"})
        return plain and (bool(self.node.get("Length")) or param in _NUMERIC_PARAMS)


def _counts(node: Node) -> bool:
    """Whether a substitution is one command that prints numbers and nothing else."""
    statements: list[Node] = list(node.get("Stmts") or ())
    if len(statements) != 1:
        return False
    command = statements[0].get("Cmd") or {}
    if command.get("Type") != "CallExpr" or command.get("Assigns") or "Redirs" in statements[0]:
        return False
    texts = []
    for word in command.get("Args") or ():
        parts: list[Node] = list(word.get("Parts") or ())
        if len(parts) != 1 or parts[0].get("Type") not in ("Lit", "SglQuoted") or parts[0].get("Dollar"):
            return False
        texts.append(str(parts[0].get("Value", "")))
    return bool(_COUNTING.fullmatch(" ".join(texts)))


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
