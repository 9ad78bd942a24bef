"""From a policy file to a Policy, or to its problems: unknown keys are fatal, errors name the line.

`load` reads and checks the text. The examples that stand in it need the shell's parser, so whoever
loads runs them: for each of `example_texts` give its parsed text to `check_example`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml

from bastion.core.policy import Policy
from bastion.core.policy_nodes import Nodes, Problem
from bastion.core.rules import (
    ALL_CAPABILITIES,
    KNOWN_VALUES,
    Choice,
    Defaults,
    Example,
    Files,
    Masking,
    Rule,
    What,
    Where,
    Who,
)
from bastion.core.shell.paths import Match, normalise
from bastion.core.shell.understand import understand
from bastion.model.events import Parsed
from bastion.model.verdict import Effect, Terms

_TOP = ("version", "defaults", "sets", "rules", "masking")
_RULE = ("id", "who", "where", "command", "environment", "effect", "reason", "examples")
_LATER_EFFECTS = ("reason", "mask", "notify")
_PATHS = ("within", "outside", "any", "none")
_PATTERN = re.compile(r"(?:/|\*\*/|[^/~$.]|\.[^./]).*", re.DOTALL)
EXAMPLE_CWD = "/app"


@dataclass(frozen=True, slots=True)
class PolicyProblems:
    """Why a policy cannot be used; printed, one line for each problem: `name:line: text`."""

    name: str
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        ordered = sorted(self.problems, key=lambda problem: problem.line)
        return "\n".join(f"{self.name}:{problem.line}: {problem.text}" for problem in ordered)


def load(text: str, *, name: str) -> Policy | PolicyProblems:
    """Read a policy (YAML); `name` is the file's, for messages. Never raises for bad text."""
    nodes = Nodes()
    root = nodes.compose(text)
    if root is None:
        return PolicyProblems(name, tuple(nodes.problems) or (Problem(0, "the policy is empty"),))
    top = nodes.mapping(root, "the policy", _TOP)
    if "version" not in top or nodes.text(top["version"], "version") != "1":
        nodes.wrong(top.get("version", root), "version: 1 is the only version")
    if "sets" in top:
        for key, value in nodes.mapping(top["sets"], "sets", None).items():
            nodes.sets[key] = nodes.strings(value, f"the set {key}")
    defaults = _defaults(nodes, top["defaults"]) if "defaults" in top else Defaults()
    rules = [_rule(nodes, each) for each in nodes.items(top["rules"], "rules")] if "rules" in top else []
    if "rules" not in top:
        nodes.wrong(root, "a policy must have rules")
    masking = (
        [_masking(nodes, each) for each in nodes.items(top["masking"], "masking")] if "masking" in top else []
    )
    _check_ids(nodes, rules)
    if nodes.problems:
        return PolicyProblems(name, tuple(nodes.problems))
    digest = hashlib.sha256(text.replace("\r\n", "\n").encode("utf-8", "surrogatepass")).hexdigest()
    return Policy(digest, tuple(rules), defaults, tuple(masking), name)


def example_texts(policy: Policy) -> tuple[Example, ...]:
    """Every example of every rule; parse each `text` in the dialect "bash"."""
    return tuple(example for rule in policy.rules for example in rule.examples)


def check_example(policy: Policy, example: Example, parsed: Parsed) -> str | None:
    """What is wrong with an example, given its parsed text; None where it holds.

    A rule matches a line when it may hold for one of its commands; an allowing rule, when it
    permits every one of them.
    """
    where = f"line {example.line}: rule {example.rule}: the example {example.text!r}"
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
            nodes.problems.append(Problem(rule.line, f"the rule {rule.id} is there twice"))
        seen.add(rule.id)


def _defaults(nodes: Nodes, node: yaml.Node) -> Defaults:
    found = nodes.mapping(node, "defaults", ("effect", "not_understood", "approve", "known_values"))
    if "effect" in found:
        nodes.choice(found["effect"], "defaults.effect", ("deny",))
    terms = _terms(nodes, found["approve"], "defaults.approve") if "approve" in found else None
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
    known = (
        nodes.choice(found["known_values"], "known_values", KNOWN_VALUES) if "known_values" in found else None
    )
    chosen_known = next((each for each in KNOWN_VALUES if each == known), "required")
    return Defaults(effects["human"], effects["agent"], terms, chosen_known)


def _masking(nodes: Nodes, node: yaml.Node) -> Masking:
    found = nodes.mapping(node, "a masking entry", ("who", "where", "known_values"))
    known = None
    if "known_values" in found:
        known = nodes.choice(found["known_values"], "known_values", KNOWN_VALUES)
    else:
        nodes.wrong(node, "a masking entry must have known_values")
    chosen = next((each for each in KNOWN_VALUES if each == known), "required")
    return Masking(chosen, _who(nodes, found.get("who")), _where(nodes, found.get("where")))


def _rule(nodes: Nodes, node: yaml.Node) -> Rule:
    found = nodes.mapping(node, "a rule", _RULE)
    line = node.start_mark.line + 1
    name = nodes.text(found["id"], "id") if "id" in found else None
    if name is None or not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name):
        nodes.wrong(found.get("id", node), "a rule must have an id of small letters, digits, dots and dashes")
        name = name or f"line-{line}"
    if "effect" not in found:
        nodes.wrong(node, f"the rule {name} must have an effect")
    effect, terms = _effect(nodes, found["effect"]) if "effect" in found else (Effect.DENY, None)
    if "command" in found and "environment" in found:
        nodes.wrong(node, f"the rule {name} must be about a command or the environment, not both")
    if "environment" in found and effect not in (Effect.ALLOW, Effect.DENY):
        nodes.wrong(found["effect"], "a rule about the environment can allow or deny")
    return Rule(
        id=name,
        line=line,
        effect=effect,
        who=_who(nodes, found.get("who")),
        where=_where(nodes, found.get("where")),
        what=_what(nodes, found["command"]) if "command" in found else None,
        terms=terms,
        reason=(nodes.text(found["reason"], "reason") or "") if "reason" in found else "",
        environment=nodes.strings(found["environment"], "environment") if "environment" in found else None,
        examples=_examples(nodes, found["examples"], name) if "examples" in found else (),
    )


def _effect(nodes: Nodes, node: yaml.Node) -> tuple[Effect, Terms | None]:
    if isinstance(node, yaml.MappingNode):
        found = nodes.mapping(node, "effect", ("approve",))
        terms = _terms(nodes, found["approve"], "approve") if "approve" in found else Terms(peers=1)
        return (Effect.APPROVE_PEER if terms.peers else Effect.APPROVE_TOTP), terms
    name = nodes.text(node, "effect")
    if name in _LATER_EFFECTS:
        nodes.wrong(node, f"the effect {name} is not supported by this version")
    elif name in ("approve-peer", "approve-totp", "approve"):
        nodes.wrong(node, "write {approve: {peers: 1, from: [GROUP], totp: false, ttl: 10m}}")
    elif name not in ("allow", "deny"):
        nodes.wrong(node, "effect must be allow, deny or {approve: {…}}")
    return (Effect.ALLOW if name == "allow" else Effect.DENY), None


def _terms(nodes: Nodes, node: yaml.Node, what: str) -> Terms:
    found = nodes.mapping(node, what, ("peers", "from", "totp", "approver_factor", "ttl", "scope"))
    peers = nodes.number(found["peers"], "peers", 0, 20) if "peers" in found else 0
    totp = nodes.truth(found["totp"], "totp") if "totp" in found else False
    groups = nodes.strings(found["from"], "from") if "from" in found else ()
    factor = (
        nodes.choice(found["approver_factor"], "approver_factor", ("totp", "none"))
        if "approver_factor" in found
        else None
    )
    if "scope" in found:
        nodes.choice(found["scope"], "scope", ("once",))
    if not peers and not totp:
        nodes.wrong(node, f"{what} must ask for peers, for totp or for both")
    if bool(peers) != bool(groups):
        nodes.wrong(node, f"{what}: peers and from go together")
    ttl = nodes.seconds(found["ttl"], "ttl") if "ttl" in found else 600
    return Terms(peers, frozenset(groups), totp, "none" if factor == "none" else "totp", ttl)


def _who(nodes: Nodes, node: yaml.Node | None) -> Who:
    if node is None:
        return Who()
    found = nodes.mapping(node, "who", ("groups", "kinds", "subjects", "issuers"))
    values = {key: frozenset(nodes.strings(value, key)) for key, value in found.items()}
    for kind in values.get("kinds", frozenset()) - {"human", "agent"}:
        nodes.wrong(found["kinds"], f"{kind[:40]} is no kind; there are human and agent")
    return Who(values.get("groups"), values.get("kinds"), values.get("subjects"), values.get("issuers"))


def _where(nodes: Nodes, node: yaml.Node | None) -> Where:
    if node is None:
        return Where()
    names = ("clusters", "namespaces", "pods", "containers", "workloads")
    found = nodes.mapping(node, "where", (*names, "labels"))
    labels = nodes.mapping(found["labels"], "labels", None) if "labels" in found else {}
    pairs = tuple((key, nodes.text(value, f"the label {key}") or "") for key, value in labels.items())
    listed = {key: nodes.strings(found[key], key) for key in names if key in found}
    return Where(*(listed.get(key) for key in names), labels=pairs)


def _what(nodes: Nodes, node: yaml.Node) -> What:
    files = ("paths", "reads", "writes")
    found = nodes.mapping(node, "command", ("program", "programs", "flags", "capabilities", "hosts", *files))
    programs = None
    if "program" in found and "programs" in found:
        nodes.wrong(node, "command must have program or programs, not both")
    if "program" in found:
        programs = frozenset([nodes.text(found["program"], "program") or ""])
    elif "programs" in found:
        value = found["programs"]
        if isinstance(value, yaml.MappingNode):
            only = nodes.mapping(value, "programs", ("only",))
            value = only.get("only", value)
        programs = frozenset(nodes.strings(value, "programs"))
    capabilities = _choice(nodes, found["capabilities"], "capabilities") if "capabilities" in found else None
    for each in (
        (capabilities.only, capabilities.any, capabilities.all, capabilities.none) if capabilities else ()
    ):
        for unknown in (each or frozenset()) - ALL_CAPABILITIES:
            nodes.wrong(
                found["capabilities"],
                f"{unknown[:40]} is no capability; there are {', '.join(sorted(ALL_CAPABILITIES))}",
            )
    anything = (
        "writes" in found and isinstance(found["writes"], yaml.ScalarNode) and found["writes"].value == "any"
    )
    each_files = {key: _files(nodes, found[key], key) for key in (*files, "hosts") if key in found}
    return What(
        programs=programs,
        flags=_choice(nodes, found["flags"], "flags") if "flags" in found else None,
        paths=each_files.get("paths"),
        reads=each_files.get("reads"),
        writes=None if anything else each_files.get("writes"),
        hosts=each_files.get("hosts"),
        capabilities=capabilities,
        anything_written=anything,
    )


def _choice(nodes: Nodes, node: yaml.Node, what: str) -> Choice:
    found = nodes.mapping(node, what, ("only", "any", "all", "none"))
    values = {key: frozenset(nodes.strings(value, f"{what}.{key}")) for key, value in found.items()}
    return Choice(values.get("only"), values.get("any"), values.get("all"), values.get("none"))


def _files(nodes: Nodes, node: yaml.Node, what: str) -> Files:
    if isinstance(node, yaml.ScalarNode) and node.value in ("none", "any"):
        return Files(forbidden=node.value == "none")
    found = nodes.mapping(node, what, _PATHS if what != "hosts" else ("only", "outside"))
    values = {key: nodes.strings(value, f"{what}.{key}") for key, value in found.items()}
    check: Callable[[str], bool] = lambda pattern: (
        bool(_PATTERN.fullmatch(pattern)) and "/../" not in f"{pattern}/"
    )
    for key, patterns in values.items():
        for pattern in patterns if what != "hosts" else ():
            if not check(pattern):
                nodes.wrong(
                    found[key], f"{pattern[:60]} is no path pattern; write /dir, /dir/**, **/name or a name"
                )
            if key in ("within", "outside") and not pattern.startswith("/"):
                nodes.wrong(found[key], f"{what}.{key} takes absolute paths")
    if what == "hosts":
        return Files(values.get("only"), values.get("outside"))
    plain = {key: tuple(_normal(pattern) for pattern in patterns) for key, patterns in values.items()}
    return Files(plain.get("within"), plain.get("outside"), plain.get("any"), plain.get("none"))


def _normal(pattern: str) -> str:
    return normalise(pattern) if pattern.startswith("/") else pattern


def _examples(nodes: Nodes, node: yaml.Node, rule: str) -> tuple[Example, ...]:
    found = nodes.mapping(node, "examples", ("match", "not_match"))
    return tuple(
        Example(rule, nodes.text(each, "an example") or "", key == "match", each.start_mark.line + 1)
        for key, value in found.items()
        for each in nodes.items(value, f"examples.{key}")
    )
