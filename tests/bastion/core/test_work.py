"""Approvals as traces: nothing runs before one consumption, and only what was approved runs."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from acting import POLICY, SECRET, Play, agent, exec_line, patterns, policy, run, script, shell

from bastion.core.texts import Answer
from bastion.model import effects as do
from bastion.model import events as ev
from bastion.model.refusal import Refusal

RISKY = "rm   -r  '/data/x'"
OTHER = policy(POLICY + "# another text\n")
STRICT = policy(POLICY.replace("-r, ", "").replace("ttl: 5m", "ttl: 6m"))


def approved(play):
    play.filed()
    play.settled()
    return play.consumed()


def answer(play):
    import json

    lines = [each for each in play.said().splitlines() if each.startswith("bastion: {")]
    assert len(lines) == 1, play.said()
    return json.loads(lines[0].removeprefix("bastion: "))


def test_a_person_waits_and_exactly_the_approved_bytes_run_once():
    play = run(RISKY)
    assert (len(play.grants), play.asked.text) == (1, RISKY.encode())
    assert play.asked.waits
    play.filed()
    assert "ssh approvals@bastion approve" in play.said()
    play.settled()
    assert len(play.grants) == 1
    play.consumed()
    assert play.scripts[0].splitlines()[-1] == RISKY
    assert play.grants[-1].approval == play.asked.id
    assert play.of(do.OpenPod)[-1].check_uid
    assert not play.grants[-1].stdin
    play.exits(0)
    assert play.exit.status == 0
    assert "approval: approved by bob" in play.marks


@pytest.mark.parametrize(
    ("state", "status", "mark"),
    [("denied", 77, "approval: denied by bob: no"), ("expired", 75, "approval: expired"),
     ("withdrawn", 77, "approval: withdrawn"), ("void", 77, "approval: void")],
)  # fmt: skip
def test_without_an_approval_nothing_runs(state, status, mark):
    play = run(RISKY)
    play.filed()
    play.settled(state, (), "bob: no")
    assert (play.exit.status, len(play.grants)) == (status, 1)
    assert mark in play.marks


def test_an_approvers_reason_does_not_drive_the_requesters_terminal():
    play = run(RISKY)
    play.filed()
    before = play.said()
    play.settled("denied", (), f"bob: no\nbastion: approved\x1b[2J {SECRET}")
    told = play.said().removeprefix(before)
    assert told.count("\n") == 1
    assert "\x1b" not in told
    assert SECRET not in told


def test_an_approval_that_was_used_runs_nothing():
    play = run(RISKY)
    play.filed()
    play.settled()
    play.consumed(ok=False)
    assert (play.exit.status, len(play.grants)) == (77, 1)


@pytest.mark.parametrize("when", ["pending", "consuming"])
def test_a_policy_that_changed_voids_what_was_asked_under_the_old_one(when):
    play = run(RISKY)
    play.filed()
    if when == "consuming":
        play.settled()
    play.send(ev.PolicyChanged(1.0, OTHER if OTHER.sha256 != policy().sha256 else STRICT))
    play.settled() if when == "pending" else play.consumed()
    assert "void: the policy changed" in play.said()
    assert (play.exit.status, len(play.grants)) == (77, 1)
    assert do.WithdrawApproval(play.asked.id) in play.last
    assert when == "consuming" or not play.of(do.ConsumeApproval)


def test_a_secret_that_became_known_voids_a_text_that_holds_it():
    play = run("rm -r /data/newly-known-value-77")
    play.filed()
    play.send(ev.SecretsAdded(1.0, patterns("newly-known-value-77")))
    play.settled()
    assert (play.exit.status, len(play.grants)) == (77, 1)
    assert not play.of(do.ConsumeApproval)


def test_an_answer_about_another_approval_changes_nothing():
    play = run(RISKY)
    other = "f" * 32
    assert play.send(ev.ApprovalFiled(1.0, other, 1)) == []
    play.filed()
    assert play.send(ev.ApprovalSettled(1.0, other, "approved", ("bob",))) == []
    play.settled()
    assert play.send(ev.ApprovalConsumed(1.0, other, ok=True)) == []
    assert len(play.grants) == 1


def test_a_consumption_that_nobody_asked_for_runs_nothing():
    play = run(RISKY)
    play.filed()
    assert play.consumed() == []
    play.settled()
    play.consumed()
    assert play.consumed() == []
    assert play.settled() == []
    assert len(play.grants) == 2


def test_an_exec_event_while_an_approval_is_pending_is_no_end():
    play = run(RISKY)
    play.filed()
    assert play.send(ev.PodExited(1.0, 0), ev.PodFailed(1.0, Refusal("x", "y"))) == []
    assert not play.session.over


def test_interrupt_withdraws_and_the_shell_goes_on():
    play = shell()
    play.line(RISKY)
    play.filed()
    assert play.session.wants_input
    assert play.send(ev.ClientSent(1.0, b"type-ahead\n")) == []
    assert play.send(ev.ClientSent(1.0, b"\x03")) == [do.WithdrawApproval(play.asked.id)]
    play.settled("withdrawn", ())
    assert isinstance(play.last[-1], do.Edit)
    assert len(play.grants) == 1


@pytest.mark.parametrize("moment", ["filing", "pending", "consuming"])
@pytest.mark.parametrize(
    "end", [ev.ClientGone(1.0, "gone"), ev.Ended(1.0, Refusal("x", "y")), ev.ClientSignalled(1.0, "TERM")]
)
def test_whatever_ends_the_session_withdraws_its_request(moment, end):
    play = run(RISKY)
    for step in {"filing": [], "pending": [play.filed], "consuming": [play.filed, play.settled]}[moment]:
        step()
    assert do.WithdrawApproval(play.asked.id) in play.send(end)
    assert play.exit.status != 0
    assert play.consumed() == []


# Agents


def test_an_agents_request_is_stored_and_comes_back_with_an_id():
    play = run(RISKY, agent())
    play.filed()
    assert play.exit.status == 75
    said = answer(play)
    assert (said["v"], said["status"], said["id"]) == (1, "pending", play.asked.id)
    assert f"run {play.asked.id}" in said["hint"]
    assert not play.asked.waits


def test_an_agents_request_outlives_its_session():
    play = run(RISKY, agent())
    assert not play.of(do.WithdrawApproval, play.send(ev.ClientGone(1.0, "gone")))


def test_a_denied_agent_reads_one_json_line_and_gets_77():
    play = run("touch /etc/x", agent())
    assert play.exit.status == 77
    assert answer(play)["status"] == "denied"
    assert play.said().count("\n") == 1


def test_what_is_not_understood_is_65_for_an_agent():
    play = run("eval $X", agent())
    assert (play.exit.status, answer(play)["status"]) == (65, "not_understood")


def test_a_person_may_ask_for_what_is_not_understood():
    play = run("eval $X")
    assert play.asked.text == b"eval $X"


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [("echo hi", 0, "allow"), (RISKY, 75, "approve-peer"), ("touch /etc/x", 77, "denied")],
)
def test_a_dry_run_answers_and_runs_nothing(text, status, says):
    play = run(text, agent(), env=(("BASTION_APPROVAL", "dry-run"),))
    assert (play.exit.status, answer(play)["status"]) == (status, says)
    assert (play.scripts, play.of(do.FileApproval)) == ([], [])


def test_a_mode_that_is_not_known_is_refused():
    play = Play(exec_line("echo hi", env=(("BASTION_APPROVAL", "always"),)))
    play.resolve()
    assert (play.exit.status, play.grants) == (65, [])


# What a unit leaves


def test_what_a_unit_leaves_is_what_the_next_one_begins_with():
    play = script("export APP=1\ncd /usr\necho x\n")
    play.exits(exports={"APP": "1"})
    assert "export APP='1'" in play.scripts[1]
    play.exits(cwd="/usr", exports={"APP": "1"})
    assert play.scripts[2].startswith(
        "unset CDPATH; cd -P -- '/usr' || exit 126\nOLDPWD='/app'\nexport APP='1'"
    )


def test_a_state_that_cannot_be_read_back_stops_the_script_with_255():
    play = script("cd /usr\necho x\n")
    play.opened()
    whole = play.trailer()
    play.send(ev.PodSent(1.0, "out", whole[:-20]), ev.PodExited(1.0, 0))
    assert (play.exit.status, len(play.scripts)) == (255, 1)


def test_a_program_cannot_smuggle_in_variables_that_change_later_commands():
    play = script("cd /usr\necho x\n")
    play.exits(
        cwd="/usr", exports={"PATH": "/tmp", "LD_PRELOAD": "/tmp/x.so", "BASH_ENV": "/tmp/e", "OK": "1"}
    )
    assert "export OK='1'" in play.scripts[1]
    assert not any(name in play.scripts[1] for name in ("PATH=", "LD_PRELOAD", "BASH_ENV"))


def test_output_held_for_the_trailer_is_delivered_when_the_exec_breaks():
    play = script("cd /usr\n")
    play.opened()
    tail = b"end" + b"\x1e"
    play.send(ev.PodSent(1.0, "out", tail), ev.PodFailed(1.0, Refusal("exec-lost", "lost", "", 255)))
    assert play.said("out").encode() == tail


def test_a_background_job_does_not_outlive_its_line():
    play = run("sleep 9 & echo x")
    play.opened()
    assert do.KillPod() in play.send(ev.PodExited(1.0, 0))


def test_the_answer_to_an_agent_names_only_what_it_has():
    assert Answer("denied").line() == 'bastion: {"v":1,"status":"denied"}'
