"""Lint: each finding names its line and its rule; a careful policy has none."""

from __future__ import annotations

import pytest

from bastion.core.policy import Policy
from bastion.core.policy_lint import findings
from bastion.core.policy_text import load

HEAD = "version: 1\ndefaults: {approve: {peers: 1, from: [sre]}}\n"
GOOD = """  - id: a
    who: {groups: [dev]}
    command: {programs: [ls, "git status"]}
    effect: allow
    examples: {match: [ls]}
"""


def found(rules: str, head: str = HEAD) -> str:
    text = f"{head}rules:\n{rules}"
    policy = load(text, name="p")
    assert isinstance(policy, Policy), str(policy)
    return "\n".join(f"{one.line}: {one.text}" for one in findings(policy, text))


def test_a_careful_policy_has_no_findings():
    assert found(GOOD) == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("    examples: {match: [ls]}\n", "", "4: rule a: it has no examples"), ("    who: {groups: [dev]}\n", "", "rule a: it allows for everybody, agents too"),
     ("[ls, ", "[sl, kubctl, ", "kubctl is not a program that the judge knows, so it is never understood; did you mean kubectl?"), ("[ls, ", "[rsync, ", "rsync is known by its name only"),
     ('command: {programs: [ls, "git status"]}', "command: {writes: none}", "it allows every program"), ("programs: [ls,", "flags: {only: [-a], any: [-b]}, programs: [ls,", "its flags can never hold"),
     ("programs: [ls,", "flags: {all: [-a], none: [-a]}, programs: [ls,", "its flags can never hold"), ("programs: [ls,", "reads: {within: [/a/b], outside: [/a]}, programs: [ls,", "its reads can never hold"),
     ("programs: [ls,", "paths: {any: [/a], none: [/a]}, programs: [ls,", "its paths can never hold"),
     ("{groups: [dev]}", "{kinds: [agent]}", "")],
)  # fmt: skip
def test_each_suspicion_is_named(old, new, said):
    text = found(GOOD.replace(old, new))
    assert said in text
    assert bool(said) == bool(text)


def test_a_second_rule_that_says_the_same_is_named():
    assert found(GOOD + GOOD.replace("id: a", "id: b")) == "9: rule b: it says the same as rule a"


def test_a_rule_whose_whole_ground_is_denied_is_named():
    deny = (
        GOOD.replace("id: a", "id: no")
        .replace("effect: allow", "effect: deny")
        .replace("    who: {groups: [dev]}\n", "")
    )
    assert "rule a: rule no denies all that it is about" in found(GOOD + deny)
    narrower = deny.replace("id: no", "id: no\n    where: {namespaces: [x]}")
    assert found(GOOD + narrower) == ""


def test_a_code_that_is_asked_of_agents_only_is_named():
    rule = "  - {id: a, who: {kinds: [agent]}, command: {program: rm}, effect: {approve: {totp: true}}, examples: {match: [rm]}}\n"
    assert "agents hold none" in found(rule)


def test_a_set_that_nothing_uses_is_named_with_its_line():
    assert found(GOOD, HEAD + "sets:\n  used: [x]\n  idle: [y]\n  more: [$used]\n") == (
        "5: the set idle is not used\n6: the set more is not used"
    )


@pytest.mark.parametrize(
    ("defaults", "said"),
    [("{not_understood: {agent: approve-peer}, approve: {peers: 1, from: [x]}}", "0: what an agent runs"), ("{effect: deny}", "0: without defaults.approve")],
)  # fmt: skip
def test_defaults_that_surprise_are_named(defaults, said):
    assert said in found(GOOD, f"version: 1\ndefaults: {defaults}\n")
