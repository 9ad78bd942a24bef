"""Brace expansion (bash, mksh): `{a,b}` and `{1..3}` in a word's pieces, before all else."""

from __future__ import annotations

import re

from bastion.core.shell.pieces import Dyn, Text, merge

MAX_BRACES = 64


def expand_braces(pieces: list[Text | Dyn], dialect: str) -> list[list[Text | Dyn]] | None:
    """Brace expansion of flat comma lists and number ranges; None where it is richer than that."""
    bare = "".join(
        ("\0" if isinstance(piece, Dyn) or piece.quoted else piece.value) for piece in merge(pieces)
    )
    if not re.search(r"\{.*(?:,|\.\.).*\}", bare, re.DOTALL):
        return [pieces]
    if dialect not in ("bash", "mksh"):
        return None
    done: list[list[Text | Dyn]] = []
    todo = [pieces]
    while todo:
        current = todo.pop(0)
        split = _first_brace(current)
        if split is None:
            return None
        if not split:
            done.append(current)
        else:
            todo = split + todo
        if len(todo) + len(done) > MAX_BRACES:
            return None
    return done


def _first_brace(pieces: list[Text | Dyn]) -> list[list[Text | Dyn]] | None:
    """The alternatives of the first brace; [] where there is none; None where it is not flat."""
    opened: tuple[int, int] | None = None
    for index, piece in enumerate(pieces):
        if isinstance(piece, Dyn) or piece.quoted:
            continue
        for at, char in enumerate(piece.value):
            if char == "{":
                if opened:
                    return None
                opened = (index, at)
            elif char == "}" and opened:
                found = _alternatives(pieces, opened, (index, at))
                if found:
                    return found
                opened = None
    return []


def _alternatives(
    pieces: list[Text | Dyn], start: tuple[int, int], end: tuple[int, int]
) -> list[list[Text | Dyn]]:
    """`a{b,c}d` cut at its commas; [] for braces that hold neither comma nor range."""
    before = _cut(pieces, (0, 0), start)
    after = _cut(pieces, (end[0], end[1] + 1), (len(pieces), 0))
    inside = _cut(pieces, (start[0], start[1] + 1), end)
    parts: list[list[Text | Dyn]] = [[]]
    for piece in inside:
        if isinstance(piece, Dyn) or piece.quoted:
            parts[-1].append(piece)
            continue
        first, *rest = piece.value.split(",")
        parts[-1].append(Text(first, quoted=False))
        parts += [[Text(each, quoted=False)] for each in rest]
    if len(parts) == 1:
        only = "".join(piece.value for piece in inside if isinstance(piece, Text) and not piece.quoted)
        numbers = re.fullmatch(r"(-?\d{1,6})\.\.(-?\d{1,6})", only)
        if not numbers:
            return []
        low, high = int(numbers[1]), int(numbers[2])
        step = 1 if high >= low else -1
        values = range(low, high + step, step)[: MAX_BRACES + 1]
        parts = [[Text(str(number), quoted=False)] for number in values]
    return [before + part + after for part in parts]


def _cut(pieces: list[Text | Dyn], start: tuple[int, int], end: tuple[int, int]) -> list[Text | Dyn]:
    result: list[Text | Dyn] = []
    for index in range(start[0], min(end[0] + 1, len(pieces))):
        piece = pieces[index]
        if isinstance(piece, Dyn):
            if index < end[0]:
                result.append(piece)
            continue
        low = start[1] if index == start[0] else 0
        high = end[1] if index == end[0] else len(piece.value)
        if piece.quoted or high > low:
            result.append(Text(piece.value[low:high], piece.quoted))
    return result
