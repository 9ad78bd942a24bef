"""Stored requests (`run ID`) and one-time codes as traces."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from acting import POD, POLICY, PTY, SECRET, Play, agent, exec_line, parsed, run

from bastion.model import effects as do
from bastion.model import events as ev

RISKY = "rm   -r  '/data/x'"


def stored(line=RISKY):
    first = run(line, agent())
    first.filed()
    return first.asked


def again(asked, *, rules=POLICY, pod=POD, request=None):
    play = Play(request or exec_line(f"run {asked.id}"), agent(), rules=rules, stored=asked)
    play.mark = len(play.effects)
    play.resolve(pod)
    if play.of(do.Parse):
        play.answer(parsed(asked.text, asked.dialect))
    return play


@pytest.mark.parametrize("pty", [None, PTY])
def test_a_stored_request_is_judged_again_consumed_and_run_from_its_bytes(pty):
    asked = stored()
    play = again(asked, request=exec_line("run x; echo more", pty=pty))
    assert play.of(do.ConsumeApproval) == [do.ConsumeApproval(asked.id)]
    assert play.grants == []
    play.send(ev.ApprovalConsumed(1.0, asked.id, ok=True))
    assert play.scripts[0].splitlines()[-1] == RISKY
    assert ("exec </dev/null" in play.scripts[0]) == (pty is not None)
    play.exits(5)
    assert play.exit.status == 5


def test_a_second_run_is_77():
    asked = stored()
    play = again(asked)
    play.send(ev.ApprovalConsumed(1.0, asked.id, ok=False, why="it was already used"))
    assert (play.exit.status, play.grants) == (77, [])


@pytest.mark.parametrize("change", [{"uid": "uid-2"}, {"container_id": "cid-2"}])
def test_a_stored_request_does_not_run_in_a_pod_that_was_replaced(change):
    play = again(stored(), pod=replace(POD, **change))
    assert (play.exit.status, play.grants, play.of(do.ConsumeApproval)) == (77, [], [])


def test_a_stored_request_is_void_under_another_policy():
    play = again(stored(), rules=POLICY.replace("ttl: 5m", "ttl: 6m"))
    assert (play.exit.status, play.grants, play.of(do.ConsumeApproval)) == (77, [], [])
    assert "void" in play.said()


def test_a_dry_run_of_a_stored_request_consumes_nothing():
    asked = stored()
    play = again(asked, request=exec_line(f"run {asked.id}", env=(("BASTION_APPROVAL", "dry-run"),)))
    assert (play.of(do.ConsumeApproval), play.grants, play.exit.status) == ([], [], 75)


def code(play, *, accepted, final=False, message="the code is wrong"):
    return play.send(ev.CodeEntered(1.0, play.asked.id, accepted, message, final))


def test_a_code_is_asked_again_until_it_is_right_and_then_the_line_runs():
    play = run("rm /data/x", pty=PTY)
    assert isinstance(play.filed()[-1], do.AskCode)
    assert isinstance(code(play, accepted=False)[-1], do.AskCode)
    code(play, accepted=True)
    play.settled("approved", ())
    assert "approved by your code" in play.said("out")
    play.consumed()
    assert play.scripts[0].splitlines()[-1] == "rm /data/x"


def test_a_final_wrong_code_is_one_line_and_withdraws():
    play = run("rm /data/x", pty=PTY)
    play.filed()
    last = code(play, accepted=False, final=True, message="locked for 60 s")
    assert do.WithdrawApproval(play.asked.id) in last
    assert play.said("out").count("\n") == 1
    assert (play.exit.status, len(play.grants)) == (77, 1)


def test_leaving_the_code_prompt_withdraws():
    play = run("rm /data/x", pty=PTY)
    play.filed()
    assert play.send(ev.LineAborted(1.0, "interrupt")) == [do.WithdrawApproval(play.asked.id)]


def test_a_resize_at_the_code_prompt_goes_to_the_editor():
    play = run("rm /data/x", pty=PTY)
    play.filed()
    assert isinstance(play.send(ev.ClientResized(1.0, PTY.size))[0], do.ResizeEditor)


@pytest.mark.parametrize(
    ("who", "more"),
    [(None, {}), (agent(), {"pty": PTY}), (None, {"pty": PTY, "env": (("BASTION_APPROVAL", "async"),)})],
)
def test_a_code_is_asked_only_of_a_person_who_waits_at_a_terminal(who, more):
    play = run("rm /data/x", who, **more)
    assert (play.of(do.FileApproval), play.scripts) == ([], [])
    assert play.exit.status == 77


TRANSFERS = POLICY.replace("only: [echo,", "only: [tar, echo,")


@pytest.mark.parametrize(
    ("line", "leaves"), [("tar -cf - .", True), ("cat x", False), ("tar -cf - . | cat", False)]
)
def test_a_program_that_talks_both_ways_gets_four_bytes_of_a_match_after_a_while(line, leaves):
    play = Play(exec_line(line), rules=TRANSFERS)
    play.ready()
    play.opened()
    play.send(ev.PodSent(5.0, "out", b"a " + SECRET[:7].encode()))
    assert (play.session.deadline is not None) is leaves
    play.send(ev.TimePassed(5.3))
    assert play.said("out") == "a " + SECRET[: 6 if leaves else 2]
    assert play.notes("mask.released") == ([{"bytes": 4}] if leaves else [])
    play.send(ev.PodSent(6.0, "out", SECRET[7:].encode() + b" b\n"), ev.PodExited(7.0, 0))
    assert play.said("out").endswith("* b\n")
