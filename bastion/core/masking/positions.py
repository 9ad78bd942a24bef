"""Positions in a text: spans joined, starts of characters, and where folded symbols stand."""

from __future__ import annotations

from bastion.core.masking.forms import KEPT


def joined(spans: tuple[tuple[int, int], ...], since: int) -> tuple[tuple[int, int], ...]:
    """Spans sorted and joined, without those that end before `since`."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[1] > since):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return tuple(out)


def whole(text: bytes, at: int) -> int:
    """`at`, moved on to the start of a UTF-8 character."""
    while at < len(text) and text[at] & 0xC0 == 0x80:
        at += 1
    return at


def last_places(text: bytes, start: int, count: int) -> list[int]:
    """Where the last `count` symbols of `text` stand, which begins at `start`."""
    places: list[int] = []
    at = len(text) - 1
    while at >= 0 and len(places) < count:
        if KEPT[text[at]]:
            places.append(start + at)
        at -= 1
    return places[::-1]
