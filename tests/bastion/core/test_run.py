"""One exec: nothing before it is up, everything until it ends, and what it carries out."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from acting import patterns

from bastion.core.argv import Carried
from bastion.core.output import Output
from bastion.core.run import Run
from bastion.model import effects as do
from bastion.model.events import PodExited, PodFailed, PodOpened, PodSent
from bastion.model.refusal import Refusal
from bastion.model.request import Size

NONCE = "n" * 32
STATE = b"\x1e%s:0\x1e/usr\n\x1eA=1\0\x1eA=2\0\x1e%s\x1e" % (NONCE.encode(), NONCE.encode())


def made(nonce="", *, attached=True, size=None):
    return Run("u", Output(patterns(), None), nonce=nonce, attached=attached, size=size)


@pytest.mark.parametrize("attached", [True, False])
def test_input_goes_to_a_program_that_is_up_and_attached(attached):
    run = made(attached=attached)
    assert run.typed(b"x") == run.input_ended() == []
    run.opened(PodOpened(0.0, "u"), None, input_ended=False)
    assert bool(run.typed(b"x")) == bool(run.input_ended()) == attached


def test_another_units_opening_is_not_this_ones():
    run = made()
    assert run.opened(PodOpened(0.0, "other"), None, input_ended=True) == []
    assert not run.up


def test_what_happened_meanwhile_is_passed_on_once_it_is_up():
    run = made(size=Size(80, 24))
    opened = run.opened(PodOpened(0.0, "u"), Size(90, 24), input_ended=True)
    assert opened == [do.ResizePod(Size(90, 24)), do.EndPodInput()]


def test_the_state_is_read_and_not_shown():
    run = made(NONCE)
    shown = [*run.sent(PodSent(0.0, "out", b"hi\n" + STATE[:20])), *run.sent(PodSent(0.0, "out", STATE[20:]))]
    effects, ran = run.exited(PodExited(0.0, 0), Carried("/app"), ("set -e",))
    assert [each.data for each in [*shown, *effects] if isinstance(each, do.Deliver)] == [b"hi\n"]
    assert (ran.carried, ran.over) == (Carried("/usr", "/app", {"A": "2"}, options=("set -e",)), False)


@pytest.mark.parametrize(("output", "status", "line"), [(b"", 5, False), (STATE[:40], 255, True)])
def test_a_shell_that_ended_or_whose_state_is_torn_is_over(output, status, line):
    run = made(NONCE)
    run.sent(PodSent(0.0, "out", output))
    _, ran = run.exited(PodExited(0.0, 5), Carried("/app"), ())
    assert (ran.status, ran.over, bool(ran.line), ran.carried) == (status, True, line, Carried("/app"))


def test_nothing_held_is_lost_when_an_exec_breaks_off():
    run = made(NONCE)
    run.sent(PodSent(0.0, "out", b"end\x1enn"))
    effects = run.failed(PodFailed(0.0, Refusal("exec-lost", "lost")))
    assert [each.data for each in effects if isinstance(each, do.Deliver)] == [b"\x1enn"]
    assert effects[-1] == do.Note("exec.failed", {"code": "exec-lost"})
