"""Lines of text: what a reviewer is told of a recording."""

from __future__ import annotations

from recorder.asciicast import Event, Gap, Header
from recorder.timeline import outline
from tui.player.lines import notices, title
from tui.player.loaded import load


def test_a_whole_recording_has_a_title_and_no_warning(record):
    loaded = load(record())
    assert notices(loaded.outline) == []
    heading = title(loaded.reader.header, loaded.outline)
    assert heading == "alice → shop/web-0 · 2023-11-14 22:13:20 UTC · 80x24 · exit 3"


def test_a_title_says_that_there_was_no_terminal_and_no_exit():
    assert (
        title(Header(80, 24, command="ls", pty=False), outline([]))
        == "ls · 80x24 no terminal · no exit recorded"
    )


def test_every_thing_that_is_missing_has_a_line():
    events = [Event(1, "o", "x"), Gap(2, 5, 9, "bad"), Gap(3, 9, 12, "torn", torn=True)]
    torn, unread, fault = notices(outline(events), faults=1)
    assert "the last 3 bytes" in torn
    assert "1 line cannot be read" in unread
    assert "00:02" in unread
    assert "gave up" in fault
