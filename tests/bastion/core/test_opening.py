"""What a target turned out to be, what the client may set there, and the first exec."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from acting import POD, PTY, SECRET, Play, agent, exec_line, human, patterns, policy

from bastion.core import argv, opening
from bastion.core.rules import Knowing
from bastion.model import effects as do
from bastion.model import events as ev
from bastion.model.refusal import Refusal
from bastion.model.request import Mode, Pty, Request, Size


def settled(who=None, **request):
    play = Play(exec_line("x", **request), who)
    event = ev.Resolved(0.0, POD, patterns(), 1)
    return opening.settle(play.frame, play.request, policy(), event, None)


def test_what_is_listed_or_allowed_is_set_and_the_rest_is_named_once():
    place = settled(
        env=(("LANG", "C"), ("APP_X", "1"), ("LD_PRELOAD", "/x"), ("FOO", "1"), ("TERM", "vt100"))
    )
    assert place.environment == (("APP_X", "1"), ("LANG", "C"))
    assert place.term == "vt100"
    assert place.notices == ("bastion: dropped from the environment: FOO, LD_PRELOAD",)


@pytest.mark.parametrize(("who", "env", "approvals"), [
    (None, (), "wait"), (agent(), (), "async"), (agent(), (("BASTION_APPROVAL", "wait"),), "wait"),
    (None, (("BASTION_APPROVAL", "async"),), "async"),
])  # fmt: skip
def test_people_wait_and_agents_come_back_unless_they_say_otherwise(who, env, approvals):
    assert settled(who, env=env).approvals == approvals


@pytest.mark.parametrize("term", ["x" * 65, "a b", "$(id)", "", "a\nb", "é"])
def test_an_odd_terminal_type_is_replaced(term):
    assert settled(pty=Pty(term, Size())).term == "xterm"
    assert settled(env=(("TERM", term),)).term == ""


def test_the_terminals_modes_are_set_up():
    assert settled(pty=Pty("xterm", Size(), ((53, 0),))).setup == "stty -echo 2>/dev/null"
    assert settled().setup == ""


def test_the_probe_is_the_bastions_own_and_has_no_input():
    grant = opening.probe(Play(exec_line("x")).frame, POD)
    assert (grant.argv[-1], grant.tty, grant.stdin, grant.approval) == (argv.PROBE, False, False, "")
    assert grant.argv[1] == f"BASTION_UNIT={grant.unit}"


@pytest.mark.parametrize(("request_", "stored", "what"), [
    (Request(Mode.EXEC), None, "client"), (Request(Mode.EXEC), "asked", "null"), (Request(Mode.SCRIPT), None, "null"),
    (Request(Mode.EXEC, pty=PTY), None, "tty"), (Request(Mode.INTERACTIVE, pty=PTY), None, "tty"),
])  # fmt: skip
def test_what_programs_inherit_is_known_to_the_judge(request_, stored, what):
    assert opening.stdin(request_, stored) == what


def test_the_parsers_message_is_one_line_and_is_left_out_where_the_text_holds_a_secret():
    assert opening.malformed("malformed", "a\x1b\nb").text == "the command is not understood: a\\x1b\\nb"
    assert opening.malformed("incomplete", "", b"x", patterns()).text == "the command ends too early"
    assert SECRET not in opening.malformed("malformed", f"near {SECRET}", SECRET.encode(), patterns()).text
    assert opening.malformed("malformed", "x").status == 65


@pytest.mark.parametrize(("pty", "data"), [(None, ("err", b"no\n")), (PTY, ("out", b"no\r\n"))])
def test_the_last_line_goes_where_the_client_reads_it_and_the_end_is_a_leaf(pty, data):
    mark, said, ended, exited = opening.last_line("no", exec_line("x", pty=pty), 77, "why")
    assert (said.stream, said.data) == data
    assert (mark, ended, exited) == (
        do.Mark("refused: why"), do.Note("session.ended", {"why": "why", "status": 77}), do.Exit(77),
    )  # fmt: skip


def test_an_approval_mode_that_is_not_known_is_a_refusal_that_shows_it_safely():
    found = settled(env=(("BASTION_APPROVAL", "x\x1b"),))
    assert isinstance(found, Refusal)
    assert "\x1b" not in found.line()


def test_facts_name_who_without_secrets():
    facts = opening.facts(
        Play(exec_line("x"), human("alice", *(f"g{n}" for n in range(99)))).frame, exec_line("x")
    )
    assert (facts["identity"], facts["mode"], len(facts["groups"])) == ("i|alice", "exec", 64)


WHY = Refusal("secrets-unknown", "Secret 2 of 4: the bastion may not read it")


@pytest.mark.parametrize(
    ("knowing", "event", "terminal", "line"),
    [
        (Knowing(), {}, True, ""),
        (Knowing("off"), {}, False, "the values of this pod's Secrets are not known here, so they are not masked (policy)"),
        (Knowing("preferred"), {}, True, ""),
        (Knowing("preferred"), {"secrets": 4, "unread": 1, "why": WHY}, False,
         "not masked by value in this pod: 1 of 4 Secrets (could not be read)"),
        (Knowing("preferred"), {"why": WHY}, False, "not masked by value in this pod: its Secrets (could not be read)"),
        (Knowing(), {"weak": ("secret-1/1",)}, False, ""),
        (Knowing("preferred"), {"secrets": 4, "unread": 1, "why": WHY, "weak": ("secret-1/1",)}, True,
         ("not masked by value in this pod: 1 of 4 Secrets (could not be read) and "
          "1 of its Secrets' values (too short or too common)")),
    ],
)  # fmt: skip
def test_one_line_says_what_is_not_masked_by_value(knowing, event, terminal, line):
    told = opening.unmasked(ev.Resolved(0.0, POD, patterns(), 1, **event), knowing, terminal=terminal)
    assert told == (f"bastion: {line}" if line else "")


def test_a_leaf_says_what_is_not_masked_by_value_with_references_that_name_nothing():
    event = ev.Resolved(0.0, POD, patterns(), 1, tuple(f"secret-1/{n}" for n in range(99)), 4, 1, WHY)
    note = opening.uncovered(event, Knowing("preferred", "namespace"))[0]
    assert note.kind == "secrets.uncovered"
    assert note.fields == {
        "known_values": "preferred", "secrets_scope": "namespace", "secrets": 4, "unread": 1, "why": "secrets-unknown",
        "weak": [f"secret-1/{n}" for n in range(opening.MAX_REFS)], "weak_count": 99,
    }  # fmt: skip
    plain = ev.Resolved(0.0, POD, patterns(), 1)
    assert opening.uncovered(plain, Knowing()) == opening.uncovered(plain, Knowing("preferred")) == []
    assert opening.uncovered(plain, Knowing("off"))
