r"""A word of the tree as pieces: text that stands still, and expansions that do not.

Quoting is gone here: `r''m`, `r\m` and `$'\x72m'` are all the text `rm`. What is left unquoted
matters only for globs, a leading tilde and braces, so each text piece says whether it was quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bastion.core.shell.braces import expand_braces
from bastion.core.shell.paths import NUMBER
from bastion.core.shell.pieces import Dyn, Node, Text, merge

_GLOB = re.compile(r"[*?\[]")
_ALIVE = re.compile(r"[*?]|\[.+\]", re.DOTALL)
_ESCAPES = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "v": "\v", "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_ANSI_C = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|c(.)|(.))", re.DOTALL
)


_IN_QUOTES = re.compile(r"\\([$`\"\\\n])")


def _unescaped(found: re.Match[str]) -> str:
    return "" if found[1] == "\n" else found[1]


@dataclass(frozen=True, slots=True)
class Word:
    """One word. `problem` says why it cannot be known what it means, else it is empty.

    `origin` is the offset of its node in the text, -1 for a word that no single node spells.
    """

    pieces: tuple[Text | Dyn, ...]
    problem: str = ""
    origin: int = field(default=-1, compare=False)

    @property
    def literal(self) -> str | None:
        """The text, or None where an expansion is part of it. Globs and a tilde stand as written."""
        parts = []
        for piece in self.pieces:
            if isinstance(piece, Dyn):
                return None
            parts.append(piece.value)
        return "".join(parts)

    @property
    def glob(self) -> bool:
        """Whether an unquoted glob character stands in it."""
        bare = "".join(
            piece.value if isinstance(piece, Text) and not piece.quoted else "x" for piece in self.pieces
        )
        return bool(_ALIVE.search(bare))

    @property
    def tilde(self) -> bool:
        """Whether it starts with an unquoted tilde."""
        return (
            bool(self.pieces)
            and isinstance(first := self.pieces[0], Text)
            and not first.quoted
            and first.value.startswith("~")
        )

    @property
    def splits(self) -> bool:
        """Whether it can become no word or several words."""
        return self.glob or any(
            isinstance(piece, Dyn)
            and piece.known is None
            and not piece.numeric
            and (not piece.quoted or _many(piece.node))
            for piece in self.pieces
        )

    @property
    def settled(self) -> Word:
        """The word with what is known of its expansions in their place."""
        if not any(isinstance(piece, Dyn) and piece.known is not None for piece in self.pieces):
            return self
        pieces = [piece.known or piece if isinstance(piece, Dyn) else piece for piece in self.pieces]
        return Word(tuple(merge(pieces)), self.problem)

    @property
    def pattern(self) -> str:
        """The text with quoted glob characters escaped by brackets and expansions as `*`."""
        parts = []
        for piece in self.pieces:
            if isinstance(piece, Dyn):
                parts.append(NUMBER if piece.numeric else "*")
            elif piece.quoted:
                parts.append(_GLOB.sub(lambda found: f"[{found[0]}]", piece.value))
            else:
                parts.append(piece.value)
        return "".join(parts)


def _many(node: Node) -> bool:
    """Whether an expansion yields several words even in double quotes ("$@", "${a[@]}")."""
    if node.get("Type") != "ParamExp":
        return False
    if node.get("Param", {}).get("Value") == "@" or node.get("Names"):
        return True
    return "Index" in node


def text_word(text: str) -> Word:
    """A word that is exactly `text`."""
    return Word((Text(text, quoted=True),))


def read_words(node: Node, dialect: str) -> list[Word]:
    """The words that a word node stands for: one, or several after brace expansion."""
    problem = ""
    pieces: list[Text | Dyn] = []
    for part in node.get("Parts") or ():
        problem = _read_part(part, dialect, pieces) or problem
    words = expand_braces(pieces, dialect)
    if words is None:
        return [Word(tuple(pieces), "brace expansion")]
    origin = node.get("Pos", {}).get("Offset", -1) if len(words) == 1 else -1
    return [Word(tuple(merge(each)), problem, origin) for each in words]


def _read_part(part: Node, dialect: str, pieces: list[Text | Dyn]) -> str:
    match part.get("Type"):
        case "Lit":
            return _read_bare(str(part.get("Value", "")), dialect, pieces)
        case "SglQuoted" if part.get("Dollar"):
            decoded = ansi_c(str(part.get("Value", "")))
            pieces.append(Text(decoded or "", quoted=True))
            return "" if decoded is not None else "a $'…' that no text stands for"
        case "SglQuoted":
            last = pieces[-1] if pieces else Text("", quoted=True)
            follows_dollar = isinstance(last, Text) and not last.quoted and last.value.endswith("$")
            pieces.append(Text(str(part.get("Value", "")), quoted=True))
            return "a dollar sign before a quote" if follows_dollar else ""
        case "DblQuoted":
            if not part.get("Parts"):
                pieces.append(Text("", quoted=True))
            for inner in part.get("Parts") or ():
                if inner.get("Type") == "Lit":
                    value = _IN_QUOTES.sub(_unescaped, str(inner.get("Value", "")))
                    pieces.append(Text(value, quoted=True))
                else:
                    pieces.append(Dyn(inner, quoted=True))
            return "a translated string" if part.get("Dollar") else ""
        case _:
            pieces.append(Dyn(part, quoted=False))
            return ""


def _read_bare(value: str, dialect: str, pieces: list[Text | Dyn]) -> str:
    position = 0
    while position < len(value):
        slash = value.find("\\", position)
        end = len(value) if slash < 0 else slash
        if end > position:
            pieces.append(Text(value[position:end], quoted=False))
        if slash < 0:
            break
        if slash + 1 >= len(value):
            pieces.append(Text("\\", quoted=True))
        elif value[slash + 1] != "\n":
            pieces.append(Text(value[slash + 1], quoted=True))
        position = slash + 2
    if dialect == "zsh" and not re.fullmatch(
        r"[-A-Za-z0-9_./:,+@%*?=]*", value.lstrip("=") if value[:1] != "=" else "("
    ):
        return "characters that zsh may expand"
    return ""


def ansi_c(value: str) -> str | None:
    """Decode the text of `$'…'`; None where bytes or a NUL come of it that a text cannot hold."""
    bad = False

    def decode(found: re.Match[str]) -> str:
        nonlocal bad
        hexa, four, eight, octal, control, simple = found.groups()
        if simple is not None:
            return _ESCAPES.get(simple, "\\" + simple)
        if control is not None:
            number = ord(control) & 0x1F
        elif octal is not None:
            number = int(octal, 8)
        else:
            number = int(hexa or four or eight, 16)
        bad = bad or number == 0 or number > 0x10FFFF or (number >= 0x80 and (hexa or octal) is not None)
        bad = bad or 0xD800 <= number <= 0xDFFF
        return "" if bad else chr(number)

    decoded = _ANSI_C.sub(decode, value)
    return None if bad or (decoded.endswith("\\") and value.count("\\") % 2) else decoded
