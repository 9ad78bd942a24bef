"""No secret gets onto an exec's argv or into the evidence, however it is written or carried."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from acting import PTY, SECRET, Play, agent, exec_line, human, patterns, run, script, shell

from bastion.model import effects as do
from bastion.model import events as ev
from bastion.model.request import Pty, Size

HALF = len(SECRET) // 2
SPLIT = [
    f"echo {SECRET[:HALF]}''{SECRET[HALF:]}",
    f"echo '{SECRET[:3]}'\"{SECRET[3:]}\"",
    f"echo {SECRET[:4]}\\{SECRET[4:]}",
]


def everything(play):
    """All that came out, but the text that the parser (a local process) was given."""
    return repr([each for each in play.effects if not isinstance(each, do.Parse)])


@pytest.mark.parametrize("text", [f"echo {SECRET}", SECRET, f"{SECRET} x", f"cat /app/{SECRET}", *SPLIT])
@pytest.mark.parametrize("who", [human(), agent()])
def test_a_secret_in_a_command_does_not_run_and_stands_nowhere(text, who):
    play = run(text, who)
    assert (play.exit.status, play.scripts) == (65, [])
    assert "secret in command" in play.said() or "secret-in-command" in play.said()
    assert SECRET not in everything(play)
    assert SECRET[HALF:] not in everything(play)


def test_a_secret_that_only_the_regenerated_text_spells_out_does_not_run():
    play = Play(exec_line(r"echo $'\113x\067vQ2mN\x709RtLw4Z'"))
    play.ready(dialect=b"bash")
    assert (play.exit.status, play.scripts) == (65, [])


def test_a_secret_in_a_command_is_not_asked_approval_for():
    play = run(f"rm -r /data/{SECRET}")
    assert (play.exit.status, play.of(do.FileApproval)) == (65, [])


@pytest.mark.parametrize("name", ["LANG", "APP_MODE"])
def test_a_secret_in_the_clients_environment_is_refused_before_anything_runs(name):
    play = Play(exec_line("echo hi", env=((name, SECRET),)))
    play.resolve()
    assert (play.exit.status, play.grants) == (65, [])
    assert SECRET not in everything(play)


def test_a_variable_whose_name_says_secret_is_refused():
    play = Play(exec_line("echo hi", env=(("APP_TOKEN", "correcthorse77"),)))
    play.resolve()
    assert (play.exit.status, play.grants) == (65, [])


def test_a_terminal_type_that_is_a_secret_is_refused():
    play = Play(exec_line("echo hi", pty=Pty(SECRET, Size())))
    play.resolve()
    assert (play.exit.status, play.grants) == (65, [])


def test_a_secret_that_a_unit_carries_out_does_not_get_onto_the_next_argv():
    play = script("export A=$(cat /run/secrets/x)\necho done\n")
    play.exits(exports={"A": SECRET})
    assert (play.exit.status, len(play.scripts)) == (65, 1)
    assert "the value of A holds a secret" in play.said()
    assert play.notes("verdict")[-1]["refused"] == "secret-in-environment"
    assert SECRET not in everything(play)


def test_in_a_shell_a_carried_secret_is_refused_once_and_unset_then():
    play = shell()
    play.line("export A=$(cat /run/secrets/x)")
    play.exits(exports={"A": SECRET, "B": "1"})
    play.line("echo $A")
    assert len(play.scripts) == 1
    play.line("echo $B")
    assert "export B='1'" in play.scripts[1]
    assert "unset A" in play.scripts[1]
    assert SECRET not in everything(play)


def test_a_secret_that_becomes_known_later_is_found_in_what_is_carried():
    play = shell()
    play.line("export A=newly-known-value-77")
    play.exits(exports={"A": "newly-known-value-77"})
    play.send(ev.SecretsAdded(1.0, patterns("newly-known-value-77")))
    play.line("echo x")
    assert len(play.scripts) == 1


def test_a_directory_named_like_a_secret_is_left():
    play = shell()
    play.line("cd /data/*")
    if not play.scripts:
        play.filed()
        play.settled()
        play.consumed()
    play.exits(cwd=f"/data/{SECRET}")
    play.line("echo x")
    assert len(play.scripts) == 1
    assert play.notes("verdict")[-1]["cwd"] == "(withheld: it holds a secret)"
    play.line("echo x")
    assert play.scripts[-1].startswith("unset CDPATH; cd -P -- '/app'")


def test_a_refused_text_has_a_verdict_that_says_deny():
    play = run(f"echo {SECRET}")
    note = play.notes("verdict")[0]
    assert (note["effect"], note["refused"], note["programs"]) == ("deny", "secret-in-command", ["echo"])
    assert note["text"] == f"echo {'•' * len(SECRET)}"
    assert play.marks[0] == f"denied: {note['text']}"


@pytest.mark.parametrize("line", [f"{SECRET} x", f"echo $({SECRET})", f"echo {SECRET[:5]}'{SECRET[5:]}'"])
def test_a_secret_that_is_more_than_a_words_literal_characters_is_withheld(line):
    play = run(line)
    note = play.notes("verdict")[0]
    assert (note["refused"], note["programs"]) == ("secret-in-command", [])
    assert note["text"] == "(withheld: it holds a secret)"
    assert not any(SECRET[:5] in each for each in play.marks)


def test_what_may_be_exported_is_exported_so_that_it_is_carried():
    assert "set -a" in script("x=1\n").scripts[0]
    assert "set -a" in script("for i in 1 2; do echo $i; done\n").scripts[0]
    assert "set -a" not in run("x=1; echo $x").scripts[0]


@pytest.mark.parametrize("text", ["set -e", "set -euo pipefail", "set +e"])
def test_options_that_are_known_are_carried_as_words_of_a_table(text):
    play = script(f"{text}\necho x\n")
    play.exits()
    assert f"\n{text}\n" in play.scripts[1]


@pytest.mark.parametrize(
    "text", ["set -- a b", "set -m", "set -e; set -m", "shopt -s extglob", "alias ls=rm"]
)
def test_other_changes_of_the_shell_do_not_run_in_a_script(text):
    play = script(f"{text}\necho x\n", agent())
    while not play.session.over:
        play.exits()
    assert play.exit.status == 65
    assert not any("extglob" in each or "alias" in each or "set -m" in each for each in play.scripts)


def test_the_verdict_stands_in_the_evidence_before_the_exec():
    play = run("echo hi", pty=PTY)
    kinds = [each.kind if isinstance(each, do.Note) else type(each).__name__ for each in play.effects]
    assert kinds.index("verdict") < len(kinds) - 1 - kinds[::-1].index("OpenPod")
