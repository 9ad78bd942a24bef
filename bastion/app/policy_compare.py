"""`bastion policy diff` and `replay`: which lines a changed policy treats otherwise, and how."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from bastion.app.config import ConfigError
from bastion.app.policies import load_policy
from bastion.app.policy_checks import cases_of
from bastion.app.policy_history import Skipped, recorded
from bastion.app.policy_trials import Case, CaseError, Read, judge, read_line, scope
from bastion.core.policy import Policy
from bastion.core.texts import plain
from bastion.model.verdict import STRICTNESS, Effect, Verdict
from bastion.relay.ports import Syntax
from bastion.syntax.shfmt import Shfmt
from recorder.reader import ReaderError

MAX_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Change:
    """One line and its effect (and rule) before and after; `where` is its place in corpus or ledger."""

    where: str
    case: Case
    before: tuple[Effect, str]
    after: tuple[Effect, str]

    @property
    def differs(self) -> bool:
        """Whether the effect is another one; another rule with the same effect is no change."""
        return self.before[0] is not self.after[0]

    @property
    def looser(self) -> bool:
        """Whether the new effect is the less strict one."""
        return STRICTNESS.index(self.after[0]) > STRICTNESS.index(self.before[0])


class Report:
    """Prints each change as it comes and counts them all."""

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        self._count: Counter[tuple[Effect, Effect]] = Counter()
        self.changes = 0

    def add(self, change: Change) -> None:
        """Count a line, and print it where its effect is another one."""
        self._count[change.before[0], change.after[0]] += 1
        if not change.differs:
            return
        self.changes += 1
        before, after = change.before, change.after
        if self._json:
            said = {
                "where": change.where, "id": change.case.id, "line": change.case.line,
                "looser": change.looser,
                "before": {"effect": before[0].value, "rule": before[1]},
                "after": {"effect": after[0].value, "rule": after[1]},
            }  # fmt: skip
            sys.stdout.write(json.dumps(said) + "\n")
            return
        way = "looser  " if change.looser else "stricter"
        text = plain(" ".join(change.case.line.split()))[:MAX_SHOWN]
        rules = f"{before[0]} ({before[1]}) → {after[0]} ({after[1]})"
        sys.stdout.write(f"{way} {plain(change.where)}: {text}\n         {plain(rules)}\n")

    def end(self, skipped: Counter[str]) -> int:
        """Print the table; 1 where an effect changed."""
        if not self._json:
            for (before, after), count in sorted(self._count.items()):
                sys.stdout.write(f"{count:>7}  {before} → {after}\n")
            for why, count in sorted(skipped.items()):
                sys.stdout.write(f"{count:>7}  not judged: {why}\n")
            sys.stdout.write(f"{sum(self._count.values())} lines, {self.changes} changed\n")
        return int(self.changes > 0)


async def diff(old: Path, new: Path, corpus: Path, *, as_json: bool) -> int:
    """Judge every line of a corpus by two policies; 1 where an effect differs. Raises ConfigError."""
    report = Report(as_json=as_json)
    async with Shfmt() as syntax:
        before, after = await load_policy(old, syntax), await load_policy(new, syntax)
        for number, case in cases_of(corpus):
            read = await read_line(syntax, case)
            try:
                pair = [judge(policy, read, *scope(policy, case)) for policy in (before, after)]
            except CaseError as error:
                raise ConfigError(f"{corpus}:{number}: {error}") from None
            report.add(Change(f"{corpus.name}:{number}", case, _short(pair[0]), _short(pair[1])))
    return report.end(Counter())


async def replay(state: Path, new: Path, *, as_json: bool) -> int:
    """Judge every recorded verdict's text by a proposed policy; 1 where an effect differs.

    Raises ConfigError.
    """
    report, skipped = Report(as_json=as_json), Counter[str]()
    async with Shfmt() as syntax:
        policy = await load_policy(new, syntax)
        try:
            async for change in _changes(policy, syntax, state, skipped):
                report.add(change)
        except (ReaderError, OSError) as error:
            raise ConfigError(f"the ledger of {state} cannot be read: {error}") from error
    return report.end(skipped)


async def _changes(
    policy: Policy, syntax: Syntax, state: Path, skipped: Counter[str]
) -> AsyncIterator[Change]:
    for found in recorded(state):
        if isinstance(found, Skipped):
            skipped[found.why] += 1
            continue
        read: Read = await read_line(syntax, found.case)
        try:
            verdict = judge(policy, read, *scope(policy, found.case))
        except CaseError:
            skipped["the session's beginning is not in this ledger"] += 1
            continue
        yield Change(found.where, found.case, (found.effect, found.rule), _short(verdict))


def _short(verdict: Verdict) -> tuple[Effect, str]:
    return verdict.effect, verdict.rule
