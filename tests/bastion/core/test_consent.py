"""Consent: each step answers one event, of this approval, once."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from acting import patterns, run

from bastion.core.consent import Consent, Ending
from bastion.core.output import Output
from bastion.model import effects as do
from bastion.model.events import ApprovalConsumed, ApprovalFiled, ApprovalSettled
from bastion.model.refusal import Refusal
from bastion.model.verdict import Effect, Verdict


def made():
    play = run("rm -r /data/x")
    verdict = Verdict(Effect.APPROVE_PEER, "remove", (), "p", terms=play.asked.terms)
    return Consent(play.frame, verdict, play.asked, Output(patterns(), None)), play.asked.id


def test_the_steps_lead_to_run_only_through_judging_and_one_consumption():
    consent, name = made()
    assert consent.receive(ApprovalFiled(0.0, name, 9))[1] == "wait"
    assert consent.receive(ApprovalConsumed(0.0, name, ok=True)) == ([], "wait")
    assert consent.receive(ApprovalSettled(0.0, name, "approved", ("bob",)))[1] == "judge"
    assert consent.consume() == [do.ConsumeApproval(name)]
    assert not consent.waits
    assert consent.receive(ApprovalSettled(0.0, name, "approved", ("bob",))) == ([], "wait")
    assert consent.receive(ApprovalConsumed(0.0, name, ok=True)) == ([], "run")
    assert consent.receive(ApprovalConsumed(0.0, name, ok=True)) == ([], "wait")


@pytest.mark.parametrize("state", ["denied", "expired", "withdrawn", "void"])
def test_every_other_outcome_is_an_ending_that_is_no_success(state):
    consent, name = made()
    consent.receive(ApprovalFiled(0.0, name, 9))
    effects, then = consent.receive(ApprovalSettled(0.0, name, state, (), "bob: no"))
    assert effects == []
    assert isinstance(then, Ending)
    assert then.status != 0
    assert then.mark.startswith(f"approval: {state}")
    assert consent.withdraw() == []


def test_a_void_approval_is_withdrawn_and_cannot_be_consumed():
    consent, name = made()
    effects, refusal = consent.void("the policy changed")
    assert effects == [do.WithdrawApproval(name)]
    assert isinstance(refusal, Refusal)
    assert consent.receive(ApprovalConsumed(0.0, name, ok=True)) == ([], "wait")
