"""A statement written again from its tree, every literal single-quoted; what auto-allow runs.

If the parser here and the shell there disagree about a text, running the text would run something
that was not judged. Running what is written here cannot: quotes leave a shell nothing to misread,
so a disagreement can break a command, not smuggle one in. What cannot be written that way (rare
expansions, functions, coprocesses) is not written, and so never runs without an approval.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from bastion.core.shell.emit_words import CannotEmitError, WordWriter, quote
from bastion.core.shell.pieces import Text
from bastion.core.shell.words import Word, read_words

Node = Mapping[str, Any]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGN_BUILTINS = frozenset(("export", "readonly", "local", "declare", "typeset"))


def emit(
    node: Node,
    dialect: str,
    rewrites: Mapping[int, str] | None = None,
    kept: AbstractSet[int] = frozenset(),
    guards: AbstractSet[int] = frozenset(),
) -> bytes:
    """The statement `node` as shell text; empty where it cannot be written safely.

    `rewrites` gives, by a word's offset, the code to put in place of the literal code it spells;
    `kept` are the offsets of expansions to write in double quotes, since they were judged as one word,
    `guards` those of globs to write `--` before.
    """
    try:
        return _Writer(dialect, rewrites or {}, kept, guards).whole(node).encode()
    except (CannotEmitError, UnicodeEncodeError):
        return b""


class _Writer(WordWriter):
    """Writes one statement."""

    def __init__(
        self, dialect: str, rewrites: Mapping[int, str], kept: AbstractSet[int], guards: AbstractSet[int]
    ) -> None:
        super().__init__(dialect, rewrites, kept)
        self._guards = guards
        self._kinds: dict[str, Callable[[Node], str]] = {
            "CallExpr": self._call, "BinaryCmd": self._binary, "Block": self._block,
            "Subshell": self._subshell, "IfClause": self._if, "WhileClause": self._while,
            "ForClause": self._for, "CaseClause": self._case, "TestClause": self._test,
            "DeclClause": self._declare, "TimeClause": self._time, "ArithmCmd": self._arithmetic_command,
        }  # fmt: skip

    def whole(self, node: Node) -> str:
        """One statement and its here-documents."""
        text = self._statement(node)
        return text + self._flush() if self._bodies else text

    def _flush(self) -> str:
        bodies, self._bodies = self._bodies, []
        return "\n" + "".join(bodies)

    def _statement(self, node: Node) -> str:
        if node.get("Coprocess") or node.get("Disown"):
            raise CannotEmitError
        command = node.get("Cmd")
        parts = ["!"] if node.get("Negated") else []
        if command is not None:
            kind = self._kinds.get(str(command.get("Type")))
            if kind is None:
                raise CannotEmitError
            parts.append(kind(command))
        parts += [self._redirect(each) for each in node.get("Redirs") or ()]
        return " ".join(part for part in parts if part) + (" &" if node.get("Background") else "")

    def _statements(self, nodes: Iterable[Node] | None) -> str:
        """Statements, each ended by `;`, `&` or, where a here-document waits, a newline."""
        parts = []
        for node in nodes or ():
            text = self._statement(node)
            parts.append(text + (self._flush() if self._bodies else " " if node.get("Background") else "; "))
        if not parts:
            raise CannotEmitError
        return "".join(parts)

    def _call(self, node: Node) -> str:
        parts = [self._assign(each) for each in node.get("Assigns") or ()]
        words = [word for arg in node.get("Args") or () for word in read_words(arg, self._dialect)]
        declares = bool(words) and words[0].literal in _ASSIGN_BUILTINS
        for index, word in enumerate(words):
            if word.origin in self._guards and index:
                parts.append("--")
            parts.append(self._argument(word) if declares and index else self._word(word))
        return " ".join(parts)

    def _argument(self, word: Word) -> str:
        """An operand of `export`: a bare NAME= keeps it an assignment in every shell."""
        first = word.pieces[0] if word.pieces else None
        found = re.match(r"([A-Za-z_]\w*=)(.*)", first.value, re.DOTALL) if isinstance(first, Text) else None
        if not found or not isinstance(first, Text):
            return self._word(word)
        rest = Word((Text(found[2], quoted=True), *word.pieces[1:]), word.problem)
        return found[1] + self._word(rest, fields=False)

    def _assign(self, node: Node) -> str:
        name = str(node.get("Name", {}).get("Value", ""))
        if not _NAME.fullmatch(name) or "Array" in node or "Index" in node or node.get("Naked"):
            raise CannotEmitError
        value = self._single(node["Value"]) if isinstance(node.get("Value"), Mapping) else ""
        return f"{name}{'+=' if node.get('Append') else '='}{value}"

    def _declare(self, node: Node) -> str:
        parts = [quote(str(node["Variant"]["Value"]))]
        for each in node.get("Args") or ():
            if each.get("Naked") and "Name" in each:
                parts.append(quote(str(each["Name"]["Value"])))
            elif "Name" in each:
                parts.append(self._assign(each))
            else:
                parts += [self._word(word) for word in read_words(each["Value"], self._dialect)]
        return " ".join(parts)

    def _substituted(self, nodes: Iterable[Node]) -> str:
        return _Writer(self._dialect, self._rewrites, self._kept, self._guards)._statements(nodes)  # noqa: SLF001 - of this class

    def _arithmetic_command(self, node: Node) -> str:
        return f"(({self._arithmetic(node.get('X'))}))"

    def _redirect(self, node: Node) -> str:
        number = str(node.get("N", {}).get("Value", ""))
        operator = str(node.get("Op"))
        if number and not number.isdigit():
            raise CannotEmitError
        if operator in ("<<", "<<-"):
            return f"{number}{self._document(node, operator)}"
        if operator == "<<<":
            return f"{number}<<<{self._single(node['Word'])}"
        words = read_words(node.get("Word") or {}, self._dialect)
        if len(words) != 1 or operator not in ("<", ">", ">>", ">|", "<>", ">&", "<&", "&>", "&>>"):
            raise CannotEmitError
        literal = words[0].literal
        if operator in (">&", "<&") and literal is not None and re.fullmatch(r"\d+-?|-", literal):
            return f"{number}{operator}{literal}"
        return f"{number}{operator}{self._word(words[0])}"

    def _binary(self, node: Node) -> str:
        operator = str(node.get("Op"))
        if operator not in ("&&", "||", "|", "|&"):
            raise CannotEmitError
        return f"{self._statement(node['X'])} {operator} {self._statement(node['Y'])}"

    def _block(self, node: Node) -> str:
        return "{ " + self._statements(node.get("Stmts")) + "}"

    def _subshell(self, node: Node) -> str:
        return "( " + self._statements(node.get("Stmts")) + ")"

    def _if(self, node: Node, word: str = "if") -> str:
        text = f"{word} {self._statements(node.get('Cond'))}then {self._statements(node.get('Then'))}"
        other = node.get("Else")
        if other and other.get("Cond"):
            return text + self._if(other, "elif")
        if other:
            text += f"else {self._statements(other.get('Then'))}"
        return text + "fi"

    def _while(self, node: Node) -> str:
        word = "until" if node.get("Until") else "while"
        return f"{word} {self._statements(node.get('Cond'))}do {self._statements(node.get('Do'))}done"

    def _for(self, node: Node) -> str:
        loop = node.get("Loop") or {}
        if (
            loop.get("Type") != "WordIter"
            or node.get("Select")
            or not _NAME.fullmatch(str(loop["Name"].get("Value")))
        ):
            raise CannotEmitError
        words = [word for item in loop.get("Items") or () for word in read_words(item, self._dialect)]
        listed = " in " + " ".join(self._word(word) for word in words) if "InPos" in loop else ""
        return f"for {loop['Name']['Value']}{listed}; do {self._statements(node.get('Do'))}done"

    def _case(self, node: Node) -> str:
        parts = [f"case {self._single(node['Word'])} in "]
        for item in node.get("Items") or ():
            patterns = "|".join(self._pattern(each) for each in item.get("Patterns") or ())
            body = self._statements(item.get("Stmts")) if item.get("Stmts") else ""
            if str(item.get("Op", ";;")) != ";;":
                raise CannotEmitError
            parts.append(f"({patterns}) {body.rstrip('; ') if body.endswith('; ') else body} ;; ")
        return "".join(parts) + "esac"

    def _pattern(self, node: Node) -> str:
        words = read_words(node, self._dialect)
        if len(words) != 1 or words[0].tilde:
            raise CannotEmitError
        return self._word(words[0])

    def _time(self, node: Node) -> str:
        if not node.get("Stmt"):
            raise CannotEmitError
        return f"time {'-p ' if node.get('PosixFormat') else ''}{self._statement(node['Stmt'])}"

    def _test(self, node: Node) -> str:
        return f"[[ {self._test_part(node.get('X'))} ]]"

    def _test_part(self, node: Any) -> str:
        match (node or {}).get("Type"):
            case "BinaryTest" if str(node.get("Op")) in ("&&", "||"):
                return f"{self._test_part(node['X'])} {node['Op']} {self._test_part(node['Y'])}"
            case "BinaryTest" if str(node.get("Op")) in (
                "==",
                "=",
                "!=",
                "<",
                ">",
                "-nt",
                "-ot",
                "-ef",
                "-eq",
                "-ne",
                "-lt",
                "-gt",
                "-le",
                "-ge",
            ):
                return f"{self._test_part(node['X'])} {node['Op']} {self._test_part(node['Y'])}"
            case "UnaryTest" if re.fullmatch(r"-[bcdefghkprsuwxzntLSOGN]|!", str(node.get("Op"))):
                return f"{node['Op']} {self._test_part(node['X'])}"
            case "ParenTest":
                return f"( {self._test_part(node['X'])} )"
            case "Word":
                words = read_words(node, self._dialect)
                if len(words) == 1 and not words[0].tilde:
                    return self._word(words[0])
        raise CannotEmitError
