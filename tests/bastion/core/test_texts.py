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
    data = read(texts.waiting(Kind.AGENT, "ab", VERDICT, 99, "12:00", "host"))
    assert data["v"] == 1
    assert (data["status"], data["id"], data["rule"], data["expires"]) == ("pending", "ab", "del", 99)
    assert data["retry"] == "ssh approvals@host wait ab"


def test_a_person_reads_who_is_awaited_until_when_and_what_to_forward():
    line = texts.waiting(Kind.HUMAN, "ab", VERDICT, 99, "12:00:00 UTC", "host")
    assert "sre" in line
    assert "12:00:00 UTC" in line
    assert "ssh approvals@host approve ab" in line


def test_what_is_not_understood_has_its_own_status():
    refusal = texts.denial(Verdict(Effect.DENY, "", ("dynamic",), "p", understood=False))
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
