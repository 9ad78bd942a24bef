"""A program's words read by its spec: which are flags, values, operands or an inner command."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bastion.core.shell.pieces import Dyn, Text
from bastion.core.shell.spec import Option, Spec
from bastion.core.shell.words import Word, text_word

_PLAIN_OPTION = re.compile(r"--?[A-Za-z0-9]")


@dataclass(slots=True)
class Reading:
    """What the words are. `guard` is the offset of a glob before which `--` has to be written, so
    that no name that it finds is an option.
    `items` are (kind, word, tree); `command` begins where `x` stands.
    """

    flags: list[str] = field(default_factory=list)
    items: list[tuple[str, Word, bool]] = field(default_factory=list)
    command: tuple[Word, ...] | None = None
    operands: list[Word] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    guard: int = -1
    tree: bool = False


def read(spec: Spec, words: Sequence[Word]) -> Reading:
    """Read `words` (without the program's own) as the program's option parser would."""
    reading = Reading()
    operands: list[Word] = []
    filled = False
    index = 0
    limit = spec.positionals.index("x") if "x" in spec.positionals else -1
    while index < len(words):
        word = words[index]
        index += 1
        kind = _looks(word, spec)
        if kind == "end":
            operands += words[index:]
            break
        if kind == "maybe":
            if _hazardous(spec) and (operands or not _guarded(spec, words[index - 1 :], reading)):
                reading.reasons.append("an argument that an expansion decides may be an option")
            kind = "operand"
        if kind == "operand":
            operands.append(word)
            if "verbs" in spec.traits:
                reading.operands = [word, *words[index:]]
                return reading
            if "first" in spec.traits and (limit < 0 or len(operands) > limit):
                operands += words[index:]
                break
            continue
        index, fills = _option(spec, words, index, reading)
        filled = filled or fills
    _place(spec, operands, reading, filled=filled)
    return reading


def _guarded(spec: Spec, rest: Sequence[Word], reading: Reading) -> bool:
    """Whether `--` before a glob makes all that follow operands, as they are meant to be."""
    word = rest[0]
    first = word.pieces[0]
    plain = (
        "paths" in spec.traits and word.origin >= 0 and isinstance(first, Text) and word.literal is not None
    )
    if not plain or any(isinstance(each.pieces[0], Dyn) or first_dash(each) for each in rest if each.pieces):
        return False
    reading.guard = word.origin if reading.guard < 0 else reading.guard
    return True


def first_dash(word: Word) -> bool:
    """Whether a word begins like an option."""
    first = word.pieces[0]
    return isinstance(first, Text) and first.value.startswith("-")


def _hazardous(spec: Spec) -> bool:
    return (
        spec.dangerous
        or not spec.any_option
        or any(option.kind in "ckxwa" for option in spec.options.values() if option.kind)
    )


def _looks(word: Word, spec: Spec) -> str:
    """Whether a word is an option, "--", an operand, or may be either ("maybe")."""
    first = word.pieces[0] if word.pieces else Text("", quoted=True)
    if isinstance(first, Dyn):
        if first.known is not None and first.known.value[:1] not in ("", "-", "*", "?", "["):
            return "operand"
        return "operand" if first.numeric or first.node.get("Type") in ("ProcSubst", "Found") else "maybe"
    if not first.value and len(word.pieces) > 1:
        return "maybe"
    literal = word.literal
    if literal == "--":
        return "end"
    if first.value.startswith("-") and literal != "-":
        return "option"
    if not first.quoted and first.value[:1] in "*?[" and spec.dangerous:
        return "maybe"
    return "operand"


def _option(spec: Spec, words: Sequence[Word], index: int, reading: Reading) -> tuple[int, bool]:
    """Read the option at `index - 1`; returns the next index and whether it fills an operand."""
    literal = words[index - 1].literal
    if literal is None:
        return index, _half_known(spec, words[index - 1], reading)
    if literal.startswith("--") or "word" in spec.traits:
        return _long(spec, literal, words, index, reading)
    return _cluster(spec, literal, words, index, reading)


def _half_known(spec: Spec, word: Word, reading: Reading) -> bool:
    """An option whose value is an expansion (`--since=$x`, `-n$x`)."""
    head = word.pieces[0].value if isinstance(word.pieces[0], Text) else ""
    name = head.split("=", 1)[0] if head.startswith("--") else head[:2]
    option = spec.options.get(name)
    reading.flags.append(name)
    if option is None or option.danger or option.kind in "ckxa" or not option.kind:
        if not (spec.any_option and not spec.dangerous and option is None):
            reading.reasons.append("an option that an expansion decides")
        return False
    rest = head[len(name) + 1 :] if "=" in head else head[2:]
    reading.items.append((option.kind, Word((Text(rest, quoted=True), *word.pieces[1:])), option.tree))
    return option.fills


def _long(spec: Spec, literal: str, words: Sequence[Word], index: int, reading: Reading) -> tuple[int, bool]:
    name, equals, value = literal.partition("=")
    option = spec.options.get(name)
    head = name.partition(":")[0]
    if (
        option is None
        and "word" in spec.traits
        and not equals
        and head in spec.options
        and spec.options[head].optional
    ):
        option = spec.options[head]
    if option is None and name.startswith("--") and len(name) > 3:
        near = [known for known in spec.options if known.startswith(name)]
        danger = [each for each in near if spec.options[each].danger or spec.options[each].kind in "ckxaw"]
        chosen = (danger or near)[:1]
        option = spec.options[chosen[0]] if chosen else None
        name = chosen[0] if chosen else name
    reading.flags.append(name)
    return _apply(spec, option, text_word(value) if equals else None, words, index, reading, name)


def _cluster(
    spec: Spec, literal: str, words: Sequence[Word], index: int, reading: Reading
) -> tuple[int, bool]:
    whole = spec.options.get(literal)
    if whole is not None and len(literal) > 2:
        reading.flags.append(literal)
        return _apply(spec, whole, None, words, index, reading, literal)
    if re.fullmatch(r"-\d+", literal) and spec.any_option:
        reading.flags.append(literal)
        return index, False
    filled = False
    for at in range(1, len(literal)):
        name = f"-{literal[at]}"
        option = spec.options.get(name)
        reading.flags.append(name)
        rest = literal[at + 1 :]
        if option is not None and option.kind:
            value = text_word(rest) if rest else None
            index, fills = _apply(spec, option, value, words, index, reading, name)
            return index, filled or fills
        index, fills = _apply(spec, option, None, words, index, reading, name)
        filled = filled or fills
        if option is not None and option.optional:
            break
    return index, filled


def _apply(  # noqa: PLR0917 - one step of the parser: all of it is its state
    spec: Spec,
    option: Option | None,
    value: Word | None,
    words: Sequence[Word],
    index: int,
    reading: Reading,
    name: str,
) -> tuple[int, bool]:
    if option is None:
        if not spec.any_option:
            reading.reasons.append(f"{spec.name}: unknown option {name[:40]}")
        return index, False
    reading.tree = reading.tree or (option.tree and not option.kind)
    if option.danger:
        reading.reasons.append(f"{spec.name} {name} runs code or alters what it must not")
    if option.kind in ("2", "3"):
        if any(each.splits for each in words[index : index + 2]):
            reading.reasons.append("an option's value may be several words")
        reading.items += [("r", each, False) for each in words[index + 1 : index + 2] if option.kind == "3"]
        return index + 2, False
    if option.kind and not (option.optional and value is None):
        if value is None:
            if index >= len(words):
                return index, option.fills
            value = words[index]
            index += 1
            if value.splits and _hazardous(spec):
                reading.reasons.append("an option's value may be several words")
        reading.items.append((option.kind, value, option.tree))
    return index, option.fills


def _place(spec: Spec, operands: list[Word], reading: Reading, *, filled: bool) -> None:
    """Give each operand its kind; the words from `x` on are the inner command."""
    shift = 1 if filled else 0
    reading.operands = operands
    total = len(operands) + shift
    several = False
    for index, word in enumerate(operands):
        kind = spec.positional(index + shift, total)
        if kind == "x":
            reading.command = tuple(operands[index:])
            return
        if not kind:
            if not spec.any_option:
                reading.reasons.append(f"{spec.name}: an operand that is not expected")
            kind = "d"
        several = several or (word.splits and not _one_name(word))
        kinds = {kind, *(_later(spec, index + shift, total) if several else "")}
        reading.items += [(each.lower(), word, each.isupper()) for each in sorted(kinds)]


def _one_name(word: Word) -> bool:
    """Whether a glob is one name at most: `[j]ava` keeps grep from finding itself."""
    text = word.literal
    return (
        text is not None and not word.tilde and not re.search(r"[*?\[]", re.sub(r"\[[A-Za-z0-9]\]", "", text))
    )


def _later(spec: Spec, index: int, total: int) -> str:
    """The kinds that a word at `index` may have where it, or one before it, may be several words."""
    following = spec.positionals[min(index, len(spec.positionals)) :]
    ends = spec.last if index >= total - 1 else ""
    return "".join(letter for letter in following + ends if letter.lower() in "rwn")
