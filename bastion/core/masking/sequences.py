"""What a terminal sequence is and what becomes of it: the vocabulary and the look-up of the table.

Every sequence that the parser can read finds a row here or is stripped. Rows stand in
`sequence_table`; the reference page of the docs lists them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class Kind(Enum):
    """What a token is. PEN: one or more SGR and "ASCII into G0" in a row."""

    TEXT = 0
    CONTROL = 1
    ESCAPE = 2
    CSI = 3
    OSC = 4
    STRING = 5
    PEN = 6


class Use(Enum):
    """What becomes of it. SCANNED: forwarded when its text holds no secret; it changes no cell."""

    MODELLED = "modelled"
    HARMLESS = "harmless"
    SCANNED = "scanned"
    STRIPPED = "stripped"


class Cut(Enum):
    """Where a piece of output must end. ERASES: before it, if it removes what nobody looked at.

    MODE changes what later sequences do, and no cell: a repaint repeats it. STATE depends on the cells
    or the cursor, so that a piece ends before and after it.
    """

    NONE = 0
    ERASES = 1
    MODE = 2
    STATE = 3


_DEPENDING = frozenset({"3", "47", "1047", "1048", "1049"})


@dataclass(frozen=True, slots=True)
class Sequence:
    """One row of the table.

    `name`: final byte with prefix and intermediates (CSI, ESC), number (OSC), introducer (strings).
    `only` is an expression that the parameters (or the payload) must match whole; empty: any.
    """

    kind: Kind
    name: str
    use: Use
    title: str
    only: str = ""
    cut: Cut = Cut.NONE

    @property
    def form(self) -> str:
        """The sequence as the docs write it."""
        return _written(self)


@dataclass(frozen=True, slots=True)
class Mode:
    """A mode of SM/RM (`private` False) or DECSET/DECRST: what becomes of setting and of resetting it."""

    number: int
    on: Use
    off: Use
    title: str
    private: bool = True

    @property
    def form(self) -> str:
        """The mode as the docs write it."""
        return f"{'?' * self.private}{self.number}"

    @property
    def fate(self) -> str:
        """What becomes of setting and of resetting it, in a word or two."""
        return self.on.value if self.on is self.off else f"set {self.on.value}, reset {self.off.value}"


class Token:
    """What the parser read. `raw` is what may be forwarded, `name` is as in `Sequence`.

    `text` is the text, the payload or the parameters.
    `steady`: it changes the pen, the cursor or tab stops, and nothing else.
    """

    __slots__ = ("cut", "kind", "name", "raw", "steady", "text", "use")

    def __init__(  # noqa: PLR0917 - made for every piece of text: positions are faster than names
        self, kind: Kind, raw: bytes, name: str, text: str, use: Use = Use.MODELLED, cut: Cut = Cut.NONE
    ) -> None:
        self.kind, self.raw, self.name, self.text = kind, raw, name, text
        self.use, self.cut = use, cut
        self.steady = kind is not Kind.TEXT and use is Use.MODELLED and cut is Cut.NONE

    def __repr__(self) -> str:
        return f"Token({self.kind.name}, {self.name!r}, {len(self.raw)} bytes)"


class Table:
    """The rows and modes, looked up by what the parser read."""

    def __init__(self, rows: tuple[Sequence, ...], modes: tuple[Mode, ...]) -> None:
        self.rows, self.modes = rows, modes
        self._rows: dict[tuple[Kind, str], list[Sequence]] = {}
        for row in rows:
            self._rows.setdefault((row.kind, row.name), []).append(row)
        self._modes = {(mode.private, mode.number): mode for mode in modes}

    def judge(self, kind: Kind, name: str, text: str) -> tuple[Use, Cut]:
        """What becomes of a sequence; what no row allows is stripped."""
        if kind is Kind.CSI and name in {"h", "l", "?h", "?l", "?s", "?r"}:
            return self._mode(name, text)
        if kind is Kind.CSI and ":" in text and name != "m":
            return Use.STRIPPED, Cut.NONE
        key = text.partition(";")[0] if kind is Kind.OSC else name
        for row in self._rows.get((kind, key), ()):
            if not row.only or _expression(row.only).fullmatch(text):
                return row.use, row.cut
        return Use.STRIPPED, Cut.NONE

    def _mode(self, name: str, text: str) -> tuple[Use, Cut]:
        """Several modes in one sequence are as good as the worst of them."""
        uses = set()
        for number in text.split(";"):
            mode = (
                self._modes.get((name[0] == "?", int(number)))
                if number.isdigit() and len(number) < 6
                else None
            )
            if mode is None:
                return Use.STRIPPED, Cut.NONE
            uses |= {mode.on, mode.off} if name[-1] in "sr" else {mode.on if name[-1] == "h" else mode.off}
        if Use.STRIPPED in uses or (name[-1] in "sr" and uses != {Use.HARMLESS}):
            return Use.STRIPPED, Cut.NONE
        if Use.MODELLED not in uses:
            return Use.HARMLESS, Cut.NONE
        depends = name[0] == "?" and not _DEPENDING.isdisjoint(text.split(";"))
        return Use.MODELLED, Cut.STATE if depends else Cut.MODE


@lru_cache(maxsize=64)
def _expression(source: str) -> re.Pattern[str]:
    return re.compile(source)


_CONTROLS = {
    0: "NUL", 5: "ENQ", 7: "BEL", 8: "BS", 9: "HT", 10: "LF", 11: "VT", 12: "FF", 13: "CR", 14: "SO",
    15: "SI", 24: "CAN", 26: "SUB", 27: "ESC", 127: "DEL",
}  # fmt: skip
_STRINGS = {"P": "DCS", "X": "SOS", "^": "PM", "_": "APC"}


def _written(row: Sequence) -> str:
    """A grave accent would end the code span that the docs put the form in."""
    match row.kind:
        case Kind.CONTROL:
            return _CONTROLS.get(ord(row.name), f"0x{ord(row.name):02x}")
        case Kind.ESCAPE:
            return "ESC " + " ".join(row.name.replace(" ", "␠"))
        case Kind.CSI:
            split = re.fullmatch(r"([<=>?]?)(.*)", row.name)
            prefix, rest = split.groups() if split else ("", row.name)
            numbers = row.only.replace("\\", "") if re.fullmatch(r"[\d;|]+", row.only) else "Ps"
            return " ".join(["CSI", *prefix, numbers, *rest.replace(" ", "␠").replace("`", "\u02cb")])
        case Kind.OSC:
            return f"OSC {row.name}"
        case Kind.STRING:
            return f"{_STRINGS[row.name]} {row.only}".strip() if row.only else _STRINGS[row.name]
        case Kind.TEXT | Kind.PEN:
            return row.name
