"""A statement written again from its tree, every literal single-quoted; what auto-allow runs.

If the parser here and the shell there disagree about a text, running the text would run something
that was not judged. Running what is written here cannot: quotes leave a shell nothing to misread,
so a disagreement can break a command, not smuggle one in. What cannot be written that way (rare
expansions, functions, coprocesses) is not written, and so never runs without an approval.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bastion.core.shell.pieces import Dyn, Text
from bastion.core.shell.words import Word, read_words

Node = Mapping[str, Any]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARAM = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-]")
_PLAIN_IN_PARAM = re.compile(r"[A-Za-z0-9_./:=,@%+ -]*")
_PATTERN_IN_PARAM = re.compile(r"[A-Za-z0-9_./:=,@%+*? -]*")
_TILDE = re.compile(r"~[A-Za-z0-9_.-]*(?:/|\Z)")
_GLOB = re.compile(r"(\*|\?|\[(?:[!^]?(?:[A-Za-z0-9_.,+@-]|\[:[a-z]+:\])+)\])")
_ASSIGN_BUILTINS = frozenset(("export", "readonly", "local", "declare", "typeset"))
_ARITHMETIC = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\d+|0[xX][0-9a-fA-F]+")
_OPERATORS = frozenset(
    [
        "+",
        "-",
        "*",
        "/",
        "%",
        "**",
        "==",
        "!=",
        "<",
        ">",
        "<=",
        ">=",
        "&&",
        "||",
        "&",
        "|",
        "^",
        "<<",
        ">>",
        "=",
        "+=",
        "-=",
        "*=",
        "/=",
        "%=",
        ",",
        "?",
        ":",
    ]
)


class _CannotEmitError(Exception):
    """The statement holds what is never written again."""


def emit(node: Node, dialect: str) -> bytes:
    """The statement `node` as shell text; empty where it cannot be written safely."""
    try:
        return _Writer(dialect).whole(node).encode()
    except (_CannotEmitError, UnicodeEncodeError):
        return b""


def quote(text: str) -> str:
    """`text` in single quotes, for any shell."""
    return "'" + text.replace("'", "'\\''") + "'"


class _Writer:
    """Writes one statement; here-document bodies wait in `_bodies` for the end of their line."""

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect
        self._bodies: list[str] = []
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
            raise _CannotEmitError
        command = node.get("Cmd")
        parts = ["!"] if node.get("Negated") else []
        if command is not None:
            kind = self._kinds.get(str(command.get("Type")))
            if kind is None:
                raise _CannotEmitError
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
            raise _CannotEmitError
        return "".join(parts)

    def _call(self, node: Node) -> str:
        parts = [self._assign(each) for each in node.get("Assigns") or ()]
        words = [word for arg in node.get("Args") or () for word in read_words(arg, self._dialect)]
        declares = bool(words) and words[0].literal in _ASSIGN_BUILTINS
        for index, word in enumerate(words):
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
            raise _CannotEmitError
        value = self._single(node["Value"]) if isinstance(node.get("Value"), Mapping) else ""
        return f"{name}{'+=' if node.get('Append') else '='}{value}"

    def _single(self, node: Node) -> str:
        """A word that is neither split nor globbed (an assignment's value)."""
        joined = Word(tuple(piece for word in _unbraced(node, self._dialect) for piece in word.pieces))
        if any(word.problem for word in _unbraced(node, self._dialect)) or joined.tilde:
            raise _CannotEmitError
        return self._word(joined, fields=False)

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

    def _word(self, word: Word, *, fields: bool = True) -> str:
        """A word; `fields` says whether globs and a tilde are alive in it."""
        if word.problem:
            raise _CannotEmitError
        out = []
        for index, piece in enumerate(word.pieces):
            if isinstance(piece, Dyn):
                # A value is one word in every shell, also where `export` is not seen to take values.
                out.append(self._expansion(piece if fields else Dyn(piece.node, quoted=True)))
            elif piece.quoted or not fields:
                out.append(quote(piece.value))
            else:
                text, alive = _bare(piece.value, first=index == 0, last=index == len(word.pieces) - 1)
                if "[" in piece.value and word.glob and not alive:
                    raise _CannotEmitError
                out.append(text)
        return "".join(out) or "''"

    def _expansion(self, piece: Dyn) -> str:
        node = piece.node
        match node.get("Type"):
            case "ParamExp":
                text = self._parameter(node)
            case "CmdSubst" if not (node.get("TempFile") or node.get("ReplyVar")):
                text = f"$({self._inner(node)})"
            case "ArithmExp":
                text = f"$(({self._arithmetic(node.get('X'))}))"
            case "ProcSubst" if not piece.quoted:
                return f"{node['Op']}{self._inner(node)})"
            case _:
                raise _CannotEmitError
        return f'"{text}"' if piece.quoted else text

    def _inner(self, node: Node) -> str:
        """The statements of a substitution; here-documents inside end before it does."""
        if self._bodies:
            raise _CannotEmitError
        if not node.get("Stmts"):
            return ""
        text = _Writer(self._dialect)._statements(node.get("Stmts"))  # noqa: SLF001 (of this class)
        return f" {text}"

    def _parameter(self, node: Node) -> str:
        name = str(node.get("Param", {}).get("Value", ""))
        allowed = {"Type", "Pos", "End", "Dollar", "Rbrace", "Short", "Param", "Length", "Exp"}
        if not _PARAM.fullmatch(name) or set(node) - allowed:
            raise _CannotEmitError
        if node.get("Length"):
            return "${#" + name + "}"
        expansion = node.get("Exp")
        if not expansion:
            return "${" + name + "}"
        operator = str(expansion.get("Op"))
        words = read_words(expansion.get("Word") or {}, self._dialect)
        literal = words[0].literal if len(words) == 1 else None
        shape = _PATTERN_IN_PARAM if operator in ("%", "%%", "#", "##") else _PLAIN_IN_PARAM
        if operator not in ("-", ":-", "+", ":+", "%", "%%", "#", "##") or literal is None:
            raise _CannotEmitError
        if not shape.fullmatch(literal) or any(
            piece.quoted for piece in words[0].pieces if isinstance(piece, Text)
        ):
            raise _CannotEmitError
        return "${" + name + operator + literal + "}"

    def _arithmetic(self, node: Any) -> str:
        if not isinstance(node, Mapping):
            raise _CannotEmitError
        match node.get("Type"):
            case "BinaryArithm" if str(node.get("Op")) in _OPERATORS:
                return f"{self._arithmetic(node['X'])} {node['Op']} {self._arithmetic(node['Y'])}"
            case "UnaryArithm" if str(node.get("Op")) in ("+", "-", "!", "~", "++", "--"):
                inner = self._arithmetic(node["X"])
                return f"{inner}{node['Op']}" if node.get("Post") else f" {node['Op']}{inner}"
            case "ParenArithm":
                return f"({self._arithmetic(node['X'])})"
            case "Word" | None:
                words = read_words(node, self._dialect)
                piece = words[0].pieces[0] if len(words) == 1 and len(words[0].pieces) == 1 else None
                if isinstance(piece, Text) and _ARITHMETIC.fullmatch(piece.value):
                    return piece.value
                if isinstance(piece, Dyn):
                    return self._expansion(Dyn(piece.node, quoted=False))
        raise _CannotEmitError

    def _arithmetic_command(self, node: Node) -> str:
        return f"(({self._arithmetic(node.get('X'))}))"

    def _redirect(self, node: Node) -> str:
        number = str(node.get("N", {}).get("Value", ""))
        operator = str(node.get("Op"))
        if number and not number.isdigit():
            raise _CannotEmitError
        if operator in ("<<", "<<-"):
            return f"{number}{self._document(node, operator)}"
        if operator == "<<<":
            return f"{number}<<<{self._single(node['Word'])}"
        words = read_words(node.get("Word") or {}, self._dialect)
        if len(words) != 1 or operator not in ("<", ">", ">>", ">|", "<>", ">&", "<&", "&>", "&>>"):
            raise _CannotEmitError
        literal = words[0].literal
        if operator in (">&", "<&") and literal is not None and re.fullmatch(r"\d+-?|-", literal):
            return f"{number}{operator}{literal}"
        return f"{number}{operator}{self._word(words[0])}"

    def _document(self, node: Node, operator: str) -> str:
        """A here-document: quoted when its body stands still, else with every literal escaped."""
        parts = list((node.get("Hdoc") or {}).get("Parts") or ())
        quoted = any(
            part.get("Type") != "Lit" or "\\" in str(part.get("Value", ""))
            for part in node["Word"].get("Parts") or ()
        )
        if quoted:
            pieces: tuple[Text | Dyn, ...] = tuple(
                Text(str(part.get("Value", "")), quoted=True) for part in parts
            )
            if any(part.get("Type") != "Lit" for part in parts):
                raise _CannotEmitError
        else:
            words = read_words({"Parts": [{"Type": "DblQuoted", "Parts": parts}]}, self._dialect)
            # In a here-document a backslash does not quote a double quote.
            if any(part.get("Type") == "Lit" and '\\"' in str(part.get("Value", "")) for part in parts):
                raise _CannotEmitError
            pieces = words[0].pieces
        if operator == "<<-":
            pieces = _without_tabs(pieces)
        return self._queue(pieces)

    def _queue(self, pieces: tuple[Text | Dyn, ...]) -> str:
        still = all(isinstance(piece, Text) for piece in pieces)
        out = []
        for piece in pieces:
            if isinstance(piece, Dyn):
                out.append(self._expansion(Dyn(piece.node, quoted=False)))
            else:
                out.append(piece.value if still else re.sub(r"([\\$`])", r"\\\1", piece.value))
        body = "".join(out)
        if body and not body.endswith("\n"):
            raise _CannotEmitError
        end = "BASTION_END"
        while re.search(rf"^{end}$", body, re.MULTILINE):
            end += "_"
        self._bodies.append(f"{body}{end}\n")
        return f"<<'{end}'" if still else f"<<{end}"

    def _binary(self, node: Node) -> str:
        operator = str(node.get("Op"))
        if operator not in ("&&", "||", "|", "|&"):
            raise _CannotEmitError
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
            raise _CannotEmitError
        words = [word for item in loop.get("Items") or () for word in read_words(item, self._dialect)]
        listed = " in " + " ".join(self._word(word) for word in words) if "InPos" in loop else ""
        return f"for {loop['Name']['Value']}{listed}; do {self._statements(node.get('Do'))}done"

    def _case(self, node: Node) -> str:
        parts = [f"case {self._single(node['Word'])} in "]
        for item in node.get("Items") or ():
            patterns = "|".join(self._pattern(each) for each in item.get("Patterns") or ())
            body = self._statements(item.get("Stmts")) if item.get("Stmts") else ""
            if str(item.get("Op", ";;")) != ";;":
                raise _CannotEmitError
            parts.append(f"({patterns}) {body.rstrip('; ') if body.endswith('; ') else body} ;; ")
        return "".join(parts) + "esac"

    def _pattern(self, node: Node) -> str:
        words = read_words(node, self._dialect)
        if len(words) != 1 or words[0].tilde:
            raise _CannotEmitError
        return self._word(words[0])

    def _time(self, node: Node) -> str:
        if not node.get("Stmt"):
            raise _CannotEmitError
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
        raise _CannotEmitError


def _unbraced(node: Node, dialect: str) -> list[Word]:
    """The words of a value; braces are not expanded in an assignment."""
    words = read_words(node, dialect)
    return words if len(words) == 1 else [Word((), "braces")]


def _bare(value: str, *, first: bool, last: bool) -> tuple[str, bool]:
    """Unquoted text: globs and a leading tilde stay alive, all else is quoted.

    The second result says whether every bracket stayed alive.
    """
    out = ""
    if first and value.startswith("~"):
        found = _TILDE.match(value)
        if not found or (found.end() == len(value) and not value.endswith("/") and not last):
            raise _CannotEmitError
        out, value = found[0], value[found.end() :]
    dead = ""
    for index, part in enumerate(_GLOB.split(value)):
        if part:
            out += part if index % 2 else quote(part)
            dead += "" if index % 2 else part
    return out, "[" not in dead


def _without_tabs(pieces: tuple[Text | Dyn, ...]) -> tuple[Text | Dyn, ...]:
    """The body of `<<-`: tabs at the start of a line are gone."""
    result: list[Text | Dyn] = []
    at_start = True
    for piece in pieces:
        if isinstance(piece, Dyn):
            result.append(piece)
            at_start = False
            continue
        value = re.sub(r"(?<=\n)\t+", "", piece.value)
        value = value.lstrip("\t") if at_start else value
        at_start = piece.value.rstrip("\t").endswith("\n") if piece.value.strip("\t") else at_start
        result.append(Text(value, piece.quoted))
    return tuple(result)
