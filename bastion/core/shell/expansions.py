"""What expansions inside words run: substitutions, arithmetic that evaluates, `${x@P}`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bastion.core.shell.pieces import Dyn
from bastion.core.shell.scene import Place, Scene
from bastion.core.shell.variables import hazard
from bastion.core.shell.words import Word, read_words

Node = Mapping[str, Any]
_PLAIN_TRANSFORMS = frozenset("QULuaAKkE")
_NUMBER = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|\d+(?:#[0-9a-zA-Z]+)?)")


class Expansions:
    """Walks the expansions of words; `run` is given the statements of a substitution."""

    def __init__(self, scene: Scene, run: Callable[[Iterable[Node], Place], None]) -> None:
        self.scene = scene
        self.run = run

    def walk(self, node: Any, place: Place) -> None:
        """Walk every expansion below `node` (a word, a here-document, a part of one)."""
        if isinstance(node, list):
            for each in node:
                self.walk(each, place)
            return
        if not isinstance(node, Mapping):
            return
        match node.get("Type"):
            case "CmdSubst":
                keeps = bool(node.get("TempFile") or node.get("ReplyVar"))
                self.run(node.get("Stmts") or (), dataclasses.replace(place, current=place.current and keeps))
            case "ProcSubst":
                self.run(node.get("Stmts") or (), dataclasses.replace(place, current=False))
            case "ParamExp":
                self._parameter(node, place)
            case "ArithmExp":
                self.arithmetic(node.get("X"), place)
            case "Lit" | "SglQuoted" | "ExtGlob":
                pass
            case "DblQuoted" | "Word" | None:
                self.walk(node.get("Parts") or [], place)
            case other:
                self.scene.doubt(f"an expansion that is not known: {other}")

    def _parameter(self, node: Node, place: Place) -> None:
        name = str(node.get("Param", {}).get("Value", ""))
        if node.get("Flags") or node.get("NestedParam") or node.get("Modifiers") or node.get("IsSet"):
            self.scene.doubt("a parameter expansion that is not known")
        if node.get("Excl") and not node.get("Names"):
            self.scene.doubt("an indirect expansion evaluates what a variable holds")
        if "Index" in node and (_flat(node["Index"]) or "$") not in ("@", "*"):
            self.arithmetic(node["Index"], place)
        if slicing := node.get("Slice"):
            for bound in (slicing.get("Offset"), slicing.get("Length")):
                if bound is not None:
                    self.arithmetic(bound, place)
        if replacing := node.get("Repl"):
            self.walk(replacing.get("Orig"), place)
            self.walk(replacing.get("With"), place)
        if expansion := node.get("Exp"):
            self._operator(str(expansion.get("Op")), expansion.get("Word"), name, place)

    def _operator(self, operator: str, word: Any, name: str, place: Place) -> None:
        if operator == "@" and (_flat(word) or "P") not in _PLAIN_TRANSFORMS:
            self.scene.doubt("an expansion that evaluates what a variable holds")
        if operator in ("=", ":="):
            self.scene.change(place)
            if why := hazard(name, None, exported=True):
                self.scene.doubt(why)
        if operator in ("?", ":?") and place.current:
            self.scene.may_end = True
        self.walk(word, place)

    def arithmetic(self, node: Any, place: Place) -> None:
        """Arithmetic evaluates the text of a variable, subscripts and all: only numbers are safe."""
        if not isinstance(node, Mapping):
            return
        match node.get("Type"):
            case "BinaryArithm" | "UnaryArithm" | "ParenArithm":
                operator = str(node.get("Op", ""))
                if operator in ("++", "--") or (
                    operator.endswith("=") and operator not in ("==", "!=", "<=", ">=")
                ):
                    self.scene.change(place)
                self.arithmetic(node.get("X"), place)
                self.arithmetic(node.get("Y"), place)
            case "Word" | None:
                for word in read_words(node, place.dialect):
                    if not self._is_number(word):
                        self.scene.doubt("arithmetic on what a variable holds can run code")
                self.walk(node.get("Parts") or [], place)
            case other:
                self.scene.doubt(f"arithmetic that is not known: {other}")

    def _is_number(self, word: Word) -> bool:
        for piece in word.pieces:
            if isinstance(piece, Dyn):
                name = piece.node.get("Param", {}).get("Value")
                plain = set(piece.node) <= {"Type", "Pos", "End", "Dollar", "Short", "Param", "Rbrace"}
                if not (piece.numeric or (plain and name in self.scene.numeric)):
                    return False
            elif not (
                _NUMBER.fullmatch(piece.value) or piece.value in self.scene.numeric or piece.value == ""
            ):
                return False
        return True


def _flat(node: Any) -> str | None:
    if not isinstance(node, Mapping):
        return None
    words = read_words(node, "posix")
    return words[0].literal if words else None
