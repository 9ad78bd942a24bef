"""An explanation names what matched, what decided, and what a rule lacks that nearly did."""

from __future__ import annotations

import pytest

from bastion.core.policy import Policy
from bastion.core.policy_text import load
from bastion.core.policy_why import deciding, explain
from bastion.core.shell.facts import Access, Command, Line, Unit
from bastion.model.pod import Pod
from bastion.model.principal import Kind, Principal
from bastion.model.verdict import Effect

RULES = """
version: 1
rules:
  - id: read
    who: {groups: [dev]}
    where: {namespaces: [shop]}
    command: {programs: [cat], flags: {none: [-x]}, reads: {within: [/var/log]}}
    effect: allow
  - {id: remove, command: {program: rm, paths: {within: [/data]}}, effect: {approve: {totp: true}}}
  - {id: etc, command: {writes: {within: [/etc]}}, effect: deny}
  - {id: home, who: {kinds: [agent]}, where: {labels: {tier: db}}, command: {program: ls}, effect: allow}
"""
WEB = Pod("demo", "shop", "web-0", "u", "app", "c", (("tier", "web"),))
ALICE = Principal("i", "alice", Kind.HUMAN, "alice", 0, frozenset({"dev"}))


@pytest.fixture(scope="module")
def policy():
    made = load(RULES, name="p")
    assert isinstance(made, Policy)
    return made


def why(policy, command, who=ALICE, pod=WEB):
    unit = Unit(b"", (command,), command.understood, (), False, True, False, ("/app",), False, b"x")
    return explain(policy, who, pod, Line((unit,)))[0]


def reads(path, **rest):
    return Command("cat", accesses=(Access("read", (path,)),), **rest)


def test_a_rule_that_permits_is_named_as_what_matched_and_decided(policy):
    found = why(policy, reads("/var/log/a"))
    assert [(one.rule.id, one.permits) for one in found.matched] == [("read", True)]
    assert (found.verdict.effect, found.verdict.rule) == (Effect.ALLOW, "read")
    assert deciding(policy, found.verdict.rule) == "rule read (line 4)"


def test_a_rule_about_files_that_a_command_does_not_have_matches_nothing(policy):
    assert why(policy, Command("rm")).matched == ()


def test_a_denial_that_may_hold_is_told_from_one_that_surely_does(policy):
    maybe = why(policy, Command("x", accesses=(Access("write", unknown=True),)))
    sure = why(policy, Command("x", accesses=(Access("write", ("/etc/a",)),)))
    assert [(one.rule.id, one.surely) for one in maybe.matched] == [("etc", False)]
    assert [(one.rule.id, one.surely) for one in sure.matched] == [("etc", True)]


@pytest.mark.parametrize(
    ("command", "rule", "lacks"),
    [(reads("/srv/a"), "read", ["command.reads is within /var/log; the command has /srv/a"]),
     (reads("/var/log/a", flags=("-x",)), "read", ["command.flags is none -x; the command has -x"]),
     (Command("rm", accesses=(Access("write", ("/srv",), tree=True),)), "remove", ["command.paths is within /data; the command has /srv/**"]),
     (Command("cat", accesses=(Access("write", ("/tmp/x",)),)), "read", ["without writes: it permits no write, and /tmp/x is written"]),
     (Command("ls"), "home", ["who.kinds is agent, not human", "where.labels.tier is db, not web"])],
)  # fmt: skip
def test_the_nearest_miss_says_each_part_that_it_lacks(policy, command, rule, lacks):
    found = why(policy, command)
    assert found.nearest is not None
    assert (found.nearest.rule.id, list(found.nearest.lacks)) == (rule, lacks)


def test_a_group_and_a_place_that_are_missing_are_named(policy):
    bob = Principal("i", "bob", Kind.HUMAN, "bob", 0, frozenset({"ops"}))
    found = why(policy, reads("/var/log/a"), bob, Pod("demo", "bank", "db", "u", "app", "c"))
    assert found.nearest.lacks == ("who.groups is dev, not ops", "where.namespaces is shop, not bank")


def test_a_program_that_no_rule_is_about_has_no_near_miss(policy):
    assert why(policy, Command("frobnicate")).nearest is None


def test_what_decides_without_a_rule_is_said_in_words(policy):
    assert deciding(policy, "default") == "default: no rule allows it"
    assert deciding(policy, "builtin:never").endswith("nothing can allow it")
