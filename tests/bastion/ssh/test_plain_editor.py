"""The reader for secrets and plain terminals."""

import pytest

from bastion.ssh.editor_layout import Aborted, Entered
from bastion.ssh.plain_editor import PlainEditor


def run(data, *, echo, limit=100):
    editor = PlainEditor(limit, echo=echo)
    editor.start("code: ", "")
    taken = editor.feed(data)
    return editor.outcome, data[taken:], editor.take()


def test_nothing_that_is_typed_is_drawn_without_echo():
    outcome, left, drawn = run(b"12x\x7f3456\r78\r", echo=False)
    assert (outcome, left, drawn) == (Entered("123456"), b"78\r", b"code: \r\n")


def test_with_echo_it_is_drawn_and_erased():
    assert run(b"ab\x7fc\r", echo=True)[2] == b"code: ab\b \bc\r\n"
    assert run(b"ab\x15c\r", echo=True)[0] == Entered("c")


@pytest.mark.parametrize(("key", "why"), [(b"\x03", "interrupt"), (b"\x04", "eof")])
def test_it_can_be_left(key, why):
    assert run(key + b"rest", echo=False)[:2] == (Aborted(why), b"rest")


def test_eof_counts_on_an_empty_line_only_and_a_cursor_key_is_nothing():
    assert run(b"1\x04\x1b[A2\r", echo=False)[0] == Entered("12")


def test_the_text_is_bounded_and_a_paste_counts():
    assert run(b"9" * 500 + b"\r", echo=False)[0] == Entered("9" * 100)
    assert run(b"\x1b[200~12\x1b[201~3\r", echo=False)[0] == Entered("123")


def test_the_end_of_input_leaves_it():
    editor = PlainEditor(10, echo=False)
    editor.start("", "")
    editor.feed(b"12")
    editor.stop()
    assert editor.outcome == Aborted("eof")
    assert "12" not in repr(vars(editor))
