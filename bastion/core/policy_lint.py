"""What is suspicious in a policy that loads: rules that cannot count, names nobody knows, no examples.

A finding is no error: the policy works as it is written, only perhaps not as it was meant.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

import yaml

from bastion.core.policy import APPROVALS, Policy
from bastion.core.policy_nodes import Nodes, Problem
from bastion.core.rules import Choice, Files, Rule, Where, Who
from bastion.core.shell.judge import SPECS
from bastion.core.shell.special import SPECIAL
from bastion.model.verdict import Effect

KNOWN = frozenset(SPECS) | frozenset(SPECIAL) | {":"}


def findings(policy: Policy, text: str, parts: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """Everything suspicious in a policy, by line; `text` (and `parts`) are what it was loaded from."""
    found = [*_defaults(policy), *_unused(text, parts or {})]
    for index, rule in enumerate(policy.rules):
        found += [
            Problem(rule.line, f"rule {rule.id}: {said}", rule.file) for said in _rule(policy, rule, index)
        ]
    return tuple(sorted(found, key=lambda one: (one.file, one.line, one.text)))


def _rule(policy: Policy, rule: Rule, index: int) -> Iterator[str]:
    if rule.environment is None and not rule.examples:
        yield "it has no examples, so nothing tests it"
    if rule.effect is Effect.ALLOW and rule.who == Who():
        yield "it allows for everybody, agents too; say who"
    if (
        rule.effect is Effect.ALLOW
        and rule.environment is None
        and (rule.what is None or rule.what.programs is None)
    ):
        yield "it allows every program that is understood; say which programs"
    if rule.terms and rule.terms.totp and rule.who.kinds == frozenset(("agent",)):
        yield "it asks agents for a one-time code, and agents hold none: it always refuses"
    if rule.what is not None:
        yield from _never(rule)
        yield from _names(rule)
    for other in policy.rules[:index]:
        same = (other.what, other.environment) == (rule.what, rule.environment)
        if same and other.effect is rule.effect and (other.who, other.where) == (rule.who, rule.where):
            yield f"it says the same as rule {other.id}"
    for other in policy.rules:
        covers = (other.what, other.environment) == (rule.what, rule.environment) and _covers(other, rule)
        if covers and other.effect is Effect.DENY and rule.effect is not Effect.DENY:
            yield f"rule {other.id} denies all that it is about"


def _covers(wide: Rule, narrow: Rule) -> bool:
    return wide.who in (Who(), narrow.who) and wide.where in (Where(), narrow.where)


def _never(rule: Rule) -> Iterator[str]:
    what = rule.what
    if what is None:
        return
    for key, choice in (("flags", what.flags), ("capabilities", what.capabilities)):
        if choice is not None and _contradicts(choice):
            yield f"its {key} can never hold"
    for key, files in (
        ("paths", what.paths),
        ("reads", what.reads),
        ("writes", what.writes),
        ("hosts", what.hosts),
    ):
        if files is not None and _excludes(files):
            yield f"its {key} can never hold"


def _contradicts(choice: Choice) -> bool:
    none, only = choice.none or frozenset(), choice.only
    lost = only is not None and choice.any is not None and not choice.any & only
    return lost or (choice.any is not None and choice.any <= none) or bool((choice.all or frozenset()) & none)


def _excludes(files: Files) -> bool:
    inner, outer = files.within, files.outside or ()
    if inner is not None and all(
        any(f"{one}/".startswith(f"{other.rstrip('/')}/") for other in outer) for one in inner
    ):
        return True
    return files.any is not None and set(files.any) <= set(files.none or ())


def _names(rule: Rule) -> Iterator[str]:
    """An allowing rule's programs that are never understood: the rule does nothing for them."""
    if rule.effect is not Effect.ALLOW or rule.what is None:
        return
    for name in sorted(rule.what.programs or ()):
        program = name.split(" ", 1)[0]
        if program not in KNOWN:
            near = difflib.get_close_matches(program, sorted(KNOWN), 1, 0.75)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"{program} is not a program that the judge knows, so it is never understood{hint}"
        elif name in SPECS and "opaque" in SPECS[name].traits and name not in SPECIAL:
            yield f"{name} is known by its name only, so little more than its --version is understood"


def _defaults(policy: Policy) -> Iterator[Problem]:
    if policy.defaults.agent is not Effect.DENY:
        yield Problem(0, "what an agent runs and nobody understands is not denied but asked for")
    allows = any(rule.effect is not Effect.DENY for rule in policy.rules)
    if allows and policy.defaults.human in APPROVALS and policy.defaults.terms is None:
        yield Problem(0, "without defaults.approve what is not understood is denied")


def _unused(text: str, parts: Mapping[str, str]) -> Iterator[Problem]:
    """Sets that no file of the policy uses; those of an included file may be for others that include it."""
    roots = [Nodes().compose(each) for each in (text, *parts.values())]
    used = {node.value for root in roots if root is not None for node in _scalars(root)}
    top = (
        {key.value: value for key, value in roots[0].value} if isinstance(roots[0], yaml.MappingNode) else {}
    )
    sets = top.get("sets")
    for key, _value in sets.value if isinstance(sets, yaml.MappingNode) else ():
        if f"${key.value}" not in used:
            yield Problem(key.start_mark.line + 1, f"the set {key.value} is not used")


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    match node:
        case yaml.ScalarNode():
            yield node
        case yaml.SequenceNode():
            for each in node.value:
                yield from _scalars(each)
        case yaml.MappingNode():
            for _key, each in node.value:
                yield from _scalars(each)
