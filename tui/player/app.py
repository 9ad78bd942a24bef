"""The player: an app around one Timeline; keys move the position, a timer moves it while playing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import OptionList, Static

from recorder.timeline import (
    SPEEDS,
    Timeline,
    forward,
    marker_after,
    marker_at,
    marker_before,
)
from tui.player.bar import Bar
from tui.player.keys import bindings
from tui.player.lines import State, hints, notices, state_line, title
from tui.player.loaded import Loaded
from tui.player.panel import Help, Panel
from tui.player.picture import Picture

IDLE_DEFAULT: Final = 2.0
_FRAME: Final = 1 / 30
_WORK: Final = 0.03
"""Seconds of drawing per frame; the rest of a long way is done in the next frames."""
_WIDE: Final = 112
"""Columns from which the list of markers is shown from the start."""


class Player(App[None]):
    """Plays one recording. `at` in seconds; `idle_limit` in recorded seconds, None for all of it."""

    CSS_PATH = "player.tcss"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def __init__(
        self,
        loaded: Loaded,
        *,
        at: float = 0.0,
        speed: float = 1.0,
        idle_limit: float | None = None,
        paused: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.loaded = loaded
        self.timeline = Timeline(loaded.reader)
        self.rate = speed
        self.idle_limit = idle_limit
        self._idle = idle_limit or loaded.reader.header.idle_time_limit or IDLE_DEFAULT
        self.state = State.PAUSED if paused else State.PLAYING
        self._begin = at
        self._now = now
        self._before = now()
        self._way: Iterator[float] | None = None
        self._goal = 0.0
        self._drawn = 0
        self._lines: dict[str, Text] = {}

    def compose(self) -> ComposeResult:
        """Title, notices, picture and list, bar, state, hints."""
        plan = self.loaded.outline
        heading = title(self.loaded.reader.header, plan)
        yield Static(Text(heading, no_wrap=True, overflow="ellipsis"), id="title")
        yield Static("", id="notice", markup=False)
        with Horizontal(id="middle"):
            yield Picture(self.timeline.screen)
            yield Panel(plan.markers, plan.unlisted)
        yield Bar(plan.duration, plan.markers)
        yield Static("", id="state", markup=False)
        yield Static("", id="hints", markup=False)

    def on_mount(self) -> None:
        """Go to the first position and start the timer."""
        self.query_one(Panel).set_class(
            self.size.width >= _WIDE and bool(self.loaded.outline.markers), "shown"
        )
        self._go(self._begin)
        self.set_interval(_FRAME, self.tick)

    def on_resize(self) -> None:
        """Say again what part of the picture is seen, once it is laid out."""
        self.call_after_refresh(self._show)

    @property
    def position(self) -> float:
        """Where the replay is, or is going."""
        return self._goal

    def tick(self) -> None:
        """One frame: go on with a long way, or play on; nothing moves behind the help."""
        now = self._now()
        elapsed, self._before = now - self._before, now
        if len(self.screen_stack) > 1:
            return
        if self._way is not None:
            self._work()
        elif self.state is State.PLAYING:
            self._play_on(elapsed)

    def _play_on(self, elapsed: float) -> None:
        following = self.timeline.following
        if following is None:
            self.state = State.ENDED
            self._show()
            return
        last = self.timeline.last
        limit = self.idle_limit
        self._go(
            forward(self._goal, elapsed, speed=self.rate, idle_limit=limit, last=last, following=following)
        )

    def _go(self, at: float) -> None:
        self._goal = min(max(0.0, at), self.loaded.outline.duration)
        self._way = self.timeline.approach(self._goal)
        self._work()

    def _work(self) -> None:
        stop = self._now() + _WORK
        while self._way is not None:
            if next(self._way, None) is None:
                self._way = None
            elif self._now() >= stop:
                break
        self._show()

    def _show(self) -> None:
        if not self.query("#bar"):
            return  # the screen is being taken down
        if self._drawn != self.timeline.drawn:
            self._drawn = self.timeline.drawn
            self.query_one(Picture).show(self.timeline.screen)
        self.query_one(Bar).move(self._goal)
        current = marker_at(self.loaded.outline.markers, self._goal)
        panel = self.query_one(Panel)
        if not panel.has_focus and current is not None and panel.highlighted != current:
            panel.highlighted = current
        state = State.SEEKING if self._way is not None else self.state
        limit = self._idle if self.idle_limit else None
        plan = self.loaded.outline
        line = state_line(state, self._goal, plan, speed=self.rate, idle_limit=limit, current=current)
        self._write("#state", line)
        self._write("#hints", hints(self.query_one(Picture).hidden))
        lines = notices(self.loaded.outline, self.timeline.screen.faults)
        self.query_one("#notice").set_class(bool(lines), "shown")
        self._write("#notice", Text("\n".join(lines)))

    def _write(self, where: str, text: Text) -> None:
        """Set a line of text, if it is another one."""
        if self._lines.get(where) != text:
            self._lines[where] = text
            self.query_one(where, Static).update(text)

    @on(Bar.Clicked)
    def _bar_clicked(self, event: Bar.Clicked) -> None:
        self._jump(event.share * self.loaded.outline.duration)

    @on(OptionList.OptionSelected)
    def _marker_chosen(self, event: OptionList.OptionSelected) -> None:
        self._jump(self.loaded.outline.markers[event.option_index].at)

    def _jump(self, at: float) -> None:
        if self.state is State.ENDED:
            self.state = State.PAUSED
        self._go(at)

    def action_play(self) -> None:
        """Play or pause; at the end, play again."""
        if self.state is not State.PLAYING and self._way is None and self.timeline.following is None:
            self._jump(0.0)
        self.state = State.PAUSED if self.state is State.PLAYING else State.PLAYING
        self._show()

    def action_skip(self, seconds: float) -> None:
        """Go some seconds back or on."""
        self._jump(self._goal + seconds)

    def action_start(self) -> None:
        """Go to the start."""
        self._jump(0.0)

    def action_finish(self) -> None:
        """Go to the end."""
        self._jump(self.loaded.outline.duration)

    def action_marker(self, step: int) -> None:
        """Go to the next (1) or previous (-1) marker."""
        markers = self.loaded.outline.markers
        playing = self.state is State.PLAYING
        found = (
            marker_after(markers, self._goal)
            if step > 0
            else marker_before(markers, self._goal, playing=playing)
        )
        if found is None:
            self.notify("There is no marker " + ("after this." if step > 0 else "before this."), timeout=2)
        else:
            self._jump(markers[found].at)

    def action_speed(self, step: int) -> None:
        """Play faster (1) or slower (-1)."""
        others = [speed for speed in SPEEDS if (speed > self.rate if step > 0 else speed < self.rate)]
        self.rate = (others[0] if step > 0 else others[-1]) if others else self.rate
        self._show()

    def action_idle(self) -> None:
        """Shorten idle time, or show it all."""
        self.idle_limit = None if self.idle_limit else self._idle
        self._show()

    def action_panel(self) -> None:
        """Show or hide the list of markers."""
        panel = self.query_one(Panel)
        panel.toggle_class("shown")
        if not panel.has_class("shown"):
            self.set_focus(None)

    def action_switch(self) -> None:
        """Into the list of markers, or out of it."""
        panel = self.query_one(Panel)
        panel.add_class("shown")
        self.set_focus(None if panel.has_focus else panel)

    def action_full(self) -> None:
        """Only the picture and its state, or everything."""
        self.toggle_class("full")
        self.call_after_refresh(self._show)

    def action_scroll(self, cols: int, rows: int) -> None:
        """Scroll a picture that is larger than its place."""
        self.query_one(Picture).scroll_by(cols, rows)
        self.call_after_refresh(self._show)

    def action_follow(self) -> None:
        """Follow the cursor again."""
        self.query_one(Picture).follow()
        self.call_after_refresh(self._show)

    def action_help(self) -> None:
        """Show every key."""
        self.push_screen(Help())
