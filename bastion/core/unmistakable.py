"""Text for somebody who decides about it: it cannot read differently from what runs.

Every character outside printable ASCII is written as an escape, and one line says at a glance what those
characters are. A list of look-alikes (Unicode TS 39) would be shorter on the eye, but it changes with each
version of Unicode, depends on the font, and knows neither the two forms of an accented letter nor the
order in which a terminal draws right-to-left text: an escape needs no list.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

MAX_NAMED = 6
_BIDI = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_BIDI_MARKS = frozenset("\u200e\u200f\u061c")


def escaped(text: str) -> str:
    """Printable ASCII only, one line; blanks in a row are counted, since they push text out of sight."""
    plain = "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in text)
    return re.sub(r" {4,}", lambda found: f" [{len(found[0])} blanks] ", plain)


def warning(text: str) -> str:
    """What stands in `text` beside ASCII, by kind and script, with the names; empty where nothing does.

    A line end or a tab is not warned of: its escape is what people know it by.
    """
    strange = [c for c in text if not " " <= c <= "~" and c not in "\n\t"]
    if not strange:
        return ""
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(map(_kind, strange)).most_common())
    names = [f"{escaped(c)} {unicodedata.name(c, 'unnamed')}" for c in dict.fromkeys(strange)]
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    mixed = " in words with ASCII letters" if _mixed(text) else ""
    return f"not what it may look like: {kinds}{mixed}: {'; '.join(names[:MAX_NAMED])}{more}"


def _kind(char: str) -> str:
    if unicodedata.bidirectional(char) in _BIDI or char in _BIDI_MARKS:
        return "characters that turn the direction of text"
    category = unicodedata.category(char)
    if category in {"Cc", "Cs", "Co", "Cn"}:
        return "control or unassigned characters"
    if category in {"Cf", "Mn", "Me"} or category.startswith("Z"):
        return "characters that are not seen by themselves"
    if category.startswith("L"):
        return f"letters of {unicodedata.name(char, 'UNNAMED').split()[0]}"
    return "signs outside ASCII"


def _mixed(text: str) -> bool:
    """Whether a word holds ASCII letters and other characters: how look-alikes are used."""
    return any(not word.isascii() and re.search("[A-Za-z]", word) for word in re.split(r"[\s/]+", text))
