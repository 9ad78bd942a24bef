"""From a policy file to a Policy, or to its problems: unknown keys are fatal, errors name the line.

`load` reads and checks the text. The examples that stand in it need the shell's parser, so whoever
loads runs them: for each of `example_texts` give its parsed text to `check_example`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from bastion.core.policy import Policy
from bastion.core.policy_nodes import Nodes, Problem
from bastion.core.policy_values import (
    read_effect,
    read_examples,
    read_terms,
    read_what,
    read_where,
    read_who,
)
from bastion.core.rules import (
    KNOWN_VALUES,
    SCOPES,
    Defaults,
    Example,
    Knowing,
    KnownValues,
    Masking,
    Rule,
    Scope,
)
from bastion.core.shell.paths import Match
from bastion.core.shell.understand import understand
from bastion.model.events import Parsed
from bastion.model.verdict import Effect

MAX_INCLUDES = 16
_TOP = ("version", "include", "defaults", "sets", "rules", "masking")
_PART = ("version", "sets", "rules")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\.ya?ml")
_KNOWING = ("known_values", "secrets_scope")
_RULE = ("id", "who", "where", "command", "environment", "effect", "reason", "examples")
EXAMPLE_CWD = "/app"


@dataclass(frozen=True, slots=True)
class PolicyProblems:
    """Why a policy cannot be used; printed, one line for each problem: `name:line: text`."""

    name: str
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        ordered = sorted(self.problems, key=lambda problem: (problem.file, problem.line))
        return "\n".join(f"{each.file or self.name}:{each.line}: {each.text}" for each in ordered)


def included(text: str) -> tuple[str, ...]:
    """The names of the files that a policy includes; whoever loads it reads them and gives their text.

    What is wrong with them is for `load` to say.
    """
    top = _top(Nodes().compose(text))
    names = top["include"].value if isinstance(top.get("include"), yaml.SequenceNode) else ()
    found = [each.value for each in names if isinstance(each, yaml.ScalarNode)]
    return tuple(name for name in dict.fromkeys(found) if _FILE.fullmatch(name))[:MAX_INCLUDES]


def load(text: str, *, name: str, parts: Mapping[str, str] | None = None) -> Policy | PolicyProblems:
    """Read a policy (YAML); `name` is the file's, for messages. Never raises for bad text.

    `parts` holds the texts of the files that it includes, by name. Their sets and rules come first.
    """
    nodes = Nodes()
    root = nodes.compose(text)
    if root is None:
        return PolicyProblems(name, tuple(nodes.problems) or (Problem(0, "the policy is empty"),))
    top = nodes.mapping(root, "the policy", _TOP)
    files = _include(nodes, top["include"], parts or {}) if "include" in top else {}
    rules = [rule for file, part in files.items() for rule in _part(nodes, file, part)]
    rules += _body(nodes, root, top)
    defaults = _defaults(nodes, top["defaults"]) if "defaults" in top else Defaults()
    if "rules" not in top:
        nodes.wrong(root, "a policy must have rules")
    masking = (
        [_masking(nodes, each) for each in nodes.items(top["masking"], "masking")] if "masking" in top else []
    )
    _check_ids(nodes, rules)
    if nodes.problems:
        return PolicyProblems(name, tuple(nodes.problems))
    return Policy(_digest(text, files), tuple(rules), defaults, tuple(masking), name)


def _digest(text: str, files: Mapping[str, str]) -> str:
    """The sha256 of a policy's text; of one that includes, that of the list of all texts' sha256."""

    def one(each: str) -> str:
        return hashlib.sha256(each.replace("\r\n", "\n").encode("utf-8", "surrogatepass")).hexdigest()

    if not files:
        return one(text)
    return one("\n".join([one(text), *(f"{name} {one(part)}" for name, part in files.items())]))


def _top(root: yaml.Node | None) -> dict[str, yaml.Node]:
    pairs = root.value if isinstance(root, yaml.MappingNode) else ()
    return {key.value: value for key, value in pairs if isinstance(key, yaml.ScalarNode)}


def _include(nodes: Nodes, node: yaml.Node, parts: Mapping[str, str]) -> dict[str, str]:
    """The texts of the included files, in order."""
    found: dict[str, str] = {}
    listed = nodes.items(node, "include")
    if len(listed) > MAX_INCLUDES:
        nodes.wrong(node, f"a policy may include {MAX_INCLUDES} files")
    for each in listed[:MAX_INCLUDES]:
        file = nodes.text(each, "an item of include")
        if file is None:
            continue
        if not _FILE.fullmatch(file):
            nodes.wrong(each, f"{file[:60]} is no name of a file beside the policy, like secrets.yaml")
        elif file in found:
            nodes.wrong(each, f"{file} is included twice")
        elif file not in parts:
            nodes.wrong(each, f"{file} cannot be read")
        else:
            found[file] = parts[file]
    return found


def _part(nodes: Nodes, file: str, text: str) -> list[Rule]:
    """The rules of an included file: a policy that has only sets and rules, and includes nothing."""
    nodes.file = file
    try:
        root = nodes.compose(text)
        if root is None:
            return []
        return _body(nodes, root, nodes.mapping(root, "an included file", _PART))
    finally:
        nodes.file = ""


def _body(nodes: Nodes, root: yaml.Node, top: Mapping[str, yaml.Node]) -> list[Rule]:
    """Version, sets and rules of one file."""
    if "version" not in top or nodes.text(top["version"], "version") != "1":
        nodes.wrong(top.get("version", root), "version: 1 is the only version")
    for key, value in nodes.mapping(top["sets"], "sets", None).items() if "sets" in top else ():
        if key in nodes.sets:
            nodes.wrong(value, f"the set {key} is there twice")
        nodes.sets[key] = nodes.strings(value, f"the set {key}")
    return [_rule(nodes, each) for each in nodes.items(top["rules"], "rules")] if "rules" in top else []


def example_texts(policy: Policy) -> tuple[Example, ...]:
    """Every example of every rule; parse each `text` in the dialect "bash"."""
    return tuple(example for rule in policy.rules for example in rule.examples)


def check_example(policy: Policy, example: Example, parsed: Parsed) -> str | None:
    """What is wrong with an example, given its parsed text; None where it holds.

    A rule matches a line when it may hold for one of its commands; an allowing rule, when it
    permits every one of them.
    """
    where = (
        f"{example.file} line {example.line}".lstrip()
        + f": rule {example.rule}: the example {example.text!r}"
    )
    if parsed.tree is None:
        return f"{where} is {parsed.problem}: {parsed.message}"
    rule = next(each for each in policy.rules if each.id == example.rule)
    line = understand(parsed.tree, parsed.text, cwds=(EXAMPLE_CWD,), dialect="bash", stdin="client")
    commands = [command for unit in line.units for command in unit.commands]
    answers = [policy.answer(rule, command) for command in commands]
    if rule.effect is Effect.ALLOW:
        understood = all(unit.understood for unit in line.units)
        matched = understood and bool(answers) and all(answer.grants for answer in answers)
    else:
        matched = any(answer.hits is not Match.NO for answer in answers)
    if matched == example.expected:
        return None
    return f"{where} {'is not matched' if example.expected else 'is matched'}"


def _check_ids(nodes: Nodes, rules: list[Rule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            nodes.problems.append(Problem(rule.line, f"the rule {rule.id} is there twice", rule.file))
        seen.add(rule.id)


def _defaults(nodes: Nodes, node: yaml.Node) -> Defaults:
    found = nodes.mapping(node, "defaults", (*_KNOWING, "effect", "not_understood", "approve"))
    if "effect" in found:
        nodes.choice(found["effect"], "defaults.effect", ("deny",))
    terms = read_terms(nodes, found["approve"], "defaults.approve") if "approve" in found else None
    effects = {"human": Effect.APPROVE_PEER, "agent": Effect.DENY}
    if "not_understood" in found:
        each = nodes.mapping(found["not_understood"], "defaults.not_understood", ("human", "agent"))
        for kind, value in each.items():
            chosen = nodes.choice(
                value, f"defaults.not_understood.{kind}", ("deny", "approve-peer", "approve-totp")
            )
            effects[kind] = Effect(chosen) if chosen else Effect.DENY
            if effects[kind] is Effect.APPROVE_PEER and not (terms and terms.peers):
                nodes.wrong(value, "approve-peer needs defaults.approve with peers and from")
            if effects[kind] is Effect.APPROVE_TOTP and not (terms and terms.totp):
                nodes.wrong(value, "approve-totp needs defaults.approve with totp: true")
    values, scope = _knowing(nodes, found)
    return Defaults(effects["human"], effects["agent"], terms, Knowing(values or "required", scope or "pod"))


def _knowing(nodes: Nodes, found: dict[str, yaml.Node]) -> tuple[KnownValues | None, Scope | None]:
    """What is said about known values; a wrong word is a problem, and stands for the strictest."""
    values: KnownValues | None = None
    scope: Scope | None = None
    if "known_values" in found:
        name = nodes.choice(found["known_values"], "known_values", KNOWN_VALUES)
        values = next((each for each in KNOWN_VALUES if each == name), KNOWN_VALUES[0])
    if "secrets_scope" in found:
        name = nodes.choice(found["secrets_scope"], "secrets_scope", SCOPES)
        scope = next((each for each in SCOPES if each == name), SCOPES[0])
    return values, scope


def _masking(nodes: Nodes, node: yaml.Node) -> Masking:
    found = nodes.mapping(node, "a masking entry", (*_KNOWING, "who", "where"))
    values, scope = _knowing(nodes, found)
    if values is None and scope is None:
        nodes.wrong(node, "a masking entry must have known_values or secrets_scope")
    return Masking(values, scope, read_who(nodes, found.get("who")), read_where(nodes, found.get("where")))


def _rule(nodes: Nodes, node: yaml.Node) -> Rule:
    found = nodes.mapping(node, "a rule", _RULE)
    line = node.start_mark.line + 1
    name = nodes.text(found["id"], "id") if "id" in found else None
    if name is None or not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name):
        nodes.wrong(found.get("id", node), "a rule must have an id of small letters, digits, dots and dashes")
        name = name or f"line-{line}"
    if "effect" not in found:
        nodes.wrong(node, f"the rule {name} must have an effect")
    effect, terms = read_effect(nodes, found["effect"]) if "effect" in found else (Effect.DENY, None)
    if "command" in found and "environment" in found:
        nodes.wrong(node, f"the rule {name} must be about a command or the environment, not both")
    if "environment" in found and effect not in (Effect.ALLOW, Effect.DENY):
        nodes.wrong(found["effect"], "a rule about the environment can allow or deny")
    return Rule(
        id=name,
        line=line,
        effect=effect,
        who=read_who(nodes, found.get("who")),
        where=read_where(nodes, found.get("where")),
        what=read_what(nodes, found["command"]) if "command" in found else None,
        terms=terms,
        reason=(nodes.text(found["reason"], "reason") or "") if "reason" in found else "",
        environment=nodes.strings(found["environment"], "environment") if "environment" in found else None,
        examples=read_examples(nodes, found["examples"], name) if "examples" in found else (),
        file=nodes.file,
    )
