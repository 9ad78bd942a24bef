"""Where the literal characters of a text's words stand: all of a command that a mask may cover.

A mask over an operator, an expansion, a substitution, a quote or a program's name would hide what a
command does. So those are left out, and here-documents too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Node = Mapping[str, Any]
Range = tuple[int, int]
MASK = "•"
_PLAIN = re.compile(rb"[A-Za-z0-9_./:=,@%+^-]+|[\x80-\xff]+")
_QUOTED = re.compile(rb"[^$`\\\"!]+")
_EDGES = b" \t\r\n'\""


def literals(tree: Node, text: bytes) -> tuple[Range, ...]:
    """(start, end) in bytes of every stretch of literal characters inside one word of `text`."""
    return tuple(sorted(set(_within(tree, text))))


def veil(text: bytes, tree: Node | None, spans: Sequence[Range], names: Sequence[str]) -> str | None:
    """`text` with `spans` masked; None where that would cover more than literal characters of a word.

    `names` are the programs that it runs, as they are written; no word that is one is masked.
    """
    allowed = literals(tree, text) if tree else ()
    out, at = [], 0
    for start, end in sorted(_trimmed(text, span) for span in spans):
        piece = next((each for each in allowed if each[0] <= start and end <= each[1]), None)
        if piece is None or text[piece[0] : piece[1]].decode("utf-8", "replace") in names:
            return None
        low = max(start, at)
        out += [text[at:low], _stars(text[low : max(low, end)])]
        at = max(at, end)
    try:
        return (b"".join(out) + text[at:]).decode()
    except UnicodeDecodeError:
        return None


def _stars(piece: bytes) -> bytes:
    return (MASK * len(piece.decode("utf-8", "replace"))).encode()


def _trimmed(text: bytes, span: Range) -> Range:
    start, end = span
    while start < end and text[start] in _EDGES:
        start += 1
    while end > start and text[end - 1] in _EDGES:
        end -= 1
    return start, end


def _within(node: Any, text: bytes) -> Iterator[Range]:
    """The literals of every word below `node`, program names apart."""
    if isinstance(node, Sequence) and not isinstance(node, str):
        for each in node:
            yield from _within(each, text)
    elif isinstance(node, Mapping) and node.get("Type") != "ParamExp":
        words = list((node.get("Args") or ())[1:]) if node.get("Type") == "CallExpr" else []
        if node.get("Type") != "CallExpr":
            words += [each for each in (node.get("Word"), node.get("Value")) if isinstance(each, Mapping)]
        words += node.get("Items") or ()
        for word in words:
            yield from _word(word, text)
        for name, value in node.items():
            if name not in {"Hdoc", "Pos", "End", "Nested"}:
                yield from _within(value, text)


def _word(word: Node, text: bytes) -> Iterator[Range]:
    for part in word.get("Parts") or ():
        match part.get("Type"):
            case "Lit":
                yield from _plain(part, text, _PLAIN)
            case "SglQuoted" if not part.get("Dollar"):
                yield part["Left"]["Offset"] + 1, part["Right"]["Offset"]
            case "DblQuoted" if not part.get("Dollar"):
                for inner in part.get("Parts") or ():
                    if inner.get("Type") == "Lit":
                        yield from _plain(inner, text, _QUOTED)


def _plain(part: Node, text: bytes, kind: re.Pattern[bytes]) -> Iterator[Range]:
    start, end = part["Pos"]["Offset"], part["End"]["Offset"]
    for match in kind.finditer(text, start, end):
        yield match.start(), match.end()
