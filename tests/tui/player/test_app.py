"""The player under a pilot: each key does what the help says, and the picture is the recorded one."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from textual.geometry import Region
from textual.widgets import Static

from recorder.screen import plain_text
from recorder.timeline import SPEEDS
from tui.player.app import Player
from tui.player.bar import Bar
from tui.player.keys import KEYS
from tui.player.lines import State
from tui.player.loaded import load
from tui.player.panel import Help, Panel
from tui.player.picture import Picture

BOX = Region(0, 0, 68, 40)


class Watch:
    """A clock that the test moves."""

    def __init__(self):
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


@asynccontextmanager
async def playing(path, size=(120, 40), **more):
    watch = Watch()
    app = Player(load(path), now=watch, **{"paused": True, **more})
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot, watch


def drawn(app) -> list[str]:
    picture = app.query_one(Picture)
    return [picture.render_line(y).text for y in range(picture.size.height)]


def text_of(app, where) -> str:
    return str(app.query_one(where, Static).content)


@pytest.mark.parametrize(
    ("keys", "start", "position"),
    [
        (["right"], 30, 35),
        (["left"], 30, 25),
        (["left"], 3, 0),
        (["right"], 158, 160),
        (["shift+right"], 30, 90),
        (["full_stop"], 30, 90),
        (["shift+left"], 90, 30),
        (["comma"], 30, 0),
        (["home"], 30, 0),
        (["end"], 30, 160),
        (["end", "g"], 30, 0),
        (["G"], 30, 160),
        (["n"], 0, 10),
        (["right_square_bracket", "n"], 0, 20),
        (["n", "n", "n"], 0, 20.5),
        (["n"], 30, 30),
        (["p"], 30, 20.5),
        (["left_square_bracket", "p"], 30, 20),
        (["p"], 5, 5),
    ],
)
async def test_a_key_moves_the_position_and_the_picture_with_it(record, keys, start, position):
    async with playing(record(), at=start) as (app, pilot, _):
        await pilot.press(*keys)
        assert app.position == pytest.approx(position)
        seconds = 59 if position >= 59 else int(position)
        expected = "done" if position == 160 else f"line {seconds}"
        assert plain_text(app.timeline.screen)[-1] == expected
        assert any(expected in line for line in drawn(app))


async def test_space_plays_and_pauses(record):
    async with playing(record()) as (app, pilot, watch):
        await pilot.press("space")
        watch.time += 12
        app.tick()
        assert (app.state, app.position) == (State.PLAYING, pytest.approx(12))
        assert "playing" in text_of(app, "#state")
        await pilot.press("space")
        watch.time += 12
        app.tick()
        assert (app.state, app.position) == (State.PAUSED, pytest.approx(12))
        assert "paused" in text_of(app, "#state")


async def test_at_the_end_it_stops_and_space_starts_again(record):
    async with playing(record(), at=159, paused=False) as (app, pilot, watch):
        for _ in range(2):
            watch.time += 5
            app.tick()
        assert (app.state, app.position) == (State.ENDED, 160)
        await pilot.press("space")
        assert (app.state, app.position) == (State.PLAYING, 0)


@pytest.mark.parametrize(
    ("key", "step"), [("less_than_sign", -1), ("greater_than_sign", 1), ("minus", -1), ("plus", 1)]
)
async def test_speed_keys_walk_the_table_and_stop_at_its_ends(record, key, step):
    async with playing(record()) as (app, pilot, watch):
        await pilot.press(key)
        assert app.rate == SPEEDS[SPEEDS.index(1.0) + step]
        assert f"{app.rate:g}x" in text_of(app, "#state")
        await pilot.press(*[key] * len(SPEEDS))
        assert app.rate == SPEEDS[0 if step < 0 else -1]
        await pilot.press("space")
        watch.time += 1
        app.tick()
        assert app.position == pytest.approx(app.rate)


async def test_the_idle_limit_skips_waiting_and_i_switches_it(record):
    async with playing(record(), at=59, idle_limit=3, paused=False) as (app, pilot, watch):
        watch.time += 2.5
        app.tick()
        assert app.position == pytest.approx(61.5)
        assert "idle ≤ 3 s" in text_of(app, "#state")
        await pilot.press("i")
        watch.time += 2.5
        app.tick()
        assert app.position == pytest.approx(64)
        assert "idle in full" in text_of(app, "#state")
        await pilot.press("i")
        app.tick()
        assert app.position == 160


async def test_the_list_shows_every_marker_with_icon_and_word_and_goes_there(record):
    async with playing(record()) as (app, pilot, _):
        panel = app.query_one(Panel)
        shown = "\n".join(str(panel.get_option_at_index(n).prompt) for n in range(panel.option_count))
        for part in ("✓ allowed", "ls -l", "✗ denied", "rm -rf /etc", "▒ masked", "secret shop/db"):
            assert part in shown
        await pilot.press("tab", "down", "down", "enter")
        assert app.position == 20.5
        await pilot.press("tab", "home")
        assert (panel.has_focus, panel.highlighted, app.position) == (False, 2, 0)


async def test_the_current_marker_is_named_and_highlighted(record):
    async with playing(record(), at=20) as (app, pilot, _):
        assert "✗ denied rm -rf /etc" in text_of(app, "#state")
        assert app.query_one(Panel).highlighted == 1
        await pilot.press("p")
        assert app.query_one(Panel).highlighted == 0


async def test_m_shows_and_hides_the_list_and_a_narrow_screen_starts_without(record):
    async with playing(record(), size=(80, 24)) as (app, pilot, _):
        panel = app.query_one(Panel)
        assert not panel.display
        await pilot.press("m")
        assert panel.display
        await pilot.press("tab", "m")
        assert not panel.display
        assert app.focused is None


async def test_f_leaves_only_the_picture_and_its_state(record):
    async with playing(record(), size=(80, 24)) as (app, pilot, _):
        before = app.query_one(Picture).size.height
        await pilot.press("f")
        assert app.query_one(Picture).size.height == before + 2
        await pilot.press("f")
        assert app.query_one(Picture).size.height == before


async def test_help_names_every_key_and_nothing_moves_behind_it(record):
    async with playing(record(), at=30, paused=False) as (app, pilot, watch):
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        shown = "\n".join(
            strip.text for strip in app.screen.query_one("#help").query_one(Static).render_lines(BOX)
        )
        assert all(key.shown in shown and key.what in shown for key in KEYS)
        watch.time += 5
        app.tick()
        await pilot.resize_terminal(60, 20)
        await pilot.press("escape")
        assert not isinstance(app.screen, Help)
        app.tick()
        assert app.position == pytest.approx(30)


@pytest.mark.parametrize("keys", ["up", "pageup", "h", "c"])
async def test_a_large_recording_is_scrolled_and_says_what_is_seen(record, keys):
    async with playing(record(cols=200, rows=60), size=(80, 24), at=160) as (app, pilot, _):
        picture = app.query_one(Picture)
        assert picture.scroll_y == picture.max_scroll_y
        assert f"rows {61 - picture.size.height}-60/60" in text_of(app, "#hints")
        await pilot.press("up", "l")
        assert (picture.max_scroll_y - picture.scroll_y, picture.scroll_x) == (1, 8)
        await pilot.press(keys)
        await pilot.pause()
        expected = {"up": (2, 8), "pageup": (11, 8), "h": (1, 0), "c": (0, 0)}[keys]
        assert (picture.max_scroll_y - picture.scroll_y, picture.scroll_x) == expected
        top = int(picture.scroll_y) + 1
        assert f"rows {top}-{top + picture.size.height - 1}/60" in text_of(app, "#hints")


async def test_what_was_scrolled_to_stays_in_view_while_playing(record):
    async with playing(record(rows=60), size=(80, 24), at=40, paused=False) as (app, pilot, watch):
        picture = app.query_one(Picture)
        await pilot.press("pageup")
        before = picture.scroll_y
        watch.time += 10
        app.tick()
        await pilot.pause()
        assert (picture.scroll_y, app.position) == (before, pytest.approx(50))
        await pilot.press("c")
        assert picture.scroll_y > before


async def test_a_recording_that_fits_is_shown_whole_in_a_frame(record):
    async with playing(record(cols=40, rows=10), at=5) as (app, _, _):
        rows = drawn(app)
        assert app.query_one(Picture).hidden == ""
        first = next(n for n, row in enumerate(rows) if "line 0" in row)
        assert rows[first].strip().startswith("▕line 0")
        assert rows[first - 1].strip() == "▁" * 40
        assert rows[first + 10].strip() == "▔" * 40


async def test_an_80_column_recording_fits_80_columns(record):
    async with playing(record(), size=(80, 24), at=5) as (app, _, _):
        assert app.query_one(Picture).size.width == 80
        assert "columns" not in text_of(app, "#hints")


async def test_a_click_on_the_bar_goes_there(record):
    async with playing(record()) as (app, pilot, _):
        bar = app.query_one(Bar)
        await pilot.click(Bar, offset=(bar.region.width // 2, 0))
        assert app.position == pytest.approx(80, abs=3)


async def test_the_bar_shows_markers_with_their_icons_and_the_weightier_on_top(record):
    async with playing(record(), at=100) as (app, _, _):
        text = str(app.query_one(Bar).render())
        assert text.count("✓") == 1
        assert text.count("✗") + text.count("▒") <= 2
        assert "✗" in text
        assert "█" in text


async def test_a_torn_recording_plays_up_to_the_tear_and_says_so(record):
    path = record()
    path.write_bytes(path.read_bytes()[:-10])
    async with playing(path, at=1000) as (app, _, _):
        assert "Torn: the last" in text_of(app, "#notice")
        assert app.query_one("#notice").display
        assert "no exit recorded" in text_of(app, "#title")
        assert app.position == 160


async def test_recorded_sequences_never_reach_the_reviewers_terminal(tmp_path):
    from recorder.cast import Recording

    evil = "\x1b]52;c;ZXZpbA==\x07\x1b[6n\x1bP$q\x1b\\\u202edesrever\x9b31m"
    recording = Recording.create(tmp_path / "e.cast", term=(80, 24, ""), wall=0, at=0.0, title=evil)
    recording.output(1.0, evil.encode())
    recording.marker(1.0, f"denied: {evil}")
    recording.exit(2.0, 0)
    async with playing(tmp_path / "e.cast", at=2) as (app, _, _):
        panel = str(app.query_one(Panel).get_option_at_index(0).prompt).replace("\n", "")
        shown = [*drawn(app), text_of(app, "#title"), text_of(app, "#state"), panel]
        assert all(line.isprintable() for line in shown)
        assert any("desrever" in line for line in shown)


async def test_a_long_way_is_gone_over_several_frames(record, monkeypatch):
    async with playing(record()) as (app, _, watch):
        steps = iter([10.0, 20.0])

        def approach(_: float):
            for step in steps:
                watch.time += 1
                yield step

        monkeypatch.setattr(app.timeline, "approach", approach)
        app.action_finish()
        assert "seeking" in text_of(app, "#state")
        app.tick()
        assert "seeking" in text_of(app, "#state")
        app.tick()
        assert "paused" in text_of(app, "#state")
