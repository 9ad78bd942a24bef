"""`bastion policy explain`: what a line would do and why it is judged as it is, for people and JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from bastion.app.config import ConfigError
from bastion.app.policies import load_policy
from bastion.app.policy_trials import (
    Case,
    CaseError,
    directory,
    judge,
    read_line,
    scope,
    terms_sheet,
    where_sheet,
    who_sheet,
)
from bastion.core import fact_sheet
from bastion.core.policy import Policy
from bastion.core.policy_why import Matched, Why, deciding, explain
from bastion.core.texts import plain
from bastion.model.verdict import Effect, Verdict
from bastion.syntax.shfmt import Shfmt

Sheet = dict[str, object]


async def explain_line(path: Path, case: Case, *, as_json: bool) -> int:
    """Print why; 0 where the line is allowed, 77 where it is denied, 75 where it needs an approval.

    Raises ConfigError where the policy, the principal or the target is no good.
    """
    async with Shfmt() as syntax:
        policy = await load_policy(path, syntax)
        try:
            case = replace(case, cwd=directory(case.cwd))
            who, pod = scope(policy, case)
        except CaseError as error:
            raise ConfigError(str(error)) from None
        read = await read_line(syntax, case)
    verdict = judge(policy, read, who, pod)
    whys = explain(policy, who, pod, read.line) if read.line else ()
    head: Sheet = {"line": case.line, "shell": case.shell, "cwd": case.cwd}
    found = {**head, "as": who_sheet(who), "at": where_sheet(pod), **_verdict(policy, verdict)}
    found |= {"programs": read.programs, "understood": read.understood}
    found |= {"doubts": fact_sheet.doubts(read.line) if read.line else [read.problem]}
    found |= {"commands": [_command(why) for why in whys[: fact_sheet.MAX_COMMANDS]]}
    text = json.dumps(found) if as_json else "\n".join(_pages(policy, found, whys))
    sys.stdout.write(text + "\n")
    return {Effect.ALLOW: 0, Effect.DENY: 77}.get(verdict.effect, 75)


def _verdict(policy: Policy, verdict: Verdict) -> Sheet:
    rule = next((each for each in policy.rules if each.id == verdict.rule), None)
    return {
        "effect": verdict.effect.value,
        "rule": verdict.rule,
        "rule_line": rule.line if rule else None,
        "rule_file": rule.file if rule else None,
        **terms_sheet(verdict.terms),
        "reasons": list(verdict.reasons[:16]),
        "matched": list(verdict.matched[:32]),
        "policy": verdict.policy,
    }


def _command(why: Why) -> Sheet:
    near = why.nearest
    return {
        **fact_sheet.command_sheet(why.command),
        "effect": why.verdict.effect.value,
        "rule": why.verdict.rule,
        "matched": [
            {
                "rule": one.rule.id,
                "line": one.rule.line,
                "file": one.rule.file,
                "effect": one.rule.effect.value,
                "permits": one.permits,
                "surely": one.surely,
            }
            for one in why.matched
        ],
        "nearest_miss": {
            "rule": near.rule.id,
            "line": near.rule.line,
            "file": near.rule.file,
            "effect": near.rule.effect.value,
            "lacks": list(near.lacks),
        }
        if near
        else None,
    }  # fmt: skip


def _pages(policy: Policy, found: Sheet, whys: tuple[Why, ...]) -> list[str]:
    who, at = found["as"], found["at"]
    place = " ".join(f"{key} {value}" for key, value in at.items()) if isinstance(at, dict) else ""
    person = (
        f"{who['kind']} {who['subject']} in {', '.join(who['groups']) or 'no group'}"
        if isinstance(who, dict)
        else ""
    )
    lines = [
        plain(f"line      {found['line']}   ({found['shell']}, in {found['cwd']})"),
        plain(f"as        {person}"),
        plain(f"at        {place}"),
        plain(f"verdict   {found['effect']}, decided by {deciding(policy, str(found['rule']))}"),
    ]
    lines += [plain(f"          {reason}") for reason in _texts(found["reasons"])]
    if found.get("approve"):
        lines.append(plain(f"          approve: {json.dumps(found['approve'])}"))
    lines += [plain(f"doubt     {doubt}") for doubt in _texts(found["doubts"])]
    for number, why in enumerate(whys[: fact_sheet.MAX_COMMANDS], 1):
        lines += ["", *(plain(line) for line in _page(policy, number, why))]
    return lines


def _page(policy: Policy, number: int, why: Why) -> list[str]:
    sheet = fact_sheet.command_sheet(why.command)
    name = f"{why.command.program} {why.command.verb}".strip() or "(a name that an expansion decides)"
    lines = [f"{number}. {name}: {why.verdict.effect}, decided by {deciding(policy, why.verdict.rule)}"]
    shown = (
        "argv",
        "reads",
        "writes",
        "names",
        "hosts",
        "assigns",
        "capabilities",
        "attack",
        "reasons",
        "never",
    )
    lines += [f"   {key:13}{_joined(sheet[key])}" for key in shown if sheet.get(key)]
    lines += [f"   {'matched':13}{_matched(one)}" for one in why.matched] or ["   matched      no rule"]
    if near := why.nearest:
        lines.append(f"   {'nearest miss':13}{near.rule.id} ({near.rule.place}, {near.rule.effect}), but")
        lines += [f"   {'':13}- {lack}" for lack in near.lacks]
    return lines


def _matched(one: Matched) -> str:
    how = "permits it" if one.permits else "holds for it" if one.surely else "may hold for it"
    return f"{one.rule.id} ({one.rule.place}, {one.rule.effect}): {how}"


def _joined(value: object) -> str:
    if isinstance(value, list):
        return "  ".join("<expansion>" if each is None else str(each) for each in value)
    return str(value)


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
