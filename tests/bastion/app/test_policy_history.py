"""Recorded verdicts become cases: whose, where, with which input; what cannot be judged is counted."""

import pytest

from bastion.app.config import ConfigError
from bastion.app.policy_history import Recorded, Skipped, recorded
from bastion.model.verdict import Effect
from recorder.checkpoint import SigningKey
from recorder.ledger import Ledger

STARTED = {"type": "session.started", "session": "s1", "identity": "https://sso|alice", "kind": "human", "groups": ["dev"], "mode": "exec", "tty": False}  # fmt: skip
RESOLVED = {"type": "pod.resolved", "session": "s1", "cluster": "demo", "namespace": "shop", "pod": "web-0", "container": "app"}  # fmt: skip
VERDICT = {"type": "verdict", "session": "s1", "text": "cat x", "bytes": 5, "effect": "allow", "rule": "read", "refused": "", "cwd": "/app", "dialect": "posix"}  # fmt: skip


@pytest.fixture
def state(tmp_path):
    def write(*leaves, year="2026"):
        ticks = iter(range(10**15, 10**15 + 10**6))
        ledger = Ledger.open(
            tmp_path / "ledger" / year, origin=f"o/{year}", key=SigningKey.generate(), boot="b",
            clock=lambda: (next(ticks), next(ticks)),
        )  # fmt: skip
        ledger.append(list(leaves))
        ledger.close()
        return tmp_path

    (tmp_path / "ledger").mkdir()
    return write


def test_a_verdict_is_a_case_with_its_session_and_container(state):
    [found] = recorded(state(STARTED, RESOLVED, VERDICT))
    assert isinstance(found, Recorded)
    assert (found.effect, found.rule) == (Effect.ALLOW, "read")
    assert (found.case.line, found.case.shell, found.case.cwd, found.case.stdin) == ("cat x", "posix", "/app", "client")  # fmt: skip
    assert found.case.who == {"issuer": "https://sso", "subject": "alice", "kind": "human", "groups": ["dev"]}
    assert found.case.at == {"cluster": "demo", "namespace": "shop", "pod": "web-0", "container": "app"}
    assert found.where.endswith("alice shop/web-0")


@pytest.mark.parametrize(
    ("started", "stdin"), [({"mode": "script"}, "null"), ({"tty": True}, "tty"), ({"mode": "interactive", "tty": True}, "tty")]
)  # fmt: skip
def test_what_programs_read_from_is_as_it_was(state, started, stdin):
    [found] = recorded(state({**STARTED, **started}, RESOLVED, VERDICT))
    assert found.case.stdin == stdin


@pytest.mark.parametrize(
    ("change", "why"),
    [({"refused": "secret-in-command", "effect": "deny"}, "another reason"), ({"text": "cat •••", "bytes": 11}, "masked"), ({"text": "(withheld: it holds a secret)"}, "masked"),
     ({"bytes": 50}, "cut"), ({"text": "\\xff", "bytes": 1}, "cut"), ({"text": None}, "no text"), ({"session": "other"}, "beginning"), ({"cwd": ""}, "beginning")],
)  # fmt: skip
def test_what_cannot_be_judged_again_says_why(state, change, why):
    [found] = recorded(state(STARTED, RESOLVED, {**VERDICT, **change}))
    assert isinstance(found, Skipped)
    assert why in found.why


def test_the_second_look_after_an_approval_is_left_out(state):
    assert list(recorded(state(STARTED, RESOLVED, {**VERDICT, "again": True}))) == []


def test_an_ended_session_is_forgotten_and_years_are_read_in_order(state):
    state(STARTED, RESOLVED, VERDICT, {"type": "session.ended", "session": "s1"}, VERDICT)
    found = list(recorded(state(STARTED, RESOLVED, {**VERDICT, "rule": "later"}, year="2027")))
    assert [getattr(one, "rule", "skipped") for one in found] == ["read", "skipped", "later"]


def test_a_folder_without_a_ledger_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="no ledger"):
        list(recorded(tmp_path))
