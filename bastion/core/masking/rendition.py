"""SGR: parameters to a pen and a pen to parameters (ECMA-48 §8.3.117, ISO 8613-6 colours)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from pyte.graphics import TEXT


class Pen(NamedTuple):
    """How a cell looks. Colours are SGR parameters, `default` for none."""

    fg: str = "default"
    bg: str = "default"
    bold: bool = False
    italics: bool = False
    underscore: bool = False
    strikethrough: bool = False
    reverse: bool = False
    blink: bool = False


PLAIN: Final = Pen()
_STYLES: Final = {"bold": 1, "italics": 3, "underscore": 4, "blink": 5, "reverse": 7, "strikethrough": 9}


@lru_cache(maxsize=4096)
def rendition(pen: Pen, text: str) -> Pen:
    """The pen after SGR with these parameters (semicolons, colons). Colours are kept as parameters."""
    change: dict[str, str | bool] = {}
    parts = (text or "0").split(";")
    at = 0
    while at < len(parts):
        code, *sub = parts[at].split(":")
        number = int(code) if code.isdigit() else 0
        if number == 0:
            change = dict(PLAIN._asdict())
        elif number in {38, 48, 58} and not sub:
            size = {"5": 3, "2": 5}.get(parts[at + 1] if at + 1 < len(parts) else "", 1)
            _colour(change, number, ";".join(parts[at : at + size]) if size > 1 else "default")
            at += size - 1
        elif number in {38, 48, 58}:
            _colour(change, number, parts[at])
        elif number == 4 and sub:
            change["underscore"] = sub[0] != "0"
        elif number == 2:
            pass
        else:
            _simple(change, number)
        at += 1
    after = Pen(**{**pen._asdict(), **change})
    return PLAIN if after == PLAIN else after


@lru_cache(maxsize=4096)
def erased(pen: Pen) -> Pen:
    """What erasing with this pen leaves: its background."""
    return Pen(bg=pen.bg) if pen.bg != "default" else PLAIN


def _colour(change: dict[str, str | bool], number: int, value: str) -> None:
    if number in {38, 48}:
        change["fg" if number == 38 else "bg"] = value


def _simple(change: dict[str, str | bool], number: int) -> None:
    if 30 <= number <= 37 or 90 <= number <= 97:
        change["fg"] = str(number)
    elif 40 <= number <= 47 or 100 <= number <= 107:
        change["bg"] = str(number)
    elif number in {39, 49}:
        change["fg" if number == 39 else "bg"] = "default"
    elif number == 22:
        change["bold"] = False
    elif number in TEXT:
        change[TEXT[number][1:]] = TEXT[number][0] == "+"


@lru_cache(maxsize=4096)
def sgr(pen: Pen) -> bytes:
    """The SGR sequence that sets this pen from any other."""
    codes = ["0"] + [str(code) for name, code in _STYLES.items() if getattr(pen, name)]
    codes += [colour for colour in (pen.fg, pen.bg) if colour != "default"]
    return ("\x1b[" + ";".join(codes) + "m").encode()
