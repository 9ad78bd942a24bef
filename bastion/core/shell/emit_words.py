"""Words, expansions and here-documents written again, every literal single-quoted."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from bastion.core.shell.pieces import Dyn, Node, Text
from bastion.core.shell.words import Word, read_words

_PARAM = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-]")
_PLAIN_IN_PARAM = re.compile(r"[A-Za-z0-9_./:=,@%+ -]*")
_PATTERN_IN_PARAM = re.compile(r"[A-Za-z0-9_./:=,@%+*? -]*")
_TILDE = re.compile(r"~[A-Za-z0-9_.-]*(?:/|\Z)")
_GLOB = re.compile(r"(\*|\?|\[(?:[!^]?(?:[A-Za-z0-9_.,+@-]|\[:[a-z]+:\])+)\])")
_ARITHMETIC = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\d+|0[xX][0-9a-fA-F]+")
# fmt: off
_OPERATORS = frozenset((
    "+", "-", "*", "/", "%", "**", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "&", "|", "^", "<<", ">>",
    "=", "+=", "-=", "*=", "/=", "%=", ",", "?", ":",
))
# fmt: on


class CannotEmitError(Exception):
    """The statement holds what is never written again."""


def quote(text: str) -> str:
    """`text` in single quotes, for any shell."""
    return "'" + text.replace("'", "'\\''") + "'"


class WordWriter(ABC):
    """Writes words; here-document bodies wait in `_bodies` for the end of their line."""

    def __init__(self, dialect: str, rewrites: Mapping[int, str], kept: AbstractSet[int]) -> None:
        self._rewrites = rewrites
        self._kept = kept
        self._dialect = dialect
        self._bodies: list[str] = []

    @abstractmethod
    def _substituted(self, nodes: Iterable[Node]) -> str:
        """The statements of a substitution, each ended."""

    def _word(self, word: Word, *, fields: bool = True) -> str:
        """A word; `fields` says whether globs and a tilde are alive in it."""
        if word.problem:
            raise CannotEmitError
        if word.origin in self._rewrites:
            return quote(self._rewrites[word.origin])
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
                    raise CannotEmitError
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
                raise CannotEmitError
        kept = node.get("Type") == "ParamExp" and node["Pos"]["Offset"] in self._kept
        return f'"{text}"' if piece.quoted or kept else text

    def _inner(self, node: Node) -> str:
        """The statements of a substitution; here-documents inside end before it does."""
        if self._bodies:
            raise CannotEmitError
        return f" {self._substituted(node['Stmts'])}" if node.get("Stmts") else ""

    def _parameter(self, node: Node) -> str:
        name = str(node.get("Param", {}).get("Value", ""))
        allowed = {"Type", "Pos", "End", "Dollar", "Rbrace", "Short", "Param", "Length", "Exp"}
        if not _PARAM.fullmatch(name) or set(node) - allowed:
            raise CannotEmitError
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
            raise CannotEmitError
        if not shape.fullmatch(literal) or any(
            piece.quoted for piece in words[0].pieces if isinstance(piece, Text)
        ):
            raise CannotEmitError
        return "${" + name + operator + literal + "}"

    def _arithmetic(self, node: Any) -> str:
        if not isinstance(node, Mapping):
            raise CannotEmitError
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
        raise CannotEmitError

    def _single(self, node: Node) -> str:
        """A word that is neither split nor globbed (an assignment's value)."""
        joined = Word(tuple(piece for word in _unbraced(node, self._dialect) for piece in word.pieces))
        if any(word.problem for word in _unbraced(node, self._dialect)) or joined.tilde:
            raise CannotEmitError
        return self._word(joined, fields=False)

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
                raise CannotEmitError
        else:
            words = read_words({"Parts": [{"Type": "DblQuoted", "Parts": parts}]}, self._dialect)
            # In a here-document a backslash does not quote a double quote.
            if any(part.get("Type") == "Lit" and '\\"' in str(part.get("Value", "")) for part in parts):
                raise CannotEmitError
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
            raise CannotEmitError
        end = "BASTION_END"
        while re.search(rf"^{end}$", body, re.MULTILINE):
            end += "_"
        self._bodies.append(f"{body}{end}\n")
        return f"<<'{end}'" if still else f"<<{end}"


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
            raise CannotEmitError
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
