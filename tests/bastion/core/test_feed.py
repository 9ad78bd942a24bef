"""Texts come out the same however the script came in."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.feed import Feed, Then
from bastion.core.script import MAX_UNIT, Script
from bastion.model.effects import Edit
from bastion.model.request import Mode


def taken(pieces):
    script, texts = Script(), []
    for piece in pieces:
        script.feed(piece)
        while (text := script.take()) is not None:
            texts.append(text)
    script.end()
    while (text := script.take()) is not None:
        texts.append(text)
    return texts, script.ended


@given(st.binary(max_size=300), st.lists(st.integers(0, 50), max_size=20))
@settings(max_examples=200)
def test_the_texts_depend_on_the_script_and_never_on_its_pieces(data, cuts):
    pieces, rest = [], data
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    assert taken([*pieces, rest]) == taken([data])
    assert b"".join(taken([data])[0]) == data


def test_an_incomplete_statement_goes_on_with_the_next_line():
    feed = Feed(Mode.SCRIPT, b"", str)
    feed.sent(b"if true\nthen echo x; fi\n")
    first = feed.next()
    assert first == b"if true\n"
    assert feed.incomplete(first) is True
    assert feed.next() == b"if true\nthen echo x; fi\n"
    assert feed.next() is Then.WAIT


def test_a_script_that_ends_inside_a_statement_is_cut():
    feed = Feed(Mode.SCRIPT, b"", str)
    feed.sent(b"echo 'x\n")
    feed.ended()
    feed.incomplete(feed.next())
    assert feed.next() is Then.CUT


def test_a_line_without_an_end_is_given_when_it_is_too_long():
    script = Script()
    script.feed(b"x" * (MAX_UNIT + 1))
    assert len(script.take()) == MAX_UNIT + 1


def test_a_script_stops_asking_when_much_is_waiting():
    feed = Feed(Mode.SCRIPT, b"", str)
    assert feed.hungry
    feed.sent(b"\n" * 200_000)
    assert not feed.hungry


def test_the_editor_is_asked_again_until_the_client_ends():
    feed = Feed(Mode.INTERACTIVE, b"", lambda: "$ ")
    assert feed.next() == Edit("$ ")
    assert feed.incomplete(b"for x in 1") == Edit("> ", "for x in 1")
    feed.ended()
    assert feed.next() is Then.END


def test_an_exec_has_one_text():
    feed = Feed(Mode.EXEC, b"ls", str)
    assert (feed.next(), feed.next()) == (b"ls", Then.END)
    assert feed.incomplete(b"ls") is False
