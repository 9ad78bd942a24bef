"""The labelled lines under tests/golden: rows are added, never removed, never tuned away."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bastion.core.policy import Policy
from bastion.core.policy_text import load
from bastion.core.shell.understand import understand
from bastion.model.pod import Pod
from bastion.model.principal import Kind, Principal
from bastion.model.verdict import Effect
from bastion.syntax.shfmt import Shfmt

ROOT = Path(__file__).resolve().parents[2]
ROWS = [json.loads(text) for text in (ROOT / "tests/golden/commands.jsonl").read_text().splitlines()]
DIALECTS = {"bash": "bash", "sh": "posix", "ash": "posix"}
POD = Pod("c", "shop", "web-0", "u", "app", "i")


@pytest.fixture(scope="module")
def judged():
    policies = {
        name: load((ROOT / f"conf/policies/{name}.yaml").read_text(), name=name)
        for name in ("operator", "demo")
    }
    assert all(isinstance(policy, Policy) for policy in policies.values())
    who = Principal("i", "s", Kind.HUMAN, "s", 0, frozenset({"operators", "dev", "sre"}))

    async def run():
        answers = []
        async with Shfmt() as syntax:
            for row in ROWS:
                dialect = DIALECTS[row["shell"]]
                parsed = await syntax.parse(row["line"].encode(), dialect)
                assert parsed.tree is not None, row
                line = understand(parsed.tree, parsed.text, cwds=("/app",), dialect=dialect, stdin="client")
                answers.append(
                    (
                        row,
                        line,
                        {name: policy.judge_line(who, POD, line) for name, policy in policies.items()},
                    )
                )
        return answers

    return asyncio.run(run())


@pytest.mark.parametrize("policy", ["operator", "demo"])
def test_no_risky_line_is_allowed(judged, policy):
    let = [
        row["line"]
        for row, _line, verdicts in judged
        if row["intent"] != "benign" and verdicts[policy].effect is Effect.ALLOW
    ]
    # The demo has no secrets rule for dot-env files and the like: masking is what it shows.
    assert [line for line in let if policy == "operator" or "rm" in line.split()] == []


def test_most_benign_lines_are_allowed(judged):
    benign = [
        verdicts["operator"].effect is Effect.ALLOW
        for row, _line, verdicts in judged
        if row["intent"] == "benign"
    ]
    assert sum(benign) >= 0.85 * len(benign)


def test_the_programs_of_every_decidable_line_are_found(judged):
    for row, line, _verdicts in judged:
        if not row["undecidable"]:
            found = dict.fromkeys(name for unit in line.units for name in unit.programs)
            assert set(found) == set(row["programs"]), row["line"]


def test_every_undecidable_line_is_flagged(judged):
    assert [
        row["line"]
        for row, line, _v in judged
        if row["undecidable"] and all(unit.understood for unit in line.units)
    ] == []


def test_an_agent_is_allowed_nothing_that_is_not_understood(judged):
    policy = load((ROOT / "conf/policies/operator.yaml").read_text(), name="p")
    agent = Principal("i", "s", Kind.AGENT, "s", 0, frozenset({"operators"}), owner="o")
    for row, line, _verdicts in judged:
        if not all(unit.understood for unit in line.units):
            assert policy.judge_line(agent, POD, line).effect is Effect.DENY, row["line"]
