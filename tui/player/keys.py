"""The player's keys: one table for the bindings, the line of hints and the help screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """`keys` as Textual names them; `shown` and `what` for people, said once for keys of one sort."""

    keys: str
    action: str
    shown: str = ""
    what: str = ""


KEYS: Final[tuple[Key, ...]] = (
    Key("space", "play", "space", "play or pause; at the end, play again"),
    Key("left", "skip(-5)", "← →", "5 seconds back, on"),
    Key("right", "skip(5)"),
    Key("shift+left,ctrl+left,comma", "skip(-60)", "shift ← →   or   , .", "60 seconds back, on"),
    Key("shift+right,ctrl+right,full_stop", "skip(60)"),
    Key("home,g", "start", "home end   or   g G", "to the start, to the end"),
    Key("end,G", "finish"),
    Key("left_square_bracket,p", "marker(-1)", "[ ]   or   p n", "previous, next marker"),
    Key("right_square_bracket,n", "marker(1)"),
    Key("less_than_sign,minus", "speed(-1)", "< >   or   - +", "slower, faster"),
    Key("greater_than_sign,plus", "speed(1)"),
    Key("i", "idle", "i", "shorten idle time, or show all of it"),
    Key("m", "panel", "m", "show or hide the list of markers"),
    Key("tab", "switch", "tab", "into the list and back; enter goes there"),
    Key("up", "scroll(0, -1)", "↑ ↓ page up, down", "scroll a picture that is too large"),
    Key("down", "scroll(0, 1)"),
    Key("pageup", "scroll(0, -10)"),
    Key("pagedown", "scroll(0, 10)"),
    Key("h", "scroll(-8, 0)", "h l", "scroll left, right"),
    Key("l", "scroll(8, 0)"),
    Key("c", "follow", "c", "follow the cursor again after scrolling"),
    Key("f", "full", "f", "only the picture and its state, or all"),
    Key("question_mark", "help", "?", "this help"),
    Key("q,ctrl+c", "quit", "q", "quit"),
)

HINTS: Final[tuple[tuple[str, str], ...]] = (
    ("space", "play/pause"),
    ("←→", "5 s"),
    ("[ ]", "marker"),
    ("?", "help"),
    ("q", "quit"),
    ("< >", "speed"),
    ("i", "idle"),
    ("m", "list"),
)
"""The line of hints: keys that belong together stand together; a narrow screen cuts the last ones."""


def bindings() -> list[Binding]:
    """The table as Textual bindings."""
    return [
        Binding(key.keys, key.action, key.what, show=False, priority=key.action in {"switch", "quit"})
        for key in KEYS
    ]
