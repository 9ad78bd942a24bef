"""Seeking: the same picture whichever way it was reached, in bounded memory."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.asciicast import Event, Gap, Header
from recorder.marks import Kind, Marker
from recorder.screen import open_screen, plain_text
from recorder.timeline import (
    LISTED,
    Timeline,
    forward,
    marker_after,
    marker_at,
    marker_before,
    outline,
)


class Tape:
    """Events in memory, found again by their offset."""

    def __init__(self, rows, cols=20, lines=4):
        self.header = Header(cols, lines)
        self.rows = []
        at = 0.0
        for number, (interval, code, data) in enumerate(rows):
            at += interval
            self.rows.append(Event(at, code, data, number + 1, number + 2))
        self.reads = 0

    def events(self, offset=0, at=0.0):
        assert offset == 0 or at == self.rows[offset - 2].at
        for row in self.rows:
            if row.offset >= offset:
                self.reads += 1
                yield row


def picture(screen):
    return [screen.line(row) for row in range(screen.size[1])], screen.cursor, screen.size


ROWS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.25, 1.0, 7.5]),
        st.just("o"),
        st.sampled_from(
            ["a", "世世", "\r\n", "\x1b[2J\x1b[H", "\x1b[31mred", "\x1b[?1049h", "\x1b[?1049l", "\x1b[3;5H"]
        ),
    )
    | st.tuples(st.just(0.5), st.just("r"), st.sampled_from(["30x5", "10x3", "0x0", "bad", "9x9x9", "20x4"]))
    | st.tuples(st.just(0.5), st.sampled_from("mzEBTi"), st.just("x")),
    max_size=60,
)


@settings(max_examples=120, deadline=None)
@given(ROWS, st.lists(st.integers(0, 40), max_size=8), st.integers(1, 30), st.integers(2, 4))
def test_a_seek_shows_what_playing_to_that_time_shows(rows, ways, spacing, most):
    timeline = Timeline(Tape(rows), spacing=spacing, keyframes=most)
    for way in ways:
        at = way * 0.75
        timeline.seek(at)
        straight = Timeline(Tape(rows), spacing=2**40)
        straight.seek(at)
        assert picture(timeline.screen) == picture(straight.screen)
        assert (timeline.at, timeline.following) == (straight.at, straight.following)
        assert timeline.keyframes <= most


def test_a_seek_back_reads_from_a_keyframe_not_from_the_start():
    tape = Tape([(1.0, "o", "x" * 10)] * 1000)
    timeline = Timeline(tape, spacing=100)
    timeline.seek(1000)
    tape.reads = 0
    timeline.seek(900)
    assert tape.reads < 15


def test_keyframes_stay_few_however_long_the_recording_is():
    timeline = Timeline(Tape([(1.0, "o", "x" * 10)] * 5000), spacing=20, keyframes=16)
    timeline.seek(5000)
    assert 8 <= timeline.keyframes <= 16


def test_a_long_way_is_gone_in_steps_and_may_be_left():
    timeline = Timeline(Tape([(1.0, "o", "x" * 10)] * 100))
    way = timeline.approach(100, step=100)
    assert next(way) == 10.0
    assert timeline.at == 10.0
    timeline.seek(5)
    assert timeline.at == 5.0
    assert len(plain_text(timeline.screen)[0]) == 20
    assert list(itertools.islice(timeline.approach(100, step=100), 2)) == [15.0, 25.0]


def test_the_size_of_the_header_is_the_first_size():
    assert Timeline(Tape([], 33, 7)).screen.size == (33, 7)
    assert Timeline(Tape([]), lambda cols, rows: open_screen(cols, rows, "pyte")).following is None


def test_an_outline_lists_markers_gaps_and_the_exit():
    events = [
        Event(1, "m", "denied: rm"),
        Event(2, "o", "x"),
        Gap(2, 5, 9, "bad"),
        Event(3, "x", "7"),
        Gap(3, 9, 11, "torn", torn=True),
    ]
    plan = outline(events)
    assert plan.markers == (Marker(1, Kind.DENIED, "denied: rm"),)
    assert (plan.duration, plan.events, plan.status, plan.unlisted) == (3, 3, "7", 0)
    assert [gap.why for gap in plan.gaps] == ["bad", "torn"]
    assert plan.torn == events[-1]
    assert outline(events[:4]).torn is None


def test_an_outline_is_bounded_and_counts_what_it_leaves_out():
    torn = Gap(1, 1, 2, "torn", torn=True)
    plan = outline([*[Event(1, "m", "x")] * (LISTED + 5), *[Gap(1, 1, 2, "bad")] * (LISTED + 5), torn])
    assert (len(plan.markers), len(plan.gaps), plan.unlisted, plan.torn) == (LISTED, LISTED, 11, torn)


MARKERS = tuple(Marker(at, Kind.NOTE, str(at)) for at in (1.0, 2.0, 2.0, 5.0))


def test_markers_are_found_from_any_position():
    assert [marker_at(MARKERS, at) for at in (0.5, 1.0, 2.0, 4.0, 9.0)] == [None, 0, 2, 2, 3]
    assert [marker_after(MARKERS, at) for at in (0.0, 1.0, 2.0, 5.0)] == [0, 1, 3, None]
    assert [marker_before(MARKERS, at) for at in (0.5, 1.0, 2.0, 5.0, 5.1)] == [None, None, 0, 2, 3]


def test_going_back_while_playing_does_not_stick_to_a_marker_just_passed():
    assert marker_before(MARKERS, 5.5) == 3
    assert marker_before(MARKERS, 5.5, playing=True) == 2
    assert marker_before(MARKERS, 6.5, playing=True) == 3


def test_speed_multiplies_the_time_watched():
    assert forward(10.0, 0.5, speed=4.0, idle_limit=None, last=10.0, following=100.0) == 12.0


def test_an_idle_limit_jumps_to_the_next_event_once_it_is_watched():
    at = 10.0
    assert forward(at, 1.9, speed=1.0, idle_limit=2.0, last=10.0, following=100.0) == 11.9
    assert forward(at, 2.0, speed=1.0, idle_limit=2.0, last=10.0, following=100.0) == 100.0
    assert forward(at, 1.9, speed=1.0, idle_limit=2.0, last=10.0, following=11.0) == 11.9
    assert forward(99.0, 2.0, speed=1.0, idle_limit=2.0, last=10.0, following=100.0) == 101.0
