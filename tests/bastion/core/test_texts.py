"""People read a line, agents a JSON line; both say what, why and what next."""

import json

from bastion.core import texts
from bastion.model.principal import Kind
from bastion.model.refusal import Refusal
from bastion.model.verdict import Effect, Terms, Verdict

VERDICT = Verdict(Effect.APPROVE_PEER, "del", ("recursive",), "p", terms=Terms(1, frozenset({"sre"})))


def read(line):
    assert line.startswith("bastion: ")
    return json.loads(line.removeprefix("bastion: "))


def test_an_agents_pending_line_can_be_acted_on():
    data = read(texts.waiting(Kind.AGENT, "ab", VERDICT, expires=99, clock="12:00", host="host"))
    assert data["v"] == 1
    assert (data["status"], data["id"], data["rule"], data["expires"]) == ("pending", "ab", "del", 99)
    assert data["retry"] == "ssh approvals@host wait ab"


def test_a_person_reads_who_is_awaited_until_when_and_what_to_forward():
    line = texts.waiting(Kind.HUMAN, "ab", VERDICT, expires=99, clock="12:00:00 UTC", host="host")
    assert "sre" in line
    assert "12:00:00 UTC" in line
    assert "ssh approvals@host approve ab" in line


def test_what_is_not_understood_has_its_own_status():
    refusal = texts.denial(Verdict(Effect.DENY, texts.NOT_UNDERSTOOD, ("dynamic",), "p", understood=False))
    assert refusal.status == 65
    assert read(texts.refused(Kind.AGENT, refusal))["status"] == "not_understood"


def test_a_denial_names_its_rule():
    assert "rule etc" in texts.denial(Verdict(Effect.DENY, "etc", ("no",), "p")).text


def test_an_expired_approval_is_retryable_and_a_denied_one_is_not():
    assert texts.settled(Kind.AGENT, "ab", "expired", "", "r")[1] == 75
    assert texts.settled(Kind.HUMAN, "ab", "denied", "too risky", "r") == (
        "bastion: approval ab: denied by a colleague: too risky",
        77,
    )


def test_a_refusal_is_one_line_for_people():
    assert texts.refused(Kind.HUMAN, Refusal("x", "no", "do y")) == "bastion: no (do y)"


def test_a_line_is_one_line_whatever_it_quotes():
    assert texts.plain("a\nb\x1b[2J\u202e\ud800é😀") == "a\\nb\\x1b[2J\\u202e\\ud800é😀"
    assert texts.plain(texts.plain("a\nb")) == texts.plain("a\nb")


def test_a_carried_secret_is_said_to_be_forgotten():
    assert "unset" in texts.secret_in_environment("A", forgotten=True).hint
    assert "unset" not in texts.secret_in_environment("A").hint
