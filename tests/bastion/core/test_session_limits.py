"""What a session does not take: screens that nobody can mask, requests that are full, keys typed ahead."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from acting import PTY, Play, agent, exec_line, run, shell

from bastion.core.masking.grid import MAX_COLS, MAX_ROWS
from bastion.model import effects as do
from bastion.model import events as ev
from bastion.model.refusal import Refusal
from bastion.model.request import Mode, Request, Size

FULL = Refusal("too-many-approvals", "too many approvals are pending", "withdraw some", 75)
TOO_LARGE = [Size(MAX_COLS + 1, 24), Size(80, MAX_ROWS + 1), Size(2000, 2000)]


@pytest.mark.parametrize("size", TOO_LARGE)
def test_a_terminal_with_cells_that_cannot_be_masked_opens_nothing(size):
    play = Play(Request(Mode.INTERACTIVE, pty=replace(PTY, size=size)))
    assert not play.of(do.Resolve)
    assert play.exit.status == 65
    assert "500 rows and 1000 columns" in play.said("out")


@pytest.mark.parametrize("size", TOO_LARGE)
def test_a_terminal_that_grows_too_large_ends_what_runs(size):
    play = shell()
    play.line("cat")
    play.opened()
    play.send(ev.ClientResized(1.0, size))
    assert do.KillPod() in play.last
    assert not play.of(do.ResizePod, play.last)
    assert play.exit.status == 65


def test_the_largest_terminal_is_taken():
    play = Play(Request(Mode.INTERACTIVE, pty=replace(PTY, size=Size(MAX_COLS, MAX_ROWS))))
    play.ready()
    play.send(ev.ClientResized(1.0, Size(MAX_COLS, 24)))
    assert not play.session.over


def test_a_request_that_the_queue_does_not_take_refuses_its_line_only():
    play = shell()
    play.line("rm -r /data/x; echo after")
    play.answer(ev.Refused(1.0, FULL))
    assert "too many approvals are pending" in play.said("out")
    assert play.notes("approval.unfiled") == [{"approval": play.asked.id, "code": "too-many-approvals"}]
    assert isinstance(play.last[-1], do.Edit)
    assert not play.scripts
    play.line("echo other")
    assert len(play.scripts) == 1


@pytest.mark.parametrize("who", [None, agent()])
def test_a_request_that_the_queue_does_not_take_ends_a_single_command(who):
    play = run("rm -r /data/x", who)
    play.send(ev.Refused(1.0, FULL))
    assert play.exit.status == 75
    assert "too many approvals are pending" in play.said()


def test_keys_that_came_before_the_editor_are_told_and_never_run():
    play = shell()
    play.send(ev.ClientSent(1.0, b"rm -r /data\r"))
    assert play.said("out").count("12 typed bytes were dropped") == 1
    assert not play.of(do.Parse)[1:]
    assert not play.scripts


def test_keys_that_came_before_a_program_was_up_are_told_once_when_it_ends():
    play = shell()
    play.line("cat")
    play.send(ev.ClientSent(1.0, b"one\r"), ev.ClientSent(1.0, b"two\r"))
    assert "dropped" not in play.said("out")
    play.exits(0)
    assert play.said("out").count("8 typed bytes were dropped") == 1
    play.line("true")
    play.exits(0)
    assert play.said("out").count("dropped") == 1


def test_keys_that_came_while_an_approval_was_waited_for_are_told():
    play = shell()
    play.line("rm -r /data/x")
    play.filed()
    play.send(ev.ClientSent(1.0, b"ls\r"))
    play.settled("denied", reason="no")
    assert "3 typed bytes were dropped" in play.said("out")
    assert not play.scripts


def test_keys_that_a_program_was_given_are_not_told():
    play = shell()
    play.line("cat")
    play.opened()
    assert do.SendPod(b"x\r") in play.send(ev.ClientSent(1.0, b"x\r"))
    play.answer(ev.PodExited(1.0, 0))
    assert "dropped" not in play.said("out")


def test_a_script_is_no_typing_ahead():
    play = Play(exec_line("cat"))
    play.ready()
    play.opened()
    assert do.SendPod(b"x") in play.send(ev.ClientSent(1.0, b"x"))


def unread(play, count):
    """The mark that the shell prints about keys that nothing read."""
    nonce = play.grants[-1].argv[-1].rpartition("printf '\\036%s+%d\\036' ")[2].split()[0]
    return b"\x1e%s+%d\x1e" % (nonce.encode(), count)


@pytest.mark.parametrize("line", ["sleep 1", "cd /usr; sleep 1"])
def test_keys_that_a_program_was_given_and_did_not_read_are_told_once_and_never_run(line):
    play = shell()
    play.line(line)
    if line.startswith("cd"):
        play.exits(0, cwd="/usr")
    play.opened()
    play.send(ev.ClientSent(1.0, b"rm -r /data\r"))
    for byte in b"rm -r /data\r\n" + unread(play, 12):
        play.send(ev.PodSent(1.0, "out", bytes([byte])))
    runs = len(play.scripts)
    play.answer(ev.PodExited(1.0, 0))
    assert play.said("out").count("12 typed bytes were dropped") == 1
    assert "\x1e" not in play.said("out")
    assert len(play.scripts) == runs
    assert isinstance(play.last[-1], do.Edit)


def test_only_a_shell_on_a_terminal_counts_keys():
    assert "stty -icanon" not in run("sleep 1").scripts[0]
    assert "stty -icanon" not in run("sleep 1", pty=PTY).scripts[0]
