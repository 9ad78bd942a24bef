"""The walk over a statement's tree: every simple command in it is found and judged."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bastion.core.shell.bindings import bound, values
from bastion.core.shell.builtins import KNOWN_NAMES
from bastion.core.shell.documents import in_order
from bastion.core.shell.emit import emit
from bastion.core.shell.expansions import Expansions
from bastion.core.shell.facts import Access, Assignment
from bastion.core.shell.interpreters import started
from bastion.core.shell.judge import Judge
from bastion.core.shell.pieces import Text
from bastion.core.shell.redirects import note_streams, read_redirects
from bastion.core.shell.scene import Call, Place, Scene
from bastion.core.shell.special import SPECIAL
from bastion.core.shell.steps import is_cd, join, listed, union
from bastion.core.shell.variables import hazard
from bastion.core.shell.words import Word, read_words, text_word

Node = Mapping[str, Any]
Cwds = tuple[str, ...]
_PLAIN_CODE = re.compile(r"[A-Za-z0-9_./:=,@%+ \n-]*")


class Walk:
    """One unit's walk. `statement` returns the directories that may be current afterwards."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.judge = Judge(scene, SPECIAL, self.code)
        self.expansions = Expansions(scene, self._substitution)
        self._kinds: dict[str, Callable[[Node, Place], Cwds]] = {
            "CallExpr": self._call, "BinaryCmd": self._binary, "Block": self._block,
            "Subshell": self._subshell, "IfClause": self._if, "WhileClause": self._while,
            "ForClause": self._for, "CaseClause": self._case, "FuncDecl": self._function,
            "TestClause": self._test, "ArithmCmd": self._arithmetic, "LetClause": self._arithmetic,
            "DeclClause": self._declare, "TimeClause": self._time, "CoprocClause": self._coprocess,
        }  # fmt: skip

    def statements(self, nodes: Iterable[Node], place: Place) -> Cwds:
        """Walk statements in order, each in the directories that the ones before leave."""
        for node in nodes:
            place = dataclasses.replace(place, cwds=self.statement(node, place))
        return place.cwds

    def statement(self, node: Node, place: Place) -> Cwds:
        """Walk one statement with its redirections."""
        before = place.cwds
        if place.depth > 60:
            self.scene.doubt("nested too deep")
            return ()
        place = dataclasses.replace(place, depth=place.depth + 1)
        if node.get("Background") or node.get("Coprocess") or node.get("Disown"):
            place = dataclasses.replace(place, current=False)
        redirects, place = read_redirects(node.get("Redirs") or (), place, self.scene)
        command = node.get("Cmd")
        if command is None:
            note_streams(self.judge.command([], place, redirects), redirects)
            after = before
        elif command.get("Type") in ("CallExpr", "DeclClause"):
            self._pending = redirects
            after = self._kinds[command["Type"]](command, place)
        else:
            if redirects:
                note_streams(self.judge.command([], place, redirects), redirects)
            kind = self._kinds.get(str(command.get("Type")))
            if kind is None:
                self.scene.doubt(f"a construct that is not known: {command.get('Type')}")
                return ()
            after = kind(command, place)
        for redirect in node.get("Redirs") or ():
            self.expansions.walk(redirect.get("Word"), place)
            self.expansions.walk(redirect.get("Hdoc"), place)
        return after if place.current or not node.get("Background") else before

    def code(self, text: str, dialect: str, place: Place, origin: int = -1) -> None:
        """Judge literal shell code, through its own tree, and write it again for its word."""
        tree = self.scene.code(text, dialect, place.depth // 4)
        if tree is None:
            return
        nodes = tree.get("Stmts") or ()
        outer, self.scene.rewrites = self.scene.rewrites, {}
        known, guards = (self.scene.bindings, self.scene.once), self.scene.guards
        self.scene.bindings, self.scene.once, self.scene.guards = {}, frozenset(), set()
        after = self.statements(nodes, dataclasses.replace(place, dialect=dialect))
        self.scene.cwds = after if place.current else place.cwds
        again = [
            emit(node, dialect, self.scene.rewrites, guards=self.scene.guards).decode() for node in nodes
        ]
        inner, self.scene.guards = self.scene.guards, guards
        self.scene.rewrites, (self.scene.bindings, self.scene.once) = outer, known
        # Code that no two shells read differently may stay as it is.
        if _PLAIN_CODE.fullmatch(text) and not inner:
            return
        if origin < 0 or not all(again) or not in_order(nodes):
            self.scene.doubt("code inside the line cannot be written again from its tree")
        else:
            outer[origin] = "\n".join(again)

    def _substitution(self, nodes: Iterable[Node], place: Place) -> None:
        kept = self.scene.cwds
        self.statements(nodes, dataclasses.replace(place, depth=place.depth + 1))
        self.scene.cwds = kept

    def _words(self, nodes: Iterable[Node], place: Place) -> list[Word]:
        return [bound(word, self.scene) for node in nodes for word in read_words(node, place.dialect)]

    def _call(self, node: Node, place: Place) -> Cwds:
        redirects, self._pending = self._pending, []
        words = self._words(node.get("Args") or (), place)
        assignments = [self._assign(each, place, bare=not words) for each in node.get("Assigns") or ()]
        self.scene.cwds = place.cwds
        call = self.judge.command(words, place, redirects, [made for made, _why in assignments])
        call.reasons += [why for _made, why in assignments if why]
        for made in (made for made, why in assignments if why):
            started(self.judge, call, made.name, made.value)
        note_streams(call, redirects)
        after = self.scene.cwds
        self.expansions.walk(list(node.get("Args") or ()), place)
        for each in node.get("Assigns") or ():
            self._assign_expansions(each, place)
        return after

    def _assign(self, node: Node, place: Place, *, bare: bool) -> tuple[Assignment, str]:
        name = str(node.get("Name", {}).get("Value", ""))
        value: str | None = ""
        why = ""
        if isinstance(node.get("Value"), Mapping):
            word = Word(sum((each.pieces for each in read_words(node["Value"], place.dialect)), ()))
            value = word.literal
        if "Array" in node or "Index" in node:
            value = None
            self.scene.change(place, carries=False, why="an array cannot be carried over")
            if "Index" in node:
                self.expansions.arithmetic(node["Index"], place)
        if bare:
            self.scene.change(place)
        why = hazard(name, value, exported=True)
        return Assignment(name, value, exported=not bare), why

    def _assign_expansions(self, node: Node, place: Place) -> None:
        self.expansions.walk(node.get("Value"), place)
        for element in node.get("Array", {}).get("Elems") or ():
            self.expansions.walk(element.get("Value"), place)
            if "Index" in element:
                self.expansions.arithmetic(element["Index"], place)

    def _declare(self, node: Node, place: Place) -> Cwds:
        """`export a=b` in dialects where the parser reads its arguments as assignments."""
        words = [text_word(str(node["Variant"]["Value"]))]
        for each in node.get("Args") or ():
            name, value = each.get("Name"), each.get("Value")
            if name is None:
                words += self._words([value] if value else [], place)
                continue
            pieces = text_word(name["Value"] + ("" if each.get("Naked") else "=")).pieces
            for word in self._words([value] if value else [], place) or [Word(())]:
                pieces = (*pieces, *word.pieces)
            if "Array" in each or "Index" in each:
                self.scene.change(place, carries=False, why="an array cannot be carried over")
            words.append(Word(join(pieces)))
        redirects, self._pending = self._pending, []
        self.scene.cwds = place.cwds
        note_streams(self.judge.command(words, place, redirects), redirects)
        for each in node.get("Args") or ():
            self._assign_expansions(each, place)
        return place.cwds

    def _binary(self, node: Node, place: Place) -> Cwds:
        operator = node.get("Op")
        if operator in ("|", "|&"):
            begin = len(self.scene.calls)
            self.statement(node["X"], dataclasses.replace(place, current=False, shown=False))
            last = place.current and place.dialect in ("zsh", "mksh")
            fed = dataclasses.replace(
                place, current=last, stdin="fed", given="", found=listed(node["X"], self.scene.calls[begin:])
            )
            self.statement(node["Y"], fed)
            return place.cwds
        self.scene.moved = ()
        between = self.statement(node["X"], place)
        known = self.scene.moved if operator == "&&" and is_cd(node["X"]) else ()
        after = self.statement(node["Y"], dataclasses.replace(place, cwds=known or between))
        return union(between, after)

    def _block(self, node: Node, place: Place) -> Cwds:
        return self.statements(node.get("Stmts") or (), place)

    def _subshell(self, node: Node, place: Place) -> Cwds:
        self.statements(node.get("Stmts") or (), dataclasses.replace(place, current=False))
        return place.cwds

    def _if(self, node: Node, place: Place) -> Cwds:
        begin = self.statements(node.get("Cond") or (), place)
        inner = dataclasses.replace(place, cwds=begin)
        after = self.statements(node.get("Then") or (), inner)
        otherwise = node.get("Else")
        return union(begin, after, self._if(otherwise, inner) if otherwise else begin)

    def _while(self, node: Node, place: Place) -> Cwds:
        begin = self.statements(node.get("Cond") or (), place)
        return self._looped(
            place, self.statements(node.get("Do") or (), dataclasses.replace(place, cwds=begin))
        )

    def _for(self, node: Node, place: Place) -> Cwds:
        loop = node.get("Loop") or {}
        rounds: list[Text] = []
        if loop.get("Type") == "WordIter":
            name = str(loop["Name"].get("Value"))
            if why := hazard(name, None, exported=True):
                self.scene.doubt(why)
            self.expansions.walk(list(loop.get("Items") or ()), place)
            items = self._words(loop.get("Items") or (), place)
            if any(word.problem for word in items):
                self.scene.doubt("a list that an expansion decides")
            rounds = values(name, items, self.scene, place.dialect)
        else:
            for part in ("Init", "Cond", "Post"):
                self.expansions.arithmetic(loop.get(part), place)
        self.scene.change(place)
        return self._rounds(str((loop.get("Name") or {}).get("Value")), rounds, node, place)

    def _rounds(self, name: str, rounds: list[Text], node: Node, place: Place) -> Cwds:
        """The body once for each known value of the loop's variable, else once for all."""
        outer = self.scene.bindings
        after = place.cwds
        for value in rounds or (None,):
            self.scene.bindings = {**outer, name: value} if value else outer
            after = self._looped(place, self.statements(node.get("Do") or (), place))
        self.scene.bindings = outer
        return after

    def _looped(self, place: Place, after: Cwds) -> Cwds:
        if set(after) == set(place.cwds):
            return after
        self.scene.doubt("it changes the directory in a loop")
        return ()

    def _case(self, node: Node, place: Place) -> Cwds:
        self.expansions.walk(node.get("Word"), place)
        ends = [place.cwds]
        for item in node.get("Items") or ():
            self.expansions.walk(list(item.get("Patterns") or ()), place)
            ends.append(
                self.statements(item.get("Stmts") or (), dataclasses.replace(place, cwds=union(*ends)))
            )
        return union(*ends)

    def _function(self, node: Node, place: Place) -> Cwds:
        name = str(node.get("Name", {}).get("Value", ""))
        call = Call(":", "", [], place, implied=True, reasons=["it defines a function"])
        if name in KNOWN_NAMES:
            call.never = f"a function named {name[:40]} would stand in for a known command"
        self.scene.calls.append(call)
        self.scene.functions.add(name)
        self.scene.change(place, carries=False, why="a function cannot be carried over")
        self.statement(node.get("Body") or {}, dataclasses.replace(place, stdin="outer", shown=True))
        return place.cwds

    def _test(self, node: Node, place: Place) -> Cwds:
        todo = [node.get("X")]
        while todo:
            each = todo.pop()
            if not isinstance(each, Mapping):
                continue
            if each.get("Type") in ("BinaryTest", "UnaryTest", "ParenTest"):
                operator = str(each.get("Op", ""))
                if operator in ("-eq", "-ne", "-lt", "-gt", "-le", "-ge"):
                    self.expansions.arithmetic(each.get("X"), place)
                    self.expansions.arithmetic(each.get("Y"), place)
                    continue
                if operator in ("-v", "-R"):
                    self.scene.doubt("a test that evaluates a subscript")
                todo += [each.get("X"), each.get("Y")]
            else:
                self.expansions.walk(each, place)
        return place.cwds

    def _arithmetic(self, node: Node, place: Place) -> Cwds:
        for each in [node.get("X"), *(node.get("Exprs") or ())]:
            self.expansions.arithmetic(each, place)
        return place.cwds

    def _time(self, node: Node, place: Place) -> Cwds:
        return self.statement(node["Stmt"], place) if node.get("Stmt") else place.cwds

    def _coprocess(self, node: Node, place: Place) -> Cwds:
        self.scene.doubt("a coprocess")
        if node.get("Stmt"):
            self.statement(node["Stmt"], dataclasses.replace(place, current=False))
        return place.cwds

    _pending: list[Access] = []  # noqa: RUF012 - always replaced, never changed in place
