"""The packs that come along, over the labelled lines: nothing risky and nothing unclear runs unasked."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bastion.app.policies import load_policy
from bastion.app.policy_trials import judge, read_case, read_line, scope
from bastion.core.policy_lint import findings
from bastion.model.verdict import STRICTNESS, Effect
from bastion.syntax.shfmt import Shfmt

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "conf/policies"
ROWS = [json.loads(text) for text in (ROOT / "tests/golden/commands.jsonl").read_text().splitlines()]
PACKS = ("operator", "diagnosis", "database", "agent", "bank")
# Who the pack is for; `someone` is in every group that it names.
WHO = {"agent": "agent:someone"}


@pytest.fixture(scope="module")
def packs():
    async def run():
        async with Shfmt() as syntax:
            names = (*PACKS, "secrets")
            return {name: await load_policy(FOLDER / f"{name}.yaml", syntax) for name in names}

    return asyncio.run(run())


@pytest.fixture(scope="module")
def judged(packs):
    """(row, what was read, pack → effect for whom it is for, pack → effect for an agent)."""

    async def run():
        found = []
        async with Shfmt() as syntax:
            for row in ROWS:
                case = read_case(json.dumps(row).encode())
                read = await read_line(syntax, case)
                both = []
                for whose in (WHO, dict.fromkeys(PACKS, "agent:someone")):
                    scopes = {name: scope(packs[name], replace(case, who=whose.get(name))) for name in PACKS}
                    both.append({name: judge(packs[name], read, *scopes[name]).effect for name in PACKS})
                found.append((row, read, *both))
        return found

    return asyncio.run(run())


@pytest.mark.parametrize("pack", PACKS)
def test_no_risky_line_runs_unasked(judged, pack):
    let = [
        row["line"]
        for row, _read, person, _agent in judged
        if person[pack] is Effect.ALLOW and row["intent"] != "benign"
    ]
    assert let == []


@pytest.mark.parametrize("pack", PACKS)
def test_what_is_not_understood_is_asked_of_people_and_denied_to_agents(judged, pack):
    unclear = [(person[pack], agent[pack]) for _row, read, person, agent in judged if not read.understood]
    assert unclear
    assert {agent for _person, agent in unclear} == {Effect.DENY}
    assert Effect.ALLOW not in {person for person, _agent in unclear}


@pytest.mark.parametrize(
    ("pack", "share"),
    [("operator", 0.85), ("diagnosis", 0.5), ("agent", 0.1), ("bank", 0.1), ("database", 0.05)],
)
def test_a_pack_lets_its_people_work(judged, pack, share):
    """A filter that holds every benign line is switched off; the narrow packs are for narrow work."""
    benign = [
        person[pack] is Effect.ALLOW for row, _read, person, _agent in judged if row["intent"] == "benign"
    ]
    assert sum(benign) >= share * len(benign)


@pytest.mark.parametrize("narrow", ["diagnosis", "bank"])
def test_a_narrower_pack_writes_nothing_unasked(judged, narrow):
    for row, read, person, _agent in judged:
        if person[narrow] is Effect.ALLOW:
            accesses = [
                one for unit in read.line.units for command in unit.commands for one in command.accesses
            ]
            assert not [one for one in accesses if one.use == "write"], row["line"]


def test_the_secrets_to_include_are_those_of_the_operator_pack(packs):
    whole = {rule.id: rule for rule in packs["operator"].rules}
    for rule in packs["secrets"].rules:
        assert rule.effect is Effect.DENY
        assert (rule.what, rule.who, rule.where) == (
            whole[rule.id].what,
            whole[rule.id].who,
            whole[rule.id].where,
        )


@pytest.mark.parametrize("pack", ["diagnosis", "database", "agent", "bank"])
def test_every_pack_denies_the_secrets(packs, pack):
    assert {rule.id for rule in packs["secrets"].rules} <= {rule.id for rule in packs[pack].rules}


def test_every_rule_of_a_pack_has_examples_of_both_kinds(packs):
    for policy in packs.values():
        for rule in policy.rules:
            assert {example.expected for example in rule.examples} == {True, False}, rule.id


def test_the_bank_is_nowhere_looser_than_read_only_diagnosis_on_what_it_asks(judged):
    """Where diagnosis asks or denies, the bank does not let it run."""
    for row, _read, person, _agent in judged:
        if person["diagnosis"] is Effect.DENY:
            assert STRICTNESS.index(person["bank"]) < STRICTNESS.index(Effect.ALLOW), row["line"]


def test_lint_has_nothing_to_say_of_a_pack(packs):
    for name, policy in packs.items():
        parts = {"secrets.yaml": (FOLDER / "secrets.yaml").read_text()}
        assert findings(policy, (FOLDER / f"{name}.yaml").read_text(), parts) == ()
