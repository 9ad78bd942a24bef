"""The line editor, seen by a terminal model."""

import time

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES

from bastion.model.request import Size
from bastion.ssh.editor import KEYS_AT_ONCE, MAX_UNDO, LineEditor
from bastion.ssh.editor_layout import Aborted, Entered

UP, LEFT, HOME = b"\x1b[A", b"\x1b[D", b"\x01"


class Desk:
    """An editor and the terminal that it draws on."""

    def __init__(self, cols=40, rows=10, limit=65536):
        self.editor = LineEditor(Size(cols, rows), "xterm", limit)
        self.screen = pyte.Screen(cols, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.drawn = b""

    def start(self, prompt="$ ", before=""):
        self.editor.start(prompt, before)
        return self.look()

    def type(self, data):
        """Feed everything up to the end of the line; gives what is left."""
        while data and self.editor.outcome is None:
            taken = self.editor.feed(data)
            if not taken:
                break
            data = data[taken:]
        self.look()
        return data

    def look(self):
        drawn = self.editor.take()
        self.drawn += drawn
        self.stream.feed(drawn)
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def line(self, data, prompt="$ ", before=""):
        self.start(prompt, before)
        left = self.type(data)
        return self.editor.outcome, left


@pytest.fixture(name="desk")
def _desk():
    return Desk()


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (b"ls -l\r", "ls -l"),
        (b"ls\n", "ls"),
        (b"b" + LEFT + b"a\r", "ab"),
        (b"world" + HOME + b"hello \r", "hello world"),
        (b"abc def\x17x\r", "abc x"),
        (b"abc\x15\r", ""),
        (b"abc\x01\x0bxy\x19\r", "xyabc"),
        (b"one two\x1bbX\r", "one Xtwo"),
        (b"ab\x7f\x7f\r", ""),
        ("日本語\x7fé\r".encode(), "日本é"),
        (b"\x1b[200~ls\nrm x\n\x1b[201~\r", "ls\nrm x"),
        (b"a\tb\r", "ab"),
        (b"a\x1ab\r", "ab"),
        (b"\x1b[1;1Ra\x1b[<0;1;1Mb\r", "ab"),
    ],
)
def test_keys_edit_the_line(desk, typed, text):
    assert desk.line(typed) == (Entered(text), b"")


def test_what_is_typed_stands_behind_the_prompt(desk):
    desk.start("shop/web-0 $ ")
    desk.type(b"echo hi" + LEFT)
    assert desk.look() == ["shop/web-0 $ echo hi"]
    assert (desk.screen.cursor.x, desk.screen.cursor.y) == (19, 0)
    desk.type(b"\r")
    assert (desk.screen.cursor.x, desk.screen.cursor.y) == (0, 1)


def test_input_after_the_key_that_ends_the_line_is_not_touched(desk):
    assert desk.line(b"one\rtwo\rthree") == (Entered("one"), b"two\rthree")
    assert desk.line(b"\x03rm x\r") == (Aborted("interrupt"), b"rm x\r")


def test_a_paste_is_shown_and_waits_for_enter(desk):
    desk.start()
    desk.type(b"\x1b[200~a\nb\nc\x1b[201~")
    assert desk.editor.outcome is None
    assert desk.look() == ["$ a", "> b", "> c"]


def test_interrupt_and_eof(desk):
    assert desk.line(b"half\x03")[0] == Aborted("interrupt")
    assert desk.line(b"\x04")[0] == Aborted("eof")
    assert desk.line(b"ab" + HOME + b"\x04\r")[0] == Entered("b")
    desk.start()
    desk.editor.stop()
    assert desk.editor.outcome == Aborted("eof")


def test_history_and_incremental_search(desk):
    for text in (b"make test", b"git status", b"git status", b"ls"):
        desk.line(text + b"\r")
    assert desk.line(UP + UP + b"\r")[0] == Entered("git status")
    assert desk.line(b"\x12mak\r\r")[0] == Entered("make test")
    assert desk.line(UP + UP + b"\x1b[B\r")[0] == Entered("make test")
    assert list(desk.editor._history).count("git status") == 2


def test_a_continued_text_is_one_history_entry(desk):
    desk.line(b"for i in 1 2; do\r")
    assert desk.line(b"echo $i; done\r", "> ", "for i in 1 2; do")[0] == Entered("echo $i; done")
    assert desk.line(UP + b"\r")[0] == Entered("for i in 1 2; do\necho $i; done")


def test_a_resize_in_mid_line_draws_the_line_again(desk):
    desk.start()
    desk.type(b"0123456789" * 3)
    desk.screen.resize(lines=10, columns=20)
    desk.editor.resize(Size(20, 10))
    assert "".join(desk.look()[-2:]).endswith("$ " + "0123456789" * 3)


def test_several_editors_do_not_disturb_one_another():
    desks = [Desk() for _ in range(5)]
    for number, desk in enumerate(desks):
        desk.start(f"{number}> ")
    for step in range(4):
        for number, desk in enumerate(desks):
            desk.type(f"{number}{step}".encode())
    for number, desk in enumerate(desks):
        desk.type(b"\r")
        assert desk.editor.outcome == Entered("".join(f"{number}{step}" for step in range(4)))
        assert desk.look()[0] == f"{number}> {desk.editor.outcome.text}"


def test_the_terminal_is_never_asked_where_its_cursor_is(desk):
    desk.line(b"x\x0cy\x12z\x07\r")
    desk.editor.resize(Size(10, 3))
    assert b"\x1b[6n" not in desk.drawn


def test_texts_repeats_and_undo_are_bounded():
    desk = Desk(limit=200)
    desk.start()
    desk.type(b"\x1b[200~" + b"x" * 201 + b"\x1b[201~")
    assert not desk.editor._line.text
    desk.type(b"y" * 150)
    desk.type(b"z" * 150)
    assert desk.editor._line.text == "y" * 150
    desk.type(b"\x1b9\x1b9\x1b9\x1b9w")
    assert len(desk.editor._line.text) == 200
    desk.type(b"\x01\x0b" + b"\x19" * 20)
    assert len(desk.editor._line.text) == 200
    desk.type(b" \x7f" * 200)
    assert len(desk.editor._line._undo_stack) <= MAX_UNDO
    for _ in range(700):
        desk.editor._remember(str(time.monotonic_ns()))
    assert len(desk.editor._history) == 500


def test_one_step_handles_a_bounded_number_of_keys(desk):
    desk.start()
    assert desk.editor.feed(b"\x01" * 10_000) == KEYS_AT_ONCE


KEYS = [s.encode("latin-1") for s in ANSI_SEQUENCES if s.isascii()]
INPUT = st.lists(
    st.one_of(st.sampled_from(KEYS), st.text(max_size=5).map(lambda t: t.encode("utf-8", "replace")))
)


@settings(max_examples=60, deadline=None)
@given(INPUT)
def test_no_input_breaks_the_editor(units):
    desk = Desk(cols=10, rows=4, limit=500)
    data = b"".join(units)
    for _ in range(len(data) + 1):
        desk.start()
        left = desk.type(data)
        if desk.editor.outcome is None or left == data:
            break
        data = left
    if desk.editor.outcome is None:
        desk.editor.stop()
    assert desk.editor.outcome is not None
