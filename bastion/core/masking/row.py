"""One row of a terminal's screen: its characters as one string, its pens as one list.

A wide character owns two cells, the second holds `TAIL`; zero-width characters are kept beside the
row and join the cell before them. Strings instead of cells make printing a run two slices.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from wcwidth import wcwidth

from bastion.core.masking.rendition import Pen

TAIL = "\0"
_BORDERS = re.compile("[│┃║]")
MAX_JOINED = 16
_BLOCKS = ((0xA0, 0x530), (0x2010, 0x2028), (0x2030, 0x2060), (0x20A0, 0x20C0), (0x2100, 0x27C0))


@lru_cache(maxsize=8192)
def width(char: str) -> int:
    """Cells that a character takes: 0, 1 or 2."""
    if " " <= char <= "~":
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in {"Cf", "Cc", "Me", "Mn"}:
        return 0
    return max(0, wcwidth(char))


def _singles() -> str:
    """The frequent characters of one cell beyond ASCII, as an expression's class."""
    return "".join(
        chr(code) for low, high in _BLOCKS
        for code in range(low, high) if width(chr(code)) == 1
    )  # fmt: skip


_RUNS = re.compile("([ -~" + re.escape(_singles()) + "]+)|(.)", re.DOTALL)


def runs(text: str) -> list[tuple[str, str]]:
    """The text in pieces: (characters of one cell each, "") or ("", a character to be measured)."""
    return _RUNS.findall(text)


def cells(text: str) -> int:
    """How many cells the text takes."""
    return sum(len(run) or width(other) for run, other in runs(text))


class Row:
    """Mutable; a row that is `shared` by two grids must be copied before it is changed.

    `wraps`: the column from which its text went on in the next row; 0: it did not.
    """

    __slots__ = ("_borders", "_bytes", "_joined", "_shown", "pens", "shared", "text", "wraps")

    def __init__(self, text: str, pens: list[Pen]) -> None:
        self.text, self.pens = text, pens
        self.wraps = 0
        self.shared = False
        self._joined: dict[int, str] = {}
        self._shown: str | None = None
        self._bytes: bytes | None = None
        self._borders: tuple[int, ...] | None = None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, Row)
            and self.text == other.text
            and self.pens == other.pens
            and self._joined == other._joined
        )

    __hash__ = None  # type: ignore[assignment]  # a mutable value

    def copy(self) -> Row:
        """A row of its own with the same cells."""
        other = Row(self.text, self.pens[:])
        other.wraps, other._shown, other._bytes = self.wraps, self._shown, self._bytes
        if self._joined:
            other._joined = dict(self._joined)
        return other

    @property
    def shown(self) -> str:
        """What the row shows, without blanks at its end and without zero-width characters."""
        known = self._shown
        if known is None:
            text = self.text.rstrip(" ")
            known = self._shown = text.replace(TAIL, "") if TAIL in text else text
        return known

    @property
    def coded(self) -> bytes:
        """`shown` in UTF-8."""
        known = self._bytes
        if known is None:
            known = self._bytes = self.shown.encode("utf-8", "replace")
        return known

    @property
    def flow(self) -> bytes:
        """`coded` with what stands between it and the next row: a line end, or blanks that wrapped."""
        wraps = self.wraps
        if not wraps:
            return self.coded + b"\n"
        if self.text[wraps - 1 : wraps] == " " and len(self.text.rstrip(" ")) < wraps:
            return self.span(0, wraps).encode("utf-8", "replace")
        return self.coded

    @property
    def borders(self) -> tuple[int, ...]:
        """The columns of vertical borders."""
        known = self._borders
        if known is None:
            text = self.text
            found = () if text.isascii() else tuple(match.start() for match in _BORDERS.finditer(text))
            known = self._borders = found
        return known

    def put(self, x: int, text: str, pen: Pen) -> None:
        """Write single-width characters; halves of wide characters that they cut become blank."""
        end = x + len(text)
        old = self.text
        if self._joined or not old.isascii():
            old = self._cut(x, end)
        self.text = old[:x] + text + old[end:]
        self.pens[x:end] = [pen] * len(text)
        self._shown = self._bytes = self._borders = None

    def put_wide(self, x: int, char: str, pen: Pen) -> None:
        """Write a character of two cells, or of one where the row ends."""
        self.put(x, (char + TAIL)[: len(self.text) - x], pen)

    def join(self, x: int, char: str) -> None:
        """Let a zero-width character join the cell `x`."""
        if x and self.text[x] == TAIL:
            x -= 1
        known = self._joined.get(x, "")
        if len(known) < MAX_JOINED:
            self._joined[x] = known + char

    def cell(self, x: int) -> str:
        """What cell `x` holds, zero-width characters included; empty for a wide one's second half."""
        char = self.text[x]
        return "" if char == TAIL else char + self._joined.get(x, "")

    def span(self, start: int, end: int) -> str:
        """What stands in these cells, without zero-width characters."""
        text = self.text[start:end]
        return text.replace(TAIL, "") if TAIL in text else text

    def insert(self, x: int, count: int, end: int, pen: Pen) -> None:
        """Move the cells from `x` to `end` right by `count`; blanks fill, what goes over is lost."""
        count = min(count, end - x)
        self._replace(
            x, end, " " * count + self._piece(x, end - count), [pen] * count + self.pens[x : end - count]
        )

    def delete(self, x: int, count: int, end: int, pen: Pen) -> None:
        """Remove `count` cells at `x`; blanks fill before `end`."""
        count = min(count, end - x)
        self._replace(
            x, end, self._piece(x + count, end) + " " * count, self.pens[x + count : end] + [pen] * count
        )

    def take(self, start: int, end: int) -> tuple[str, list[Pen]]:
        """The cells of a span, to be laid into another row."""
        return self._piece(start, end), self.pens[start:end]

    def lay(self, start: int, text: str, pens: list[Pen]) -> None:
        """Replace the cells from `start` on."""
        self._replace(start, start + len(text), text, pens)

    def resize(self, cols: int, pen: Pen) -> None:
        """Cut or fill on the right."""
        size = len(self.text)
        if cols < size:
            self._cut(cols, cols)
            self._joined = {x: mark for x, mark in self._joined.items() if x < cols}
        self.text = self.text[:cols] + " " * (cols - size)
        self.pens = self.pens[:cols] + [pen] * (cols - size)
        self._shown = self._bytes = self._borders = None

    def _piece(self, start: int, end: int) -> str:
        """The characters of a span, blanks for halves of wide characters at its borders."""
        text = self.text[start:end]
        if text[:1] == TAIL:
            text = " " + text[1:]
        if text and self.text[end : end + 1] == TAIL:
            text = text[:-1] + " "
        return text

    def _replace(self, start: int, end: int, text: str, pens: list[Pen]) -> None:
        if TAIL in self.text or self._joined:
            self._cut(start, end)
        self.text = self.text[:start] + text + self.text[end:]
        self.pens[start:end] = pens
        self._shown = self._bytes = self._borders = None

    def _cut(self, start: int, end: int) -> str:
        """Blank the outer halves of wide characters at the borders; forget what joined in between."""
        text = self.text
        if text[start : start + 1] == TAIL and start:
            text = text[: start - 1] + "  " + text[start + 1 :]
            self._joined.pop(start - 1, None)
        if text[end : end + 1] == TAIL and end:
            text = text[: end - 1] + "  " + text[end + 1 :]
            self._joined.pop(end - 1, None)
        if self._joined and end > start:
            self._joined = {x: mark for x, mark in self._joined.items() if not start <= x < end}
        self.text = text
        return text
