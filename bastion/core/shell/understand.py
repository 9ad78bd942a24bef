"""From a tree to facts: the units of a text, what each would run, and how each is run safely."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from bastion.core.shell import documents
from bastion.core.shell.attack import techniques
from bastion.core.shell.bindings import assigned
from bastion.core.shell.emit import emit
from bastion.core.shell.facts import Command, Line, Unit
from bastion.core.shell.numbers import look_at_names
from bastion.core.shell.pieces import Text
from bastion.core.shell.scene import Call, Place, Scene, Stdin
from bastion.core.shell.variables import assignment
from bastion.core.shell.walk import Walk

__all__ = ["assignment", "missing", "understand"]

MAX_UNITS = 200
TOO_MANY = Command(":", implied=True, understood=False, never=f"it has more than {MAX_UNITS} statements")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_INVISIBLE = frozenset(("Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def understand(
    tree: Mapping[str, Any], text: bytes, *, cwds: tuple[str, ...], dialect: str, stdin: Stdin
) -> Line:
    """The facts of every unit of `text`, whose syntax tree (shfmt's JSON) is `tree`.

    `cwds` are the absolute directories that may be current, empty where that is unknown. `stdin`
    is what the units inherit: "null" (/dev/null), or the client's own bytes ("client", "tty").
    """
    numeric, once = look_at_names(tree, dialect)
    bindings: Mapping[str, Text] = {}
    units = []
    statements = tree.get("Stmts") or ()
    functions: set[str] = set()
    for node in statements[:MAX_UNITS]:
        scene = Scene(
            stdin, tree.get("Nested") or {}, numeric, once, bindings, functions=functions, cwds=cwds
        )
        after = Walk(scene).statement(node, Place(cwds, dialect=dialect))
        unit = _unit(node, text, scene, after, tree=tree, dialect=dialect)
        functions = scene.functions
        bindings = {**bindings, **assigned(node, once, dialect)}
        units.append(unit)
        cwds = unit.cwds_after
    if len(statements) > MAX_UNITS:
        units = [dataclasses.replace(units[0], commands=(TOO_MANY,), understood=False, emitted=b"")]
    return Line(tuple(units))


def missing(tree: Mapping[str, Any], text: bytes, dialect: str) -> list[tuple[str, bytes]]:
    """(dialect, code) of the literal code in `tree` that its `Nested` does not hold yet."""
    del text
    wanted: list[tuple[str, bytes]] = []
    numeric, once = look_at_names(tree, dialect)
    for node in (tree.get("Stmts") or ())[:MAX_UNITS]:
        scene = Scene("null", tree.get("Nested") or {}, numeric, once)
        Walk(scene).statement(node, Place(("/",), dialect=dialect))
        wanted += [each for each in scene.wanted if each not in wanted]
    return wanted


def _unit(
    node: Mapping[str, Any],
    text: bytes,
    scene: Scene,
    after: tuple[str, ...],
    *,
    dialect: str,
    tree: Mapping[str, Any],
) -> Unit:
    found = documents.source(node, text, tree)
    source = text[node["Pos"]["Offset"] : node["End"]["Offset"]] if found is None else found
    if found is None:
        call = Call(":", "", [], Place(()), implied=True)
        call.never = "its here-documents cannot be told apart in every shell"
        call.reasons.append(call.never)
        scene.calls.append(call)
    commands = tuple(_with_attack(call.finish()) for call in scene.calls)
    reasons = [*scene.reasons, *_strange(source)]
    if dialect not in ("bash", "posix", "mksh", "zsh"):
        reasons.append(f"no rules for the shell dialect {dialect}")
    if node.get("Coprocess") or node.get("Disown"):
        reasons.append("a job that the shell disowns")
    emitted = b""
    if not reasons and found is not None:
        emitted = emit(node, dialect, scene.rewrites, scene.kept, scene.guards)
        if not emitted:
            reasons.append("it cannot be written again from its tree")
    reasons += [reason for command in commands for reason in command.reasons]
    return Unit(
        text=source,
        commands=commands,
        understood=not reasons,
        reasons=tuple(dict.fromkeys((*reasons, *scene.notes))),
        changes_state=scene.changes_state,
        carries=scene.carries,
        may_end=scene.may_end,
        cwds_after=after,
        background=bool(node.get("Background")),
        emitted=emitted if not reasons else b"",
    )


def _with_attack(command: Command) -> Command:
    return dataclasses.replace(command, attack=(*command.attack, *techniques(command)))


def _strange(source: bytes) -> list[str]:
    """Characters that a reader may not see, or that a terminal or shell treats in its own way."""
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError:
        return ["it is not valid UTF-8"]
    if _CONTROL.search(text):
        return ["it holds control characters"]
    if not text.isascii() and any(unicodedata.category(char) in _INVISIBLE for char in text):
        return ["it holds invisible or direction-changing characters"]
    return []
