"""The player's lines of text: title, warnings, state and hints."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum

from rich.text import Text

from recorder.asciicast import Header
from recorder.marks import text_of
from recorder.screen import printable
from recorder.timeline import Outline
from tui.player.keys import HINTS
from tui.player.looks import LOOKS, clock, times


class State(Enum):
    """What the replay does; icon and word."""

    PAUSED = ("‖", "paused")
    PLAYING = ("▶", "playing")
    ENDED = ("■", "ended")
    SEEKING = ("…", "seeking")


def title(header: Header, plan: Outline) -> str:
    """One line: what it is, when it began, the terminal, and how it ended."""
    parts = [printable(header.title or header.command or "recording")]
    if header.timestamp is not None:
        parts.append(f"{datetime.fromtimestamp(header.timestamp, UTC):%Y-%m-%d %H:%M:%S} UTC")
    parts.append(f"{header.cols}x{header.rows}" + ("" if header.pty else " no terminal"))
    parts.append(f"exit {printable(plan.status[:8])}" if plan.status is not None else "no exit recorded")
    return " · ".join(parts)


def notices(plan: Outline, faults: int = 0) -> list[str]:
    """A line for each thing that is missing from what the player shows."""
    lines = []
    if plan.torn:
        size = plan.torn.end - plan.torn.offset
        lines.append(
            f"! Torn: the last {size} bytes are no whole event. It plays up to {clock(plan.duration)}."
        )
    gaps = len(plan.gaps) - bool(plan.torn)
    if gaps:
        places = "1 line" if gaps == 1 else f"{gaps} lines"
        lines.append(f"! {places} cannot be read and are left out, the first at {clock(plan.gaps[0].at)}.")
    if faults:
        lines.append("! The terminal model gave up on a sequence; the picture began anew from blank.")
    return lines


def state_line(
    state: State, at: float, plan: Outline, *, speed: float, idle_limit: float | None, current: int | None
) -> Text:
    """State, position, speed, idle limit and the current marker (an index)."""
    icon, word = state.value
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{icon} {word:<8}", "bold #ffffff")
    text.append(f"{clock(at, tenths=True)} / {clock(plan.duration)}")
    text.append(f"  {times(speed)}", "bold")
    text.append(f"  idle {f'≤ {idle_limit:g} s' if idle_limit else 'in full'}", "#a9b4c2")
    if current is not None:
        marker = plan.markers[current]
        look = LOOKS[marker.kind]
        text.append(f"  {look.icon} {look.word}", f"bold {look.colour}")
        text.append(f" {printable(text_of(marker.label))}")
    return text


def hints(hidden: str) -> Text:
    """The keys most used; before them what part of the picture is seen, if not all."""
    text = Text(no_wrap=True, overflow="ellipsis")
    for key, what in ((("↑↓", hidden),) if hidden else ()) + HINTS:
        text.append(key, "bold #ffffff")
        text.append(f" {what}   ")
    return text
