"""The threshold: who may reach, what is filtered, and when a container is ready."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from acting import POD, POLICY, Play, exec_line, human, patterns, policy

from bastion.core.opening import NO_SHELL
from bastion.core.threshold import Threshold
from bastion.model.effects import Note, OpenPod, Resolve
from bastion.model.events import PodExited, PodFailed, PodSent, Resolved
from bastion.model.refusal import Refusal

RESOLVED = Resolved(0.0, POD, patterns(), 1)


def begun(request=None, who=None, rules=POLICY):
    request = request or exec_line("x")
    threshold = Threshold(Play(request, who).frame, None)
    return threshold, threshold.begin(request, policy(rules))


def test_the_cluster_is_asked_only_for_who_may_reach_the_target():
    assert isinstance(begun()[1][0], Resolve)
    assert isinstance(begun(who=human("m", "others"))[1], Refusal)


def test_the_probe_follows_and_only_its_whole_answer_makes_ready():
    threshold, _ = begun()
    effects, out = threshold.resolved(RESOLVED, None, policy())
    assert [type(each) for each in effects] == [Note, OpenPod]
    assert out.failed == ""
    assert threshold.probed(PodSent(0.0, "err", b"noise")) is False
    for byte in b"\x1ebash\x1e\x1e\x1e/app\n":
        assert threshold.probed(PodSent(0.0, "out", bytes([byte]))) is False
    assert threshold.probed(PodExited(0.0, 0)) is True
    assert (threshold.place.dialect, threshold.place.start, threshold.carried.cwd) == ("bash", "/app", "/app")


@pytest.mark.parametrize("event", [PodExited(0.0, 0), PodExited(0.0, 1)])
def test_no_answer_is_no_shell(event):
    threshold, _ = begun()
    threshold.resolved(RESOLVED, None, policy())
    assert threshold.probed(event) is NO_SHELL


def test_a_probe_that_failed_says_why():
    threshold, _ = begun()
    assert threshold.probed(PodFailed(0.0, Refusal("x", "y"))) == Refusal("x", "y")


def test_a_stricter_policy_outdates_what_began_under_a_looser_one():
    loose = POLICY.replace("defaults: {", "defaults: {known_values: off, ")
    assert begun(rules=loose)[0].outdated(policy())
    assert not begun()[0].outdated(policy(loose))
    assert not begun()[0].outdated(policy())
