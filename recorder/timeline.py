"""Where a replay stands: seeking with keyframes, markers, speed and the limit on idle time; pure.

All positions are seconds of recorded time since the start, whatever the speed or the idle limit, so
that the time a reviewer reads is always the time it happened.

A picture at a position is the last keyframe before it plus the events between. Keyframes are taken
while playing, one per `spacing` characters of output; when there are too many, every second goes
and the spacing doubles, so memory stays bounded however long the recording is.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from recorder.asciicast import EXIT, MARKER, OUTPUT, RESIZE, Event, Gap, Header
from recorder.marks import Marker, classify
from recorder.screen import Screen, open_screen

SPEEDS: Final = (0.25, 0.5, 1.0, 1.5, 2.0, 4.0, 8.0, 16.0, 32.0)
KEYFRAMES: Final = 128
SPACING: Final = 128 * 1024
LISTED: Final = 10_000
"""Markers and gaps that an outline keeps of each; more are counted only."""
_JUST_PASSED: Final = 1.0
_LEFT_OUT: Final = 1e-9


class Source(Protocol):
    """What holds the events; recorder.cast.Reader is one."""

    header: Header

    def events(self, offset: int = 0, at: float = 0.0) -> Iterator[Event | Gap]:
        """The events from byte `offset` on (0: the first), `at` being the time of the one before."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What a whole recording holds: seconds, lists in time order, and the exit status if it has one."""

    duration: float
    events: int
    markers: tuple[Marker, ...]
    gaps: tuple[Gap, ...]
    unlisted: int
    status: str | None

    @property
    def torn(self) -> Gap | None:
        """The unfinished last line, if the file ends in one."""
        return self.gaps[-1] if self.gaps and self.gaps[-1].torn else None


def outline(events: Iterable[Event | Gap]) -> Outline:
    """Go through the events once without drawing them."""
    duration, count, unlisted = 0.0, 0, 0
    markers: list[Marker] = []
    gaps: list[Gap] = []
    status = None
    for event in events:
        duration = event.at
        if isinstance(event, Gap):
            if len(gaps) == LISTED:
                gaps.pop()
                unlisted += 1
            gaps.append(event)
            continue
        count += 1
        if event.code == MARKER:
            if len(markers) < LISTED:
                markers.append(Marker(event.at, classify(event.data), event.data))
            else:
                unlisted += 1
        elif event.code == EXIT:
            status = event.data
    return Outline(duration, count, tuple(markers), tuple(gaps), unlisted, status)


def forward(
    at: float, elapsed: float, *, speed: float, idle_limit: float | None, last: float, following: float
) -> float:
    """The position `elapsed` seconds of watching after `at`.

    `last` and `following` are the times of the events around `at`. Watching nothing for `idle_limit`
    recorded seconds jumps to the following event.
    """
    position = at + elapsed * speed
    if idle_limit is not None and following - last > idle_limit and last + idle_limit <= position < following:
        return following
    return position


def marker_at(markers: Sequence[Marker], at: float) -> int | None:
    """The index of the last marker at or before the position."""
    place = bisect.bisect_right(markers, at + _LEFT_OUT, key=_time)
    return place - 1 if place else None


def marker_after(markers: Sequence[Marker], at: float) -> int | None:
    """The index of the first marker after the position."""
    place = bisect.bisect_right(markers, at + _LEFT_OUT, key=_time)
    return place if place < len(markers) else None


def marker_before(markers: Sequence[Marker], at: float, *, playing: bool = False) -> int | None:
    """The index of the last marker before the position; while playing, one just passed does not count."""
    place = bisect.bisect_left(markers, at - (_JUST_PASSED if playing else _LEFT_OUT), key=_time)
    return place - 1 if place else None


def _time(marker: Marker) -> float:
    return marker.at


@dataclass(frozen=True, slots=True)
class _Keyframe:
    at: float
    offset: int
    draw: Callable[[], Screen]


class Timeline:
    """A picture and its position in a recording. `screen` holds every event up to `at`.

    `last` is the time of the last event drawn; `drawn` grows with everything that changes the picture.
    """

    def __init__(
        self,
        source: Source,
        new_screen: Callable[[int, int], Screen] = open_screen,
        *,
        spacing: int = SPACING,
        keyframes: int = KEYFRAMES,
    ) -> None:
        self._source = source
        self._new_screen = new_screen
        self._spacing, self._most = spacing, keyframes
        self._frames: list[_Keyframe] = []
        self._ahead: Event | Gap | None = None
        self.drawn = 0
        self._restart()

    @property
    def keyframes(self) -> int:
        """How many keyframes are held."""
        return len(self._frames)

    @property
    def following(self) -> float | None:
        """The time of the next event; None at the end."""
        return self._ahead.at if self._ahead else None

    def seek(self, at: float) -> None:
        """Draw the picture at a position; a long way may take seconds (see `approach`)."""
        for _ in self.approach(at):
            pass

    def approach(self, at: float, step: int = SPACING) -> Iterator[float]:
        """Go to a position in steps of about `step` characters; yields where the picture is."""
        at = max(0.0, at)
        frame = self._frame_before(at)
        if at + _LEFT_OUT < self.last or (frame and frame.at > self.last):
            self._restart(frame)
        budget = step
        while self._ahead and self._ahead.at <= at + _LEFT_OUT:
            budget -= self._draw(self._ahead)
            if budget <= 0:
                budget = step
                yield self.last
        self.at = at

    def _frame_before(self, at: float) -> _Keyframe | None:
        place = bisect.bisect_right(self._frames, at, key=lambda frame: frame.at)
        return self._frames[place - 1] if place else None

    def _restart(self, frame: _Keyframe | None = None) -> None:
        header = self._source.header
        self.screen = frame.draw() if frame else self._new_screen(header.cols, header.rows)
        self.at = self.last = frame.at if frame else 0.0
        offset = frame.offset if frame else 0
        self._since = 0
        self.drawn += 1
        self._events = self._source.events(offset, self.at)
        self._ahead = next(self._events, None)

    def _draw(self, event: Event | Gap) -> int:
        """Take one event in; the cost of it in characters."""
        size = 1
        self.drawn += 1
        match event:
            case Event(code=code, data=data) if code == OUTPUT:
                self.screen.feed(data)
                size += len(data)
            case Event(code=code, data=data) if code == RESIZE:
                cols, _, rows = data.partition("x")
                if cols.isdecimal() and rows.isdecimal() and len(data) <= 11:
                    self.screen.resize(int(cols), int(rows))
            case _:
                pass
        self.at = self.last = event.at
        self._ahead = next(self._events, None)
        self._since += size
        if self._since >= self._spacing:
            self._keep(event)
        return size

    def _keep(self, event: Event | Gap) -> None:
        newest = self._frames[-1].offset if self._frames else 0
        if event.end <= newest:
            self._since = 0
            return
        draw = self.screen.keyframe()
        if draw is None:
            self._since = self._spacing * 7 // 8
            return
        self._since = 0
        self._frames.append(_Keyframe(event.at, event.end, draw))
        if len(self._frames) > self._most:
            del self._frames[::2]
            self._spacing *= 2
