"""A session whose Secrets change: more values at once, and the end where they are required and lost."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from acting import POLICY, PTY, Play, exec_line, patterns, run

from bastion.model import effects as do
from bastion.model import events as ev
from bastion.model.refusal import Refusal


def test_a_secret_that_becomes_known_is_masked_from_the_next_byte_on():
    play = run("cat x")
    play.opened()
    play.send(ev.SecretsAdded(1.0, patterns("newly-known-value-77")))
    play.send(ev.PodSent(1.0, "out", b"newly-known-value-77\n"), ev.PodExited(1.0, 0))
    assert "newly-known-value-77" not in play.said("out")


def test_a_value_that_becomes_known_while_it_is_shown_is_drawn_over_at_once():
    new = "newly-known-value-77"
    play = Play(exec_line("cat", pty=PTY))
    play.ready()
    play.opened()
    play.send(ev.PodSent(1.0, "out", f"it is {new} now\r\nnext".encode()))
    assert new in play.said("out")
    last = play.send(ev.SecretsAdded(1.0, patterns(new), 2, ("secret-1/2",)))
    assert [note.fields for note in play.of(do.Note, last) if note.kind == "secrets.added"] == [
        {"known_values": 2, "uncovered_values": 1, "weak": ["secret-1/2"]}
    ]
    assert b"*" * 16 in b"".join(each.data for each in play.of(do.Deliver, last))
    assert any(note.kind == "mask" for note in play.of(do.Note, last))


def test_a_value_that_becomes_known_while_the_container_is_made_ready_stays_known():
    play = Play(exec_line("echo newly-known-value-77"))
    play.resolve()
    play.send(ev.SecretsAdded(1.0, patterns("newly-known-value-77")))
    play.send(ev.PodSent(0.0, "out", b"\x1e\x1e\x1e\x1e/app\n"))
    play.answer(ev.PodExited(0.0, 0))
    assert not play.scripts
    assert play.exit.status == 65


LOST = ev.SecretsLost(2.0, Refusal("secrets-lost", "they cannot be read any more", "connect again"))


def test_a_session_that_requires_the_values_ends_when_they_are_lost():
    play = run("sleep 9")
    play.opened()
    assert do.KillPod() in play.send(LOST)
    assert play.said() == "bastion: they cannot be read any more (connect again)\n"
    assert play.exit.status == 77


def test_a_session_that_prefers_the_values_notes_that_they_are_lost_and_goes_on():
    play = Play(
        exec_line("sleep 9"), rules=POLICY.replace("defaults: {", "defaults: {known_values: preferred, ")
    )
    play.ready()
    play.opened()
    play.send(LOST)
    assert play.notes("secrets.lost") == [{"code": "secrets-lost"}]
    assert not play.of(do.Exit)
