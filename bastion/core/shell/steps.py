"""Small questions that the walk asks of nodes: is it a cd, what does it list, where may it lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bastion.core.shell.facts import Access
from bastion.core.shell.pieces import Dyn
from bastion.core.shell.scene import Call
from bastion.core.shell.words import read_words, text_word

Node = Mapping[str, Any]
Cwds = tuple[str, ...]
_FIND_PRINTS = frozenset(("-print", "-printf", "-ls", "-fprint", "-fprint0", "-fprintf", "-fls"))


def join(pieces: tuple[Any, ...]) -> tuple[Any, ...]:
    """The texts at the beginning of an assignment made one piece."""
    first, *rest = pieces
    texts = [first.value]
    while rest and not isinstance(rest[0], Dyn):
        texts.append(rest.pop(0).value)
    return (text_word("".join(texts)).pieces[0], *rest)


def listed(node: Node, calls: list[Call]) -> tuple[Access, ...]:
    """The trees whose files a lone `find … -print0` lists for the next command of a pipe."""
    if (node.get("Cmd") or {}).get("Type") != "CallExpr" or len(calls) != 1 or calls[0].program != "find":
        return ()
    if "-print0" not in calls[0].flags or not set(calls[0].flags).isdisjoint(_FIND_PRINTS):
        return ()
    return tuple(access for access in calls[0].accesses if access.use == "name" and access.tree)


def is_cd(node: Node) -> bool:
    """Whether a statement is a plain `cd`, which surely happened where the next one runs after `&&`."""
    command = node.get("Cmd") or {}
    words = [word for arg in command.get("Args") or () for word in read_words(arg, "posix")]
    return bool(words) and words[0].literal == "cd" and not node.get("Negated") and not node.get("Background")


def union(*each: Cwds) -> Cwds:
    """Every directory that may be current; none where one of them is unknown."""
    return tuple(dict.fromkeys(path for cwds in each for path in cwds)) if all(each) else ()
