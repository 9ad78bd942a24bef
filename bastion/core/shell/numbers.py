"""Variables that surely hold numbers, since arithmetic can run code; and those that are set once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from bastion.core.shell.pieces import Dyn, Node
from bastion.core.shell.words import Word, read_words

_NUMBER = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|\d+(?:#[0-9a-zA-Z]+)?)")
# fmt: off
_ASSIGNING = frozenset((
    "read", "mapfile", "readarray", "getopts", "printf", "declare", "typeset", "local", "export",
    "readonly", "let", "unset", "command", "builtin",
))
# fmt: on
_ANYTHING = frozenset(("eval", ".", "source"))


class _Names:
    """The names that were given numbers, and those that were given anything else."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.numeric: set[str] = set()
        self.tainted: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.lost = False

    def note(self, name: str, word: Word | None) -> None:
        """A variable is given a word (None: what nobody knows)."""
        piece = word.pieces[0] if word is not None and len(word.pieces) == 1 else None
        if isinstance(piece, Dyn):
            number = piece.numeric
        else:
            number = piece is not None and bool(_NUMBER.fullmatch(piece.value))
        (self.numeric if number else self.tainted).add(name)
        self.counts[name] += 1

    def loop(self, node: Node) -> None:
        """`for NAME in WORDS`."""
        words: list[Word | None] = []
        name = str(node["Name"]["Value"])
        before = self.counts[name]
        for item in node.get("Items") or ():
            words += read_words(item, self.dialect)
        for word in words or [None]:
            self.note(name, word)
        self.counts[name] = before + 1

    def assign(self, node: Node) -> None:
        """`NAME=WORD` in any place."""
        value = node.get("Value")
        words = read_words(value, self.dialect) if isinstance(value, Mapping) else []
        plain = len(words) == 1 and not any(key in node for key in ("Append", "Index", "Array"))
        self.note(str(node["Name"].get("Value")), words[0] if plain else None)

    def call(self, node: Node) -> None:
        """A command that may set the variables it names."""
        words = [word for arg in node.get("Args") or () for word in read_words(arg, self.dialect)]
        first, *rest = [word.literal for word in words] or [""]
        if first is None or first in _ANYTHING:
            self.lost = True
        elif first.rsplit("/", 1)[-1] in _ASSIGNING:
            self.lost = self.lost or (None in rest and first != "printf")
            names = {re.split(r"[+=\[]", text)[0] for text in rest if text}
            self.tainted |= names
            self.counts.update([*names, *names])


def numeric_names(tree: Node, dialect: str) -> frozenset[str]:
    """The variables to which this text assigns numbers and nothing else."""
    return look_at_names(tree, dialect)[0]


def look_at_names(tree: Node, dialect: str) -> tuple[frozenset[str], frozenset[str]]:
    """(variables that hold numbers only, variables that one place of this text sets).

    Empty where some command may set any variable.
    """
    names = _names(tree, dialect)
    if names.lost:
        return frozenset(), frozenset()
    once = frozenset(name for name, count in names.counts.items() if count == 1)
    return frozenset(names.numeric - names.tainted), once


def _names(tree: Node, dialect: str) -> _Names:
    names = _Names(dialect)
    todo: list[Any] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo += node
        elif isinstance(node, Mapping):
            todo += [value for value in node.values() if isinstance(value, (list, Mapping))]
            _look(node, names)
    return names


def _look(node: Node, names: _Names) -> None:
    kind = node.get("Type")
    if kind == "WordIter":
        names.loop(node)
    elif kind == "CallExpr":
        names.call(node)
    elif kind == "ParamExp" and node.get("Exp", {}).get("Op") in ("=", ":="):
        name = str(node.get("Param", {}).get("Value"))
        names.tainted.add(name)
        names.counts[name] += 2
    elif kind is None and isinstance(node.get("Name"), Mapping) and set(node) & {"Value", "Naked", "Array"}:
        names.assign(node)
