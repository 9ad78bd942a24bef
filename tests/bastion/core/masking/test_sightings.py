"""A terminal's mask events: each stretch once, whether it was appended or drawn, with its place."""

from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.terminal import TerminalMasker
from bastion.model.masks import KnownValue

VALUE = b"vK8pQz3LmN7xRt5WyB2cD9fGhJ4sA6eU"


def run(*pieces):
    masker, events = TerminalMasker(compile_patterns([KnownValue("s", VALUE)]), 80, 24), []
    for number, piece in enumerate(pieces):
        events += masker.feed(piece, float(number)).events
        if masker.deadline is not None:
            events += masker.tick(masker.deadline + 0.001).events
    return events + list(masker.close(99.0).events)


def test_appended_text_is_one_event_with_the_text_that_was_masked():
    (event,) = run(b"k: " + VALUE + b" end\r\n")
    assert (event.source, event.offset, event.length, event.text) == ("s", 7, 28, VALUE[4:])


def test_a_drawn_value_has_its_row_and_column_and_a_redraw_is_no_event():
    events = run(b"\x1b[2J\x1b[5;11H" + VALUE, b"\x1b[5;11H" + VALUE, b"\x1b[9;1Hmore")
    assert [(event.row, event.column, event.length) for event in events] == [(4, 14, 28)]


def test_what_was_told_as_appended_is_not_told_again_when_the_screen_is_built():
    events = run(b"k: " + VALUE + b" end\r\n", b"\x1b[10;1Hx")
    assert len(events) == 1
