"""A refusal is a value that reads as one line."""

from bastion.model import refusal
from bastion.model.refusal import Refusal


def test_a_line_says_what_and_what_to_do_next():
    assert Refusal("x", "no such pod", "check the name").line() == "bastion: no such pod (check the name)"
    assert Refusal("x", "no such pod").line() == "bastion: no such pod"


def test_a_refusal_is_never_a_success_and_its_statuses_are_told_apart():
    assert Refusal("x", "y").status == refusal.EXIT_DENIED == 77
    statuses = [value for name, value in vars(refusal).items() if name.startswith("EXIT_")]
    assert len(set(statuses)) == len(statuses)
    assert 0 not in statuses
