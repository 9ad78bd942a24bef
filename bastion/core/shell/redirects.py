"""Redirections: the files that they open, and the standard input that a command gets by them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

from bastion.core.shell.accesses import path_access
from bastion.core.shell.bindings import bound
from bastion.core.shell.facts import Access
from bastion.core.shell.pieces import Dyn, Node
from bastion.core.shell.scene import Call, Place, Scene
from bastion.core.shell.words import Word, read_words

_OUTPUT = frozenset((">", ">>", ">|"))
_ALL = frozenset(("&>", "&>>"))


def note_streams(call: Call, redirects: Iterable[Access]) -> None:
    """Note what a redirection to a network device or to a process's descriptors means."""
    for access in redirects:
        for path in access.paths:
            if path.startswith(("/dev/tcp/", "/dev/udp/")):
                call.hosts.append(path.split("/")[3] if path.count("/") > 2 else "?")
                call.reasons.append("a redirection that opens a network connection")
            if access.use == "write" and path.startswith("/proc/") and "/fd" in path:
                call.never = "writing to a process's file descriptors is never allowed"


def read_redirects(nodes: Iterable[Node], place: Place, scene: Scene) -> tuple[list[Access], Place]:
    """The files that redirections open, and the place with the standard input that they give."""
    made: list[Access] = []
    for node in nodes:
        operator = str(node.get("Op"))
        number = str(node.get("N", {}).get("Value", ""))
        words = [bound(word, scene) for word in read_words(node.get("Word") or {}, place.dialect)]
        word = words[0] if len(words) == 1 else Word((), "a redirection to several words")
        if word.problem:
            scene.doubt(word.problem)
        if number.startswith("{"):
            scene.doubt("a file descriptor in a variable")
        if operator in ("<<", "<<-", "<<<"):
            body = node.get("Hdoc") if operator != "<<<" else node.get("Word")
            place = _given(
                body, place, number, quoted=_quoted(node.get("Word") or {}), here=operator != "<<<"
            )
            continue
        if operator in (">&", "<&", "<>") and number in ("", "1"):
            place = dataclasses.replace(place, shown=True)
        if (operator in (">&", "<&") and (word.literal or "").rstrip("-").isdigit()) or (
            word.literal == "-" and "&" in operator
        ):
            continue
        if operator == "<" and number in ("", "0"):
            place = dataclasses.replace(place, stdin="fed", given="")
        made += _file(operator, word, place)
        if operator in _ALL or (operator in _OUTPUT and number in ("", "1")):
            place = dataclasses.replace(place, shown=_may_show(word))
    return made, place


def _may_show(word: Word) -> bool:
    """Whether what is written to this file may appear on a terminal."""
    text = word.literal
    return text != "/dev/null" and (
        text is None or word.splits or bool(re.search(r"dev|proc|fd|pts|tty", text))
    )


def _file(operator: str, word: Word, place: Place) -> list[Access]:
    piece = word.pieces[0] if len(word.pieces) == 1 else None
    if isinstance(piece, Dyn) and piece.node.get("Type") == "ProcSubst":
        return []
    accesses = []
    if operator in ("<", "<>", "<&"):
        accesses.append(path_access(word, "read", place.cwds))
    if operator != "<":
        accesses.append(path_access(word, "write", place.cwds))
    return [access for access in accesses if access is not None]


def _given(body: Any, place: Place, number: str, *, quoted: bool, here: bool) -> Place:
    """A here-document or here-string as standard input: its text when it is literal."""
    if number not in ("", "0"):
        return place
    parts = (body or {}).get("Parts") or ()
    if here and quoted and all(part.get("Type") == "Lit" for part in parts):
        text: str | None = "".join(str(part.get("Value", "")) for part in parts)
    elif here:
        words = read_words({"Parts": [{"Type": "DblQuoted", "Parts": list(parts)}]}, place.dialect)
        # In a here-document a backslash does not quote a double quote, so this text would be wrong.
        wrong = any('\\"' in str(part.get("Value", "")) for part in parts)
        text = None if wrong else words[0].literal
    else:
        words = read_words(body or {}, place.dialect)
        text = words[0].literal + "\n" if len(words) == 1 and words[0].literal is not None else None
    if text is None:
        return dataclasses.replace(place, stdin="fed", given="")
    return dataclasses.replace(place, stdin="text", given=text)


def _quoted(word: Node) -> bool:
    """Whether a here-document's delimiter is quoted, so that its body stands still."""
    parts = word.get("Parts") or ()
    return any(part.get("Type") != "Lit" or "\\" in str(part.get("Value", "")) for part in parts)
