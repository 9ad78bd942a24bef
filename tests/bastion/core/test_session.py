"""The session as traces: events in, effects out; every refusal is one line, a leaf and a status."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from acting import (
    POD,
    POLICY,
    PTY,
    SECRET,
    Play,
    exec_line,
    human,
    parsed,
    policy,
    run,
    script,
    shell,
)

from bastion.core.opening import MAX_PROBE
from bastion.core.script import MAX_UNIT
from bastion.model import effects as do
from bastion.model import events as ev
from bastion.model.refusal import Refusal
from bastion.model.request import Mode, Request, Size
from bastion.model.target import Target

BROKEN = Refusal("exec-lost", "the connection broke off", "", 255)


def test_an_allowed_line_runs_as_it_was_regenerated_and_ends_with_its_status():
    play = run("echo hi")
    assert play.scripts[0].endswith("'echo' 'hi'")
    assert play.grants[1].stdin
    play.opened()
    play.send(ev.PodSent(1.0, "out", b"hi\n"), ev.PodSent(1.0, "err", b"oops\n"), ev.PodExited(1.0, 3))
    assert (play.said("out"), play.said("err"), play.exit.status) == ("hi\n", "oops\n", 3)


def test_who_may_not_reach_a_target_learns_nothing_and_the_cluster_is_not_asked():
    play = Play(exec_line("echo hi"), human("mallory", "others"))
    assert not play.of(do.Resolve)
    stranger = play.said()
    play = Play(exec_line("echo hi"))
    play.send(ev.Refused(0.0, Refusal("unknown-target", "pods is forbidden", "", 77)))
    assert play.said() == stranger
    assert play.exit.status == 77


def test_a_pod_that_no_rule_is_about_is_as_unknown_as_one_that_is_not_there():
    rules = POLICY.replace("namespaces: [shop]", "labels: {open: 'yes'}")
    play = Play(exec_line("echo hi"), rules=rules)
    play.resolve()
    assert not play.grants
    assert "there is no shop/web-0 that you may reach" in play.said()
    labelled = Play(exec_line("echo hi"), rules=rules)
    labelled.resolve(replace(POD, labels=(("open", "yes"),)))
    assert labelled.grants


def test_every_session_says_that_it_started_and_that_it_ended():
    for play in (Play(exec_line("echo"), human("m", "others")), run("touch /etc/x")):
        assert len(play.notes("session.started")) == 1
        assert play.notes("session.ended")[0]["status"] == play.exit.status


@pytest.mark.parametrize(
    "output", [b"", b"\x1e\x1e\x1e\x1erelative\n", b"\x1e\x1e\x1e\x1e/a\nb\n", b"x" * (MAX_PROBE + 9)]
)
def test_a_container_without_a_usable_shell_runs_nothing(output):
    play = Play(exec_line("echo hi"))
    play.resolve()
    play.send(ev.PodSent(0.0, "out", output), ev.PodExited(0.0, 0))
    assert (play.exit.status, len(play.grants)) == (255, 1)
    assert "no usable shell" in play.said()


def test_a_probe_that_fails_ends_the_session():
    play = Play(exec_line("echo hi"))
    play.resolve()
    play.send(ev.PodFailed(0.0, BROKEN))
    assert play.exit.status == 255


def test_the_dialect_of_the_pods_shell_is_what_texts_are_parsed_in():
    play = Play(exec_line("echo hi"))
    play.ready(dialect=b"bash")
    assert play.of(do.Parse)[0].dialect == "bash"


def test_a_session_that_is_ended_while_it_probes_kills_the_probe():
    play = Play(exec_line("echo hi"))
    play.resolve()
    assert play.of(do.KillPod, play.send(ev.Ended(0.0, BROKEN)))


@pytest.mark.parametrize(("text", "status"), [("echo 'x", 65), ("fi", 65), ("for", 65), ("touch /etc/x", 77)])
def test_what_cannot_run_is_one_line_and_a_status(text, status):
    play = run(text)
    assert play.exit.status == status
    assert play.said().count("\n") == 1
    assert not play.scripts


def test_an_empty_line_runs_nothing():
    play = run("# nothing")
    assert (play.exit.status, play.scripts) == (0, [])


def test_a_text_that_is_too_long_is_refused_before_the_parser_sees_it():
    play = run("echo " + "x" * MAX_UNIT)
    assert (play.exit.status, play.of(do.Parse)) == (65, [])


def test_a_malformed_text_with_a_secret_is_not_quoted_anywhere():
    play = run(f"{SECRET}(")
    assert play.exit.status == 65
    assert SECRET not in repr([each for each in play.effects if not isinstance(each, do.Parse)])


# Scripts


def test_a_script_runs_unit_by_unit_without_input():
    play = script("echo one; echo two\n")
    assert len(play.scripts) == 1
    assert not play.grants[-1].stdin
    play.exits()
    assert [each.splitlines()[-1] for each in play.scripts] == ["'echo' 'one'", "'echo' 'two'"]
    play.exits(4)
    assert play.exit.status == 4


def test_a_denied_unit_ends_a_script_with_77_and_drops_the_rest_of_its_line():
    play = script("echo one\ntouch /etc/x; echo two\necho three\n")
    play.exits()
    assert (play.exit.status, len(play.scripts)) == (77, 1)


def test_a_parse_error_runs_nothing_after_it():
    play = script("echo one\nfi\necho two\n")
    play.exits()
    assert (play.exit.status, len(play.scripts)) == (65, 1)


def test_a_script_cut_inside_a_statement_does_not_run_the_statement():
    play = script("if true; then\necho x\n")
    assert (play.exit.status, play.scripts) == (65, [])


def test_a_statement_over_several_lines_is_one_unit_however_it_arrives():
    whole = script("if true\nthen\necho x\nfi\n").scripts
    pieces = Play(Request(Mode.SCRIPT))
    pieces.ready()
    for char in b"if true\nthen\necho x\nfi\n":
        pieces.answer(ev.ClientSent(0.0, bytes([char])))
    assert pieces.scripts == whole
    assert len(whole) == 1


def test_a_failed_exec_ends_a_script_and_is_never_a_success():
    play = script("echo one\necho two\n")
    play.opened()
    play.send(ev.PodFailed(1.0, BROKEN))
    assert (play.exit.status, len(play.scripts)) == (255, 1)


def test_exit_ends_a_script_with_its_status():
    play = script("exit 3\necho two\n")
    play.opened()
    play.send(ev.PodExited(1.0, 3))
    assert (play.exit.status, len(play.scripts)) == (3, 1)


def test_set_e_is_given_to_later_units():
    play = script("set -e\necho two\n")
    play.exits()
    assert "\nset -e\n" in play.scripts[1]


@pytest.mark.parametrize(
    "text", ["sleep 9 &\n", "trap 'echo x' EXIT\n", "exec 3</app/x\n", "umask 0\n", "ulimit -n 5\n"]
)
def test_what_cannot_be_carried_does_not_run_in_a_script(text):
    play = script(text)
    assert play.exit.status == 65
    assert not play.scripts


def test_a_function_is_not_run_in_a_script_without_a_word():
    play = script("f() { ls; }\nf\n", human())
    assert not play.scripts
    assert play.exit.status == 65


# Sizes, signals, ends


def test_a_resize_is_never_lost():
    play = Play(Request(Mode.INTERACTIVE, pty=PTY))
    assert play.send(ev.ClientResized(0.0, Size(90, 30))) == [do.ResizeEditor(Size(90, 30))]
    play.ready()
    play.line("cat")
    assert play.of(do.OpenPod)[-1].size == Size(90, 30)
    play.send(ev.ClientResized(0.0, Size(100, 40)))
    assert do.ResizePod(Size(100, 40)) in play.opened()


@pytest.mark.parametrize("name", ["TERM", "HUP", "KILL", "QUIT", "INT"])
def test_a_signal_ends_what_runs_and_is_the_exit(name):
    play = run("sleep 9")
    play.opened()
    assert do.KillPod() in play.send(ev.ClientSignalled(1.0, name))
    play.send(ev.PodExited(1.0, 143))
    assert play.exit.signal == name


def test_a_signal_ends_a_script_whose_unit_it_killed():
    play = script("sleep 9\necho two\n")
    play.opened()
    play.send(ev.ClientSignalled(1.0, "TERM"), ev.PodExited(1.0, 143))
    assert (play.exit.signal, len(play.scripts)) == ("TERM", 1)


def test_with_a_terminal_an_interrupt_is_a_key():
    play = shell()
    play.line("cat")
    play.opened()
    assert do.SendPod(b"\x03") in play.send(ev.ClientSignalled(1.0, "INT"))


def test_a_signal_that_cannot_be_passed_on_is_told():
    play = run("sleep 9")
    play.opened()
    play.send(ev.ClientSignalled(1.0, "USR1\x1b[2J"))
    assert "is not passed on" in play.said()
    assert "\x1b" not in play.said()


@pytest.mark.parametrize("events", [0, 1, 2, 3, 4, 5])
def test_a_client_that_is_gone_ends_everything(events):
    play = Play(exec_line("sleep 9"))
    steps = [play.resolve, lambda: play.send(ev.PodSent(0.0, "out", b"\x1e\x1e\x1e\x1e/app\n")),
             lambda: play.send(ev.PodExited(0.0, 0)), lambda: play.send(parsed(b"sleep 9")), play.opened]  # fmt: skip
    for step in steps[:events]:
        step()
    assert do.KillPod() in play.send(ev.ClientGone(1.0, "gone"))
    assert play.exit.status == 255
    assert play.send(ev.PodSent(1.0, "out", b"x"), ev.PodExited(1.0, 0), ev.Ended(1.0, BROKEN)) == []


def test_the_houses_end_kills_what_runs_and_says_why():
    play = run("sleep 9")
    play.opened()
    assert do.KillPod() in play.send(ev.Ended(1.0, Refusal("shutting-down", "closing", "", 255)))
    assert (play.said(), play.exit.status) == ("bastion: closing\n", 255)


def test_a_door_that_refuses_ends_the_session_with_its_line():
    play = Play(exec_line("echo"))
    play.send(ev.Refused(0.0, Refusal("cluster-down", "the cluster does not answer", "try later", 255)))
    assert (play.said(), play.exit.status) == ("bastion: the cluster does not answer (try later)\n", 255)


# What changes meanwhile


def test_the_next_text_is_judged_by_the_policy_in_force():
    play = shell()
    play.send(ev.PolicyChanged(1.0, policy(POLICY.replace('"false", ', ""))))
    play.line("false")
    assert not play.scripts
    play.line("true")
    assert play.scripts


def test_no_session_outlives_a_policy_that_wants_values_it_does_not_know():
    loose = POLICY.replace("defaults: {", "defaults: {known_values: off, ")
    play = Play(exec_line("sleep 9"), rules=loose)
    assert play.of(do.Resolve)[0].known_values == "off"
    play.ready()
    play.opened()
    assert do.KillPod() in play.send(ev.PolicyChanged(1.0, policy()))
    assert play.exit.status == 77
    calm = Play(exec_line("sleep 9"))
    calm.ready()
    assert calm.send(ev.PolicyChanged(1.0, policy(loose))) == []


def test_a_workload_says_which_pod_was_chosen():
    play = Play(exec_line("echo"), target=Target("shop", "web", kind="deploy"))
    play.ready()
    assert "shop/deploy/web is shop/web-0" in play.said()
