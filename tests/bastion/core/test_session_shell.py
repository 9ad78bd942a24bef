"""The guarded shell as traces: lines, what is left of them, and keys."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from acting import PTY, SECRET, Play, shell

from bastion.model import effects as do
from bastion.model import events as ev
from bastion.model.request import Mode, Request


def test_the_editor_starts_and_what_it_draws_is_masked():
    play = shell()
    assert play.last[-1] == do.Edit("alice@shop/web-0:/app$ ")
    play.send(ev.EditorDrew(1.0, f"echo {SECRET}\r\n".encode()), ev.LineAborted(1.0, "eof"))
    assert SECRET not in play.said("out")
    assert "echo" in play.said("out")


def test_a_directory_with_control_characters_does_not_drive_the_terminal():
    play = Play(Request(Mode.INTERACTIVE, pty=PTY))
    play.ready(cwd="/app\x1b[2J")
    assert play.of(do.Edit)[0].prompt == "alice@shop/web-0:/app\\x1b[2J$ "


def test_a_denied_part_of_a_line_drops_its_rest_and_the_shell_goes_on():
    play = shell()
    play.line("touch /etc/x; echo after")
    assert isinstance(play.last[-1], do.Edit)
    assert not play.scripts
    play.line("echo other")
    assert len(play.scripts) == 1


def test_parts_after_a_failed_command_still_run_as_a_shell_does():
    play = shell()
    play.line("false; echo after")
    play.exits(1)
    assert len(play.scripts) == 2


@pytest.mark.parametrize("text", ["echo 'x", "if true", "cat <<E"])
def test_an_unfinished_line_asks_for_more(text):
    play = shell()
    play.line(text)
    assert play.last[-1] == do.Edit("> ", text)


def test_a_malformed_line_is_told_and_the_shell_goes_on():
    play = shell()
    play.line("fi")
    assert isinstance(play.last[-1], do.Edit)
    assert not play.session.over


def test_eof_on_an_empty_line_ends_with_the_last_status():
    play = shell()
    play.line("false")
    play.exits(1)
    play.send(ev.LineAborted(1.0, "eof"))
    assert play.exit.status == 1


def test_exit_ends_the_shell():
    play = shell()
    play.line("exit 3")
    play.opened()
    play.send(ev.PodExited(1.0, 3))
    assert play.exit.status == 3


def test_an_interrupt_starts_a_new_line():
    play = shell()
    assert isinstance(play.send(ev.LineAborted(1.0, "interrupt"))[-1], do.Edit)


def test_keys_reach_a_running_program_and_not_one_that_is_not_up_yet():
    play = shell()
    play.line("cat")
    assert not play.session.wants_input
    assert play.send(ev.ClientSent(1.0, b"early")) == []
    play.opened()
    assert play.session.wants_input
    assert play.send(ev.ClientSent(1.0, b"x")) == [do.SendPod(b"x")]


def test_a_parse_is_not_answered_by_another_text():
    play = Play(Request(Mode.INTERACTIVE, pty=PTY))
    play.ready()
    play.send(ev.LineEntered(1.0, "echo one"))
    assert play.send(ev.Parsed(1.0, b"echo two", {"Type": "File"})) == []
    assert not play.session.wants_input
