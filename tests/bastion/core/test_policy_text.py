"""Policy files (policy_nodes, policy_values, rules): what is wrong is named with its line, never loaded."""

from __future__ import annotations

import pytest

from bastion.core.policy import Policy
from bastion.core.policy_text import PolicyProblems, included, load

GOOD = "version: 1\nrules:\n  - {id: a, command: {program: ls}, effect: allow}\n"


def problems(text: str) -> str:
    found = load(text, name="p.yaml")
    assert isinstance(found, PolicyProblems)
    return str(found)


def rule(body: str) -> str:
    return f"version: 1\nrules:\n  - id: a\n{body}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "p.yaml:0: the policy is empty"),
        ("version: 2\nrules: []", "p.yaml:1: version: 1"),
        ("version: 1", "must have rules"),
        ("version: 1\nrules: []\nruels: []", "p.yaml:3: the policy has no key ruels; did you mean rules?"),
        ("a: [", "this is not YAML"),
        ("a: !!python/object:os.system x", "has no key a"),
        (rule("    effect: alow"), "p.yaml:4: effect must be allow, deny"),
        (rule("    efect: allow"), "did you mean effect?"),
        (rule("    effect: allow\n    effect: deny"), "p.yaml:5: a rule has the key effect twice"),
        (rule("    effect: allow\n    comand: {}"), "did you mean command?"),
        (rule("    effect: allow\n    command: {path: {within: [/x]}}"), "did you mean paths?"),
        (rule("    effect: allow\n    when: x"), "p.yaml:5: conditions in CEL (when:) are not supported by this version"),
        (rule("    effect: allow\n    hours: {}"), "not supported by this version"),
        (rule("    effect: reason"), "the effect reason is not supported by this version"),
        (rule("    effect: notify"), "not supported by this version"),
        (rule("    effect: approve-peer"), "write {approve:"),
        (rule("    effect: {approve: {}}"), "must ask for peers, for totp or for both"),
        (rule("    effect: {approve: {peers: 1}}"), "peers and from go together"),
        (rule("    effect: {approve: {peers: 1, from: [a], ttl: 10}}"), "ttl must be a duration"),
        (rule("    effect: {approve: {peers: 1, from: [a], scope: session}}"), "scope must be one of once"),
        (rule("    effect: {approve: {peers: -1, from: [a]}}"), "peers must be a number from 0 to 20"),
        (rule("    effect: allow\n    who: {groups: $none}"), "there is no set $none"),
        (rule("    effect: allow\n    who: {kinds: [robot]}"), "robot is no kind"),
        (rule("    effect: allow\n    who: {groups: []}"), "groups must not be empty"),
        (rule("    effect: allow\n    command: {paths: {within: [etc]}}"), "takes absolute paths"),
        (rule("    effect: allow\n    command: {paths: {any: [/etc/../x]}}"), "is no path pattern"),
        (rule("    effect: allow\n    command: {capabilities: {none: [flying]}}"), "flying is no capability"),
        (rule("    effect: allow\n    command: {program: a, programs: [b]}"), "not both"),
        (rule("    effect: allow\n    environment: [A]\n    command: {program: a}"), "not both"),
        (rule("    effect: allow\n  - {id: a, effect: deny}"), "p.yaml:5: the rule a is there twice"),
        ("version: 1\nrules:\n  - {effect: allow}", "must have an id"),
        ("version: 1\ndefaults: {effect: allow}\nrules: []", "p.yaml:2: defaults.effect must be one of deny"),
        ("version: 1\ndefaults: {not_understood: {human: allow}}\nrules: []", "must be one of deny, approve-peer, approve-totp"),
        ("version: 1\ndefaults: {not_understood: {human: approve-peer}}\nrules: []", "needs defaults.approve"),
        ("version: 1\nmasking: [{known_values: maybe}]\nrules: []", "known_values must be one of required, preferred, off"),
        ("version: 1\ndefaults: {secrets_scope: cluster}\nrules: []", "p.yaml:2: secrets_scope must be one of namespace, pod"),
        ("version: 1\nmasking: [{who: {groups: [a]}}]\nrules: []", "must have known_values or secrets_scope"),
        ("- 1", "the policy must be a mapping"),
        ("version: 1\nrules: {a: b}", "rules must be a list"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line_and_the_nearest_key(text, said):
    assert said in problems(text)


def test_every_fault_is_told_at_once_in_the_order_of_the_file():
    told = problems("version: 3\nrules:\n  - {id: a, efect: allow}\n  - {id: B, effect: deny}\n").splitlines()
    assert [line.split(":")[1] for line in told] == sorted(line.split(":")[1] for line in told)
    assert len(told) >= 3


def test_a_bomb_of_aliases_is_refused_without_being_expanded():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "aliases counted" in problems("\n".join(lines))


def test_depth_size_and_self_reference_are_bounded():
    assert "levels deep" in problems("a: " + "[" * 50 + "]" * 50)
    assert problems("[" * 100_000)
    assert "may have" in problems("#" * (1024 * 1024 + 1))
    assert problems("a: &a [*a]")


def test_the_hash_is_that_of_the_text_whatever_its_line_ends():
    one, two = load(GOOD, name="a"), load(GOOD.replace("\n", "\r\n"), name="b")
    assert isinstance(one, Policy)
    assert isinstance(two, Policy)
    assert one.sha256 == two.sha256
    assert one.sha256 != load(GOOD + "# changed\n", name="a").sha256


def test_sets_stand_alone_and_inside_lists():
    made = load(
        "version: 1\nsets: {r: [cat, ls]}\nrules:\n  - {id: a, command: {programs: {only: [$r, id]}}, effect: allow}",
        name="p",
    )
    assert isinstance(made, Policy)
    assert made.rules[0].what.programs == {"cat", "ls", "id"}


PART = "version: 1\nsets: {logs: [/var/log]}\nrules:\n  - {id: part, command: {program: cat, reads: {within: $logs}}, effect: allow, examples: {match: [cat x]}}\n"
MAIN = "version: 1\ninclude: [part.yaml]\nrules:\n  - {id: own, command: {program: tail, reads: {within: $logs}}, effect: allow}\n"


def test_an_included_file_gives_its_rules_and_sets_and_counts_in_the_digest():
    made = load(MAIN, name="p.yaml", parts={"part.yaml": PART})
    assert isinstance(made, Policy), str(made)
    assert [(rule.id, rule.place) for rule in made.rules] == [("part", "part.yaml line 4"), ("own", "line 4")]
    assert made.rules[1].what.reads.within == ("/var/log",)
    assert made.rules[0].examples[0].file == "part.yaml"
    other = load(MAIN, name="p.yaml", parts={"part.yaml": PART.replace("/var/log", "/srv")})
    assert isinstance(other, Policy)
    assert made.sha256 != other.sha256
    assert included(MAIN) == ("part.yaml",)


@pytest.mark.parametrize(
    ("main", "part", "said"),
    [(MAIN, PART.replace("cat,", "cat, raeds: x,"), "part.yaml:4: command has no key raeds; did you mean reads?"), (MAIN, "version: 1\ninclude: [x.yaml]\nrules: []", "part.yaml:2: an included file has no key include"),
     (MAIN, "version: 1\ndefaults: {}\nrules: []", "part.yaml:2: an included file has no key defaults"), (MAIN, "rules: [", "part.yaml:1: this is not YAML"), (MAIN, "rules: []", "part.yaml:1: version: 1"),
     (MAIN, PART.replace("id: part", "id: own"), "p.yaml:4: the rule own is there twice"), (MAIN.replace("rules:", "sets: {logs: [/x]}\nrules:"), PART, "p.yaml:3: the set logs is there twice"),
     (MAIN.replace("[part.yaml]", "[../part.yaml]"), PART, "p.yaml:2: ../part.yaml is no name of a file"), (MAIN.replace("[part.yaml]", "[/etc/p.yaml]"), PART, "is no name of a file"),
     (MAIN.replace("[part.yaml]", "[part.yaml, part.yaml]"), PART, "included twice"), (MAIN.replace("[part.yaml]", "[gone.yaml]"), PART, "gone.yaml cannot be read"), (MAIN.replace("[part.yaml]", "part.yaml"), PART, "include must be a list"),
     (MAIN.replace("[part.yaml]", str([f"a{n}.yaml" for n in range(17)])), PART, "may include 16 files")],
)  # fmt: skip
def test_what_is_wrong_with_an_included_file_is_named_with_its_file_and_line(main, part, said):
    found = load(main, name="p.yaml", parts={"part.yaml": part})
    assert isinstance(found, PolicyProblems)
    assert said in str(found)
