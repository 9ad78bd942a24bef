"""Why a verdict is what it is: every rule that matched, the one that decided, the nearest miss.

For each simple command the rules are asked again, part by part. A *miss* is a rule of another
effect that would have counted but for some parts of its condition; the nearest one lacks fewest,
and one about another program is farther away than any about this one.
"""

from __future__ import annotations

from dataclasses import dataclass

from bastion.core.conditions import Answer, parts, touched, writes_nothing
from bastion.core.fact_sheet import named
from bastion.core.policy import APPROVALS, DEFAULT, NEVER, NOT_UNDERSTOOD, Policy
from bastion.core.rules import Choice, Files, Rule, What, fits
from bastion.core.shell.facts import Command, Line
from bastion.core.shell.paths import Match
from bastion.model.pod import Pod
from bastion.model.principal import Principal
from bastion.model.verdict import Effect, Verdict

MAX_SHOWN = 8
_ELSEWHERE = 100
_NONE = "; the command has none"


@dataclass(frozen=True, slots=True)
class Matched:
    """A rule that counts for a command: `permits` it, or `restricts` it, `surely` or perhaps."""

    rule: Rule
    permits: bool
    surely: bool


@dataclass(frozen=True, slots=True)
class Missed:
    """A rule that does not count for a command, and what it lacks, in words."""

    rule: Rule
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Of one command: its verdict alone, the rules that matched, the nearest miss (if any is near)."""

    command: Command
    verdict: Verdict
    matched: tuple[Matched, ...]
    nearest: Missed | None


def explain(policy: Policy, who: Principal, pod: Pod, line: Line) -> tuple[Why, ...]:
    """Each command of a line, in order."""
    return tuple(_why(policy, who, pod, command) for unit in line.units for command in unit.commands)


def _why(policy: Policy, who: Principal, pod: Pod, command: Command) -> Why:
    verdict = policy.judge_command(who, pod, command)
    matched: list[Matched] = []
    missed: list[tuple[int, int, Missed]] = []
    for order, rule in enumerate(policy.rules):
        if rule.environment is not None:
            continue
        lacks = [*_who(rule, who), *_where(rule, pod)]
        answer = policy.answer(rule, command)
        restricting = rule.effect is Effect.DENY or rule.effect in APPROVALS
        if not lacks and (answer.hits is not Match.NO if restricting else answer.grants):
            matched.append(
                Matched(rule, answer.grants and rule.effect is not Effect.DENY, answer.hits is Match.YES)
            )
            continue
        lacks += _what(rule, command)
        other = rule.effect is not verdict.effect
        if lacks and other:
            missed.append((_distance(rule, command, lacks), order, Missed(rule, tuple(lacks))))
    nearest = min(missed, default=None, key=lambda one: one[:2])
    close = nearest is not None and nearest[0] < _ELSEWHERE
    return Why(command, verdict, tuple(matched), nearest[2] if nearest and close else None)


def _distance(rule: Rule, command: Command, lacks: list[str]) -> int:
    about = rule.what is None or parts(rule.what, command)["programs"].hits is not Match.NO
    named_it = rule.what is not None and rule.what.programs is not None
    restricting = rule.effect is Effect.DENY or rule.effect in APPROVALS
    # A denial of some files is about every command; it is near only one that has such files at all.
    about_files = restricting and not named_it
    far = not about or (about_files and (len(lacks) > 1 or lacks[0].endswith(_NONE)))
    return len(lacks) + (_ELSEWHERE if far else 0)


def _who(rule: Rule, who: Principal) -> list[str]:
    if rule.who.holds(who):
        return []
    asked = (
        ("groups", rule.who.groups, who.groups),
        ("kinds", rule.who.kinds, frozenset([who.kind.value])),
        ("subjects", rule.who.subjects, frozenset([who.subject])),
        ("issuers", rule.who.issuers, frozenset([who.issuer])),
    )
    return [
        f"who.{key} is {_list(wanted)}, not {_list(own)}"
        for key, wanted, own in asked
        if wanted is not None and not wanted & own
    ]


def _where(rule: Rule, pod: Pod) -> list[str]:
    if rule.where.holds(pod):
        return []
    where, labels = rule.where, dict(pod.labels)
    asked = (
        ("clusters", where.clusters, pod.cluster),
        ("namespaces", where.namespaces, pod.namespace),
        ("pods", where.pods, pod.name),
        ("containers", where.containers, pod.container),
        ("workloads", where.workloads, pod.workload),
        *((f"labels.{key}", (glob,), labels.get(key, "")) for key, glob in where.labels),
    )
    return [
        f"where.{key} is {_list(globs)}, not {own or 'empty'}"
        for key, globs, own in asked
        if globs is not None and not fits(own, globs)
    ]


def _what(rule: Rule, command: Command) -> list[str]:
    if rule.what is None:
        unsaid = rule.effect is Effect.ALLOW and not writes_nothing(command)
        return [f"it permits no write, and {_list(_paths('writes', command))} is written"] if unsaid else []
    lacks = [
        _lack(rule.what, key, command)
        for key, answer in parts(rule.what, command).items()
        if _fails(rule, answer)
    ]
    silent = rule.effect is Effect.ALLOW and rule.what.writes is None and not rule.what.anything_written
    if silent and not writes_nothing(command):
        lacks.append(
            f"without writes: it permits no write, and {_list(_paths('writes', command))} is written"
        )
    return lacks


def _fails(rule: Rule, answer: Answer) -> bool:
    return not answer.grants if rule.effect is Effect.ALLOW else answer.hits is Match.NO


def _lack(what: What, key: str, command: Command) -> str:
    if key == "programs":
        own = f"{command.program} {command.verb}".strip() or "a name that an expansion decides"
        return f"command.programs does not list {own}"
    condition = getattr(what, key)
    own = {
        "flags": _list(command.flags),
        "capabilities": _list(command.capabilities),
        "hosts": _list(command.hosts),
    }.get(key) or _list(_paths(key, command))
    return f"command.{key} is {_said(condition)}{_NONE if own == 'none' else f'; the command has {own}'}"


def _said(condition: Choice | Files) -> str:
    if isinstance(condition, Files) and condition.forbidden:
        return "none"
    names = ("only", "all") if isinstance(condition, Choice) else ("within", "outside")
    found = [(key, getattr(condition, key)) for key in (*names, "any", "none")]
    return ", ".join(f"{key} {_list(values)}" for key, values in found if values is not None)


def _paths(key: str, command: Command) -> list[str]:
    return [name for access in touched(key, command) for name in named(access)]


def _list(values: frozenset[str] | tuple[str, ...] | list[str]) -> str:
    listed = sorted(values) if isinstance(values, frozenset) else list(dict.fromkeys(values))
    more = f" and {len(listed) - MAX_SHOWN} more" if len(listed) > MAX_SHOWN else ""
    shown = ", ".join("any file" if each == "?" else each for each in listed[:MAX_SHOWN])
    return (shown or "none") + more


def deciding(policy: Policy, rule: str) -> str:
    """The rule that decided, with its line in the file, or what stands for one."""
    found = next((each for each in policy.rules if each.id == rule), None)
    if found is not None:
        return f"rule {rule} ({found.place})"
    said = {
        DEFAULT: "no rule allows it",
        NOT_UNDERSTOOD: "it is not understood",
        NEVER: "nothing can allow it",
    }
    return f"{rule}: {said.get(rule, 'no rule of the file')}"
