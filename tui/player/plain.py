"""The player without a terminal: the last picture, or the markers, as plain text or JSON."""

from __future__ import annotations

import msgspec

from recorder.marks import text_of
from recorder.screen import plain_text, printable
from recorder.timeline import Timeline
from tui.player.loaded import Loaded
from tui.player.looks import LOOKS, clock


def dump(loaded: Loaded, at: float | None = None) -> list[str]:
    """The rows of the picture at a position in seconds; None is the end."""
    timeline = Timeline(loaded.reader, keyframes=1, spacing=2**62)
    timeline.seek(loaded.outline.duration if at is None else at)
    return plain_text(timeline.screen)


def marker_lines(loaded: Loaded) -> list[str]:
    """Time, icon, word and text of each marker."""
    return [
        f"{clock(marker.at, tenths=True):>9}  {LOOKS[marker.kind].icon} {LOOKS[marker.kind].word:<8}  "
        f"{printable(text_of(marker.label))}"
        for marker in loaded.outline.markers
    ]


def marker_json(loaded: Loaded) -> str:
    """The markers as one JSON array of {at, kind, label}; `label` is as recorded."""
    markers = [
        {"at": round(marker.at, 3), "kind": marker.kind.value, "label": marker.label}
        for marker in loaded.outline.markers
    ]
    return msgspec.json.format(msgspec.json.encode(markers), indent=2).decode()
