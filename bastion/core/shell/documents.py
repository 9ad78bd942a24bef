"""Here-documents: which bytes belong to which statement, and whether every shell agrees on that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bastion.core.shell.words import read_words

Span = tuple[int, int]


def in_order(nodes: Any) -> bool:
    """Whether the bodies stand in the order of their operators, each after its operator's line.

    Where they do not, the parser and a shell may take each other's body for code.
    """
    found = sorted(documents(nodes), key=lambda each: int(each["OpPos"]["Offset"]))
    spans = [_span(each) for each in found if "Hdoc" in each]
    empty = any("Hdoc" not in each for each in found)
    return spans == sorted(spans) and not (empty and len(found) > 1)


def source(node: Mapping[str, Any], text: bytes, tree: Mapping[str, Any]) -> bytes | None:
    """The exact bytes of a statement, with the here-documents that stand after its line.

    None where they cannot be told apart from those of its neighbours.
    """
    begin, end = node["Pos"]["Offset"], node["End"]["Offset"]
    if "Semicolon" in node and not node.get("Background"):
        end = node["Semicolon"]["Offset"]
    own = documents(node)
    if not in_order(tree.get("Stmts") or ()):
        return None
    bodies = sorted(_span(each) for each in own if "Hdoc" in each)
    every = documents(tree.get("Stmts") or ())
    foreign = [_span(each) for each in every if "Hdoc" in each]
    if any(begin <= start < end for start, stop in foreign if (start, stop) not in bodies):
        return None
    tails = [text[start:stop] for start, stop in bodies if start >= end]
    for each in own:
        if "Hdoc" not in each:
            delimiter = read_words(each["Word"], "posix")[0].literal
            if delimiter is None or len(every) > 1:
                return None
            tails.append(delimiter.encode())
    return b"\n".join([text[begin:end], *tails]) + (b"\n" if own else b"")


def documents(node: Any) -> list[Mapping[str, Any]]:
    """The redirections below `node` that are here-documents."""
    found: list[Mapping[str, Any]] = []
    todo = [node]
    while todo:
        each = todo.pop()
        if isinstance(each, Mapping):
            if "OpPos" in each and str(each.get("Op")) in ("<<", "<<-") and "Word" in each:
                found.append(each)
            todo += list(each.values())
        elif isinstance(each, list):
            todo += each
    return found


def _span(node: Mapping[str, Any]) -> Span:
    return node["Hdoc"]["Pos"]["Offset"], node["Hdoc"]["End"]["Offset"]
