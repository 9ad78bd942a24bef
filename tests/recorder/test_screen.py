"""The picture: the same cells from both engines, safe to draw, and the same again from a keyframe."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from recorder.screen import COLS_MAX, ENGINES, ROWS_MAX, Pen, Span, open_screen, plain_text, printable

ENGINE = pytest.mark.parametrize("engine", ENGINES)
TEXTS = (
    "ab",
    "世界",
    "👩👩👩",
    "é",
    "e\u0301",
    "\u200d",
    "\ufe0f",
    "\u202e",
    "\u3000",
    "\xa0",
    "\ue0b0",
    "🟩" * 9,
)
CONTROLS = (
    "\n", "\r", "\t", "\b", "\x0e", "\x0f", "\x7f", "\x85", "\x9b", "\x00", "\x1b7", "\x1b8", "\x1bM",
    "\x1bc", "\x1b(0", "\x1b[?1049h", "\x1b[?1049l", "\x1b[?6h", "\x1b[?7l", "\x1b[4h", "\x1b[?25l",
    "\x1b[?4m", "\x1b]0;t\x07", "\x1bP1$r\x1b\\",
)  # fmt: skip
NUMBERS = st.sampled_from(["", "0", "1", "2", "5", "31", "38;5;300", "48;2;1;2;3", "99999", "4294967296"])
SEQUENCES = st.builds(
    "\x1b[{}{}{}".format,
    st.sampled_from(["", "?", ">"]),
    NUMBERS,
    st.sampled_from("ABCDEFGHJKLMPSTXZ@`abcdefghlmnprsu"),
)
FEEDS = st.lists(st.sampled_from(TEXTS) | st.sampled_from(CONTROLS) | SEQUENCES, max_size=40)


def lines(screen):
    return [screen.line(row) for row in range(screen.size[1])]


@ENGINE
def test_text_and_attributes_stand_in_cells(engine):
    screen = open_screen(20, 3, engine)
    screen.feed("\x1b[1;31mred\x1b[0m \x1b[38;2;1;2;3;48;5;200;7mx\x1b[0m\r\n世界")
    assert screen.line(0)[:3] == [
        Span("red", 3, Pen(fg=1, bold=True)),
        Span(" ", 1),
        Span("x", 1, Pen((1, 2, 3), screen.line(0)[2].pen.bg, inverse=True)),
    ]
    assert plain_text(screen) == ["red x", "世界"]
    assert (screen.cursor.row, screen.cursor.col, screen.cursor.visible) == (1, 4, True)


@ENGINE
def test_a_resize_changes_the_size_and_keeps_the_text(engine):
    screen = open_screen(20, 3, engine)
    screen.feed("kept")
    screen.resize(30, 5)
    assert (screen.size, plain_text(screen)) == ((30, 5), ["kept"])


@ENGINE
@pytest.mark.parametrize("size", [(0, 0), (1, 1), (65535, 65535), (-3, 2)])
def test_a_size_that_no_terminal_has_is_clamped(engine, size):
    screen = open_screen(*size, engine)
    screen.feed("世x\r\n")
    screen.resize(*size)
    screen.feed("世x")
    assert 2 <= screen.size[0] <= COLS_MAX
    assert 1 <= screen.size[1] <= ROWS_MAX
    assert screen.faults == 0


@settings(max_examples=250, deadline=None)
@given(FEEDS, st.sampled_from(ENGINES), st.sampled_from([(2, 1), (5, 3), (80, 24)]))
def test_whatever_is_fed_every_row_is_printable_and_as_wide_as_the_screen(feeds, engine, size):
    screen = open_screen(*size, engine)
    for text in feeds:
        screen.feed(text)
    for row in lines(screen):
        assert sum(span.width for span in row) == size[0]
        assert all(span.text.isprintable() for span in row)
        assert not [c for span in row for c in span.text if unicodedata.category(c) in {"Cf", "Cc", "Co"}]
    assert 0 <= screen.cursor.col < size[0]


@settings(max_examples=250, deadline=None)
@given(FEEDS, FEEDS, st.sampled_from([(5, 3), (80, 24)]))
def test_a_keyframe_is_the_same_picture_and_independent_of_what_follows(feeds, later, size):
    screen = open_screen(*size)
    for text in feeds:
        screen.feed(text)
    draw, before, cursor = screen.keyframe(), lines(screen), screen.cursor
    for text in later:
        screen.feed(text)
    if draw is not None:
        again = draw()
        assert (lines(again), again.cursor, again.size) == (before, cursor, size)


@ENGINE
@pytest.mark.parametrize(
    "text", ["plain\r\n\x1b[32mgreen", "世" * 7 + " " + "🟩" * 5 + " x", "\x1b[?25lhidden"]
)
def test_usual_pictures_have_a_keyframe(engine, text):
    screen = open_screen(40, 4, engine)
    screen.feed(text)
    draw = screen.keyframe()
    assert draw is not None
    again = draw()
    assert lines(again) == lines(screen)
    again.feed("more")
    assert lines(draw()) == lines(screen)


@ENGINE
def test_combining_marks_keep_the_columns_behind_them(engine):
    screen = open_screen(20, 1, engine)
    screen.feed("e\u0301\x1b[10Gx")
    (span,) = screen.line(0)
    text = unicodedata.normalize("NFC", span.text)
    assert text.startswith("é")
    assert cell_len(text[: text.index("x")]) == 9


@ENGINE
def test_a_zero_width_character_hides_nothing_behind_it(engine):
    screen = open_screen(40, 1, engine)
    screen.feed("pre\u200b\ufeff\u200dSECRET")
    assert "SECRET" in plain_text(screen)[0]


class PanicException(BaseException):
    """What a Rust panic looks like from Python."""


@pytest.mark.parametrize(("engine", "error"), [("avt", PanicException), ("pyte", IndexError)])
def test_an_engine_that_gives_up_is_blanked_and_counted(engine, error, monkeypatch):
    class Broken:
        size = (20, 3)

        def feed_str(self, _: str) -> None:
            raise error

        feed = feed_str

    screen = open_screen(20, 3, engine)
    screen.feed("before")
    monkeypatch.setattr(screen, "_vt" if engine == "avt" else "_stream", Broken())
    screen.feed("x")
    assert (screen.faults, plain_text(screen)) == (1, [])
    screen.feed("after")
    assert plain_text(screen) == ["after"]


def test_other_exceptions_are_not_swallowed(monkeypatch):
    class Stopped:
        size = (20, 3)

        def feed_str(self, _: str) -> None:
            raise KeyboardInterrupt

    screen = open_screen(20, 3, "avt")
    monkeypatch.setattr(screen, "_vt", Stopped())
    with pytest.raises(KeyboardInterrupt):
        screen.feed("x")


def test_a_label_becomes_one_harmless_line():
    assert printable("a\x1b]0;x\x07\nb\u202e\xa0c") == "a\ufffd]0;x\ufffd⏎b\ufffd c"
