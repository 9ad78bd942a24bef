"""What a variable surely holds: a loop over words that stand still, a variable set only once.

It serves the facts of files and hosts alone. A program's name, an option or code that a variable
holds stays unknown: whoever writes a line that way has something to explain.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence

from bastion.core.shell.paths import NUMBER
from bastion.core.shell.pieces import Dyn, Node, Text
from bastion.core.shell.scene import Scene
from bastion.core.shell.variables import hazard
from bastion.core.shell.words import Word, read_words

MAX_VALUES = 16
_ONE_WORD = re.compile(r"[A-Za-z0-9_./:=,@%+-]+")
_GLOB_WORD = re.compile(r"[A-Za-z0-9_./:=,@%+*?-]+")
# The shell itself sets these.
_SPECIAL = frozenset(("_", "REPLY", "OPTARG", "MAPFILE", "COPROC", "LINES", "COLUMNS", "HOSTNAME"))
_NUMBER = Text(NUMBER, quoted=False)
_PLAIN = frozenset(("Type", "Pos", "End", "Dollar", "Short", "Param", "Rbrace"))


def bound(word: Word, scene: Scene) -> Word:
    """`word` with what is known of the variables in it."""
    if not (scene.bindings or scene.numeric) or not any(isinstance(piece, Dyn) for piece in word.pieces):
        return word
    pieces = tuple(_bound(piece, scene) if isinstance(piece, Dyn) else piece for piece in word.pieces)
    return dataclasses.replace(word, pieces=pieces)


def _bound(piece: Dyn, scene: Scene) -> Dyn:
    node = piece.node
    if node.get("Type") != "ParamExp" or set(node) - _PLAIN:
        return piece
    name = str(node.get("Param", {}).get("Value", ""))
    value = scene.bindings.get(name)
    if value is None:
        return Dyn(node, piece.quoted, _NUMBER) if name in scene.numeric else piece
    # A loop's glob becomes names before the variable is read: whatever they hold, each is one word.
    scene.kept.add(int(node["Pos"]["Offset"]))
    return Dyn(node, piece.quoted, Text(value.value, quoted=value.quoted))


def values(name: str, items: Sequence[Word], scene: Scene, dialect: str) -> list[Text]:
    """What a loop's variable holds in each round; empty where that is not surely known."""
    if dialect == "zsh" or name not in scene.once or name in _SPECIAL or len(items) > MAX_VALUES:
        return []
    texts = [_value(word) for word in items]
    return [text for text in texts if text is not None] if all(texts) else []


def _value(word: Word) -> Text | None:
    piece = word.pieces[0] if len(word.pieces) == 1 else None
    if not isinstance(piece, Text) or word.problem or word.tilde:
        return None
    shape = _GLOB_WORD if word.glob else _ONE_WORD
    return Text(piece.value, quoted=not word.glob) if shape.fullmatch(piece.value) else None


def assigned(node: Node, once: frozenset[str], dialect: str) -> Mapping[str, Text]:
    """What a top-level statement that only assigns sets for the statements after it."""
    command = node.get("Cmd") or {}
    made: dict[str, Text] = {}
    plain = command.get("Type") == "CallExpr" and not command.get("Args") and dialect != "zsh"
    if not plain or any(node.get(key) for key in ("Negated", "Background", "Coprocess", "Disown", "Redirs")):
        return made
    for each in command.get("Assigns") or ():
        name = str(each.get("Name", {}).get("Value", ""))
        if name not in once or name in _SPECIAL or set(each) & {"Append", "Index", "Array", "Naked"}:
            continue
        words = read_words(each.get("Value") or {}, dialect)
        text = words[0].literal if len(words) == 1 and not words[0].problem and not words[0].tilde else None
        if text and _ONE_WORD.fullmatch(text) and not hazard(name, text, exported=True):
            made[name] = Text(text, quoted=True)
    return made
