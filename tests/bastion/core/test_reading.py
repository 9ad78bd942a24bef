"""Reading: one text at a time, each parsed before the next is asked for."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from acting import POD, parsed, patterns

from bastion.core.argv import Carried
from bastion.core.opening import TOO_LONG, Place
from bastion.core.reading import Reading
from bastion.core.script import MAX_UNIT
from bastion.core.shell.facts import Line
from bastion.model.effects import Edit, Parse
from bastion.model.refusal import Refusal
from bastion.model.request import Mode

PLACE = Place(POD, patterns(), (), "", "", "wait", dry_run=False, notices=())


def read(reading, text, **more):
    return reading.parsed(replace(parsed(text), **more), PLACE, Carried("/app"), "null")


def test_a_line_is_parsed_once_and_then_nothing_comes():
    reading = Reading(Mode.EXEC, b"echo a; echo b", str)
    assert reading.next("bash") == [Parse(b"echo a; echo b", "bash")]
    assert not reading.waits
    found = read(reading, b"echo a; echo b")
    assert isinstance(found, Line)
    assert len(found.units) == 2
    assert reading.next("bash") is None


def test_several_statements_of_a_script_come_one_by_one_and_can_be_dropped():
    reading = Reading(Mode.SCRIPT, b"", str)
    assert reading.next("posix") == []
    assert reading.sent(b"echo a; echo b; echo c\n")
    [asked] = reading.next("posix")
    assert read(reading, asked.text) == [Parse(b"echo a", "posix")]
    assert isinstance(read(reading, b"echo a"), Line)
    assert reading.next("posix") == [Parse(b"echo b", "posix")]
    reading.drop()
    assert reading.next("posix") == []


def test_while_a_text_is_parsed_no_input_is_wanted_and_another_answer_is_none():
    reading = Reading(Mode.SCRIPT, b"", str)
    reading.sent(b"echo a\n")
    reading.next("posix")
    assert not reading.waits
    assert not reading.sent(b"echo b\n")
    assert not reading.ended()
    assert read(reading, b"echo z") == []
    assert isinstance(read(reading, b"echo a\n"), Line)
    assert read(reading, b"echo a\n") == []


def test_the_editor_goes_on_with_an_unfinished_text():
    reading = Reading(Mode.INTERACTIVE, b"", lambda: "$ ")
    assert reading.entered("too early") == []
    assert reading.next("posix") == [Edit("$ ")]
    assert reading.editing
    assert reading.entered("if true") == [Parse(b"if true", "posix")]
    assert read(reading, b"if true") == [Edit("> ", "if true")]
    assert reading.waits


@pytest.mark.parametrize("mode", [Mode.EXEC, Mode.SCRIPT])
def test_what_cannot_be_read_is_a_refusal(mode):
    reading = Reading(mode, b"fi", str)
    reading.sent(b"fi\n")
    [asked] = reading.next("posix")
    assert isinstance(read(reading, asked.text), Refusal)
    assert isinstance(read(Reading(mode, b"", str), b"fi"), list)


def test_a_tree_that_is_missing_is_never_an_empty_text():
    reading = Reading(Mode.EXEC, b"echo a", str)
    reading.next("posix")
    assert isinstance(read(reading, b"echo a", tree=None), Refusal)


def test_a_script_that_ends_inside_a_statement_is_a_refusal():
    reading = Reading(Mode.SCRIPT, b"", str)
    reading.sent(b"if true\n")
    reading.next("posix")
    assert reading.ended() is False
    found = read(reading, b"if true\n")
    assert isinstance(found, Refusal)
    assert "ends too early" in found.text


def test_a_text_that_is_too_long_is_not_parsed():
    assert Reading(Mode.EXEC, b"x" * (MAX_UNIT + 1), str).next("posix") is TOO_LONG
