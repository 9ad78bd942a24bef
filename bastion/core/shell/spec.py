"""The language of the program tables: one line says what a program's options and arguments mean.

line        = names ":" option* ["/" positionals] trait*
option      = "-abc"          short options without a value
            | "-n:K" "--n:K"  an option with a value of kind K (data when K is missing)
            | "--n?" "-n:K?"  a value is optional and only attached
            | "*"             any other option is harmless
after a K   = "+"  accesses become whole trees     "^"  stands for the first positional
              "!"  runs code in a way that is not understood
positionals = letters, the last one repeated when "*" follows; "r*w": all read, the last written
K           = d data · r read · w write · n name only · h host · c shell code · k code that is
              not understood · x the words from here on are a command · v verb · a alters the
              system · 2 a name and data · 3 a name and a file to read · m a configuration
              that may load code · u data that may name a file to send; a capital letter is the
              same for the whole tree below the path
trait       = "@word" (options are single-dash words) · "@net" · "@priv" · "@raw" (takes
              commands from the keyboard) · "@stdin" (takes code from its standard input) ·
              "@verbs" (the first positional selects a line of its own, "git status") ·
              "@opaque" (known by name, not by arguments) · "@first" (options end at the first
              positional) · "@paths" (its operands are files, and `--` ends its options)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Option:
    """What one option means: `kind` "" has no value."""

    kind: str = ""
    tree: bool = False
    fills: bool = False
    danger: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Spec:
    """What one program's (or one of its verbs') arguments mean."""

    name: str
    options: dict[str, Option] = field(default_factory=dict)
    any_option: bool = False
    positionals: str = ""
    repeats: bool = False
    last: str = ""
    traits: frozenset[str] = frozenset()

    def positional(self, index: int, count: int) -> str:
        """The kind of positional `index` of `count`; "" where there is none."""
        if self.last and index == count - 1 and count > 1:
            return self.last
        if index < len(self.positionals):
            return self.positionals[index]
        return self.positionals[-1] if self.repeats and self.positionals else ""

    @property
    def dangerous(self) -> bool:
        """Whether some option or argument can make it run code."""
        kinds = {option.kind for option in self.options.values()} | set(self.positionals)
        return bool(kinds & set("ckx")) or any(option.danger for option in self.options.values())


def read_table(text: str) -> dict[str, Spec]:
    """The specs of a table, by program or by "program verb"."""
    table: dict[str, Spec] = {}
    for line in re.sub(r"\n[ ]+", " ", text.strip()).splitlines():
        names, _, rest = line.partition(": ")
        if not names.strip() or names.lstrip().startswith("#"):
            continue
        for name in names.split(","):
            table[" ".join(name.split())] = _read_line(" ".join(name.split()), rest)
    return table


def _read_line(name: str, rest: str) -> Spec:
    options: dict[str, Option] = {}
    positionals = last = ""
    any_option = repeats = in_positionals = False
    traits: set[str] = set()
    for item in rest.split():
        if item.startswith("@"):
            traits.add(item[1:])
        elif item == "/":
            in_positionals = True
        elif in_positionals:
            head, star, last = item.partition("*")
            positionals, repeats = head, bool(star)
        elif item == "*":
            any_option = True
        else:
            _read_option(item, options, word="word" in traits or "@word" in rest)
    return Spec(name, options, any_option, positionals, repeats, last, frozenset(traits))


def _read_option(item: str, options: dict[str, Option], *, word: bool) -> None:
    bare = item.rstrip("+^!?")
    marks = item[len(bare) :]
    names, colon, kind = bare.partition(":")
    letter = (kind or "d") if colon else ""
    option = Option(
        letter.lower(),
        tree="+" in marks or letter.isupper(),
        fills="^" in marks,
        danger="!" in marks,
        optional="?" in marks,
    )
    if names.startswith("--") or word or colon or marks:
        options[names] = option
    else:
        # "-abc" is three options; a mark or a value belongs to one option only.
        options |= {f"-{char}": option for char in names[1:]}
