"""How things look: kinds of markers (icon and word and colour), pens as styles, times as text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rich.color import Color
from rich.style import Style

from recorder.marks import Kind
from recorder.screen import Colour, Pen


@dataclass(frozen=True, slots=True)
class Look:
    """An icon of one column, a word and a colour: the colour never stands alone."""

    icon: str
    word: str
    colour: str


LOOKS: Final[dict[Kind, Look]] = {
    Kind.DENIED: Look("✗", "denied", "#ff7a7a"),
    Kind.CUT: Look("!", "cut", "#ff7a7a"),
    Kind.WAITING: Look("?", "approval", "#ffc857"),
    Kind.MASKED: Look("▒", "masked", "#d6a2ff"),
    Kind.APPROVED: Look("◉", "approved", "#7ddc8f"),
    Kind.ALLOWED: Look("✓", "allowed", "#7ddc8f"),
    Kind.COMMAND: Look("▸", "command", "#6cc7f5"),
    Kind.NOTE: Look("◆", "note", "#a9b4c2"),
}
"""In order of weight: where markers share a cell of the bar, the first of this table shows."""

WEIGHT: Final = {kind: weight for weight, kind in enumerate(LOOKS)}

BACKGROUND: Final = (11, 14, 20)
FOREGROUND: Final = (214, 219, 226)
_PALETTE: Final = (
    (40, 44, 52), (224, 108, 117), (126, 201, 113), (229, 192, 123),
    (97, 160, 240), (198, 120, 221), (86, 190, 200), (200, 204, 212),
    (110, 118, 130), (255, 135, 140), (160, 225, 140), (255, 217, 150),
    (140, 190, 255), (222, 160, 245), (130, 220, 225), (255, 255, 255),
)  # fmt: skip
_STEPS: Final = (0, 95, 135, 175, 215, 255)


def rgb(colour: Colour, otherwise: tuple[int, int, int]) -> tuple[int, int, int]:
    """Red, green, blue of a recorded colour: 16 of our own, then xterm's cube and greys."""
    if colour is None or isinstance(colour, tuple):
        return colour or otherwise
    if colour < 16:
        return _PALETTE[colour]
    if colour < 232:
        cube = colour - 16
        return _STEPS[cube // 36], _STEPS[cube // 6 % 6], _STEPS[cube % 6]
    grey = 8 + 10 * (colour - 232)
    return grey, grey, grey


@lru_cache(maxsize=4096)
def style(pen: Pen) -> Style:
    """The style of a pen; blinking text is drawn bold instead, and inverse swaps the colours here."""
    fg, bg = rgb(pen.fg, FOREGROUND), rgb(pen.bg, BACKGROUND)
    if pen.inverse:
        fg, bg = bg, fg
    if pen.faint:
        fg = tuple((a + b) // 2 for a, b in zip(fg, bg, strict=True))  # type: ignore[assignment]  # three as before
    return Style(
        color=Color.from_rgb(*fg),
        bgcolor=Color.from_rgb(*bg),
        bold=pen.bold or pen.blink,
        italic=pen.italic,
        underline=pen.underline,
        strike=pen.strike,
    )


def clock(seconds: float, *, tenths: bool = False) -> str:
    """`03:05`, `1:02:03`, with tenths `03:05.4`."""
    parts = int(seconds * 10 + 1e-6)
    whole, tenth = divmod(parts, 10)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02}:{second:02}" if hours else f"{minute:02}:{second:02}"
    return f"{text}.{tenth}" if tenths else text


def times(speed: float) -> str:
    """`1x`, `0.25x`."""
    return f"{speed:g}x"
