"""A binding covers everything; nobody approves themselves; a quorum counts people."""

from dataclasses import replace

import pytest

from bastion.core.approval import binding, complete, may_become, may_decide
from bastion.model.approval import Asked, State
from bastion.model.pod import Pod
from bastion.model.principal import Kind, Principal
from bastion.model.verdict import Terms

POD = Pod("c", "shop", "web-0", "uid", "app", "cid")
ASKED = Asked(
    id="a" * 32, session="s", identity="i|agent", name="agent", kind="agent", owner="i|alice", person="",
    owner_person="i|alice", pod=POD, cwd="/", dialect="posix", text=b"rm -r /data", environment=(), policy="p",
    rule="r", reasons=(), terms=Terms(peers=2, groups=frozenset({"sre"})), waits=False, nonce="n",
)  # fmt: skip
CHANGES = {
    "id": "b", "identity": "i|other", "owner": "", "cwd": "/tmp", "dialect": "bash", "text": b"rm -r /data ",
    "environment": (("A", "1"),), "policy": "q", "nonce": "m", "pod": replace(POD, uid="other"),
}  # fmt: skip


def who(name, *groups, kind=Kind.HUMAN, person=None):
    return Principal(
        "i", name, kind, name, 2**40, frozenset(groups), person=f"i|{name}" if person is None else person
    )


@pytest.mark.parametrize("part", CHANGES)
def test_a_change_of_any_part_is_another_binding(part):
    assert binding(replace(ASKED, **{part: CHANGES[part]}), 5) != binding(ASKED, 5)


@pytest.mark.parametrize("part", ["cluster", "namespace", "name", "container", "container_id"])
def test_the_pod_is_bound_whole(part):
    assert binding(replace(ASKED, pod=replace(POD, **{part: "other"})), 5) != binding(ASKED, 5)


def test_the_deadline_is_bound():
    assert binding(ASKED, 5) != binding(ASKED, 6)


def test_the_session_is_bound_only_where_the_requester_waits():
    assert binding(replace(ASKED, session="t"), 5) == binding(ASKED, 5)
    waits = replace(ASKED, waits=True)
    assert binding(replace(waits, session="t"), 5) != binding(waits, 5)


def test_a_person_of_a_named_group_may_decide():
    assert may_decide(ASKED, who("bob", "sre")) == ""


@pytest.mark.parametrize(
    "principal",
    [
        who("carol", "dev"),
        who("robot", "sre", kind=Kind.AGENT),
        who("bob", "sre", person=""),
        who("alice", "sre"),
        who("alice2", "sre", person="i|alice"),
    ],
)
def test_the_wrong_ones_may_not_decide(principal):
    assert may_decide(ASKED, principal)


def test_nobody_approves_their_own_request():
    own = replace(ASKED, identity="i|bob", kind="human", owner="", owner_person="", person="i|bob")
    assert may_decide(own, who("bob", "sre"))
    assert may_decide(own, who("bob-admin", "sre", person="i|bob"))


def test_a_quorum_counts_people_once():
    assert not complete(ASKED, ["bob", "bob"], code_given=True)
    assert complete(ASKED, ["bob", "dana"], code_given=False)
    assert not complete(replace(ASKED, terms=Terms(peers=0, totp=True)), [], code_given=False)


def test_only_open_states_move_on():
    final = set(State) - {State.REQUESTED, State.APPROVED}
    assert not [(old, new) for old in final for new in State if may_become(old, new)]
    assert may_become(State.APPROVED, State.CONSUMED)
    assert not may_become(State.REQUESTED, State.CONSUMED)
