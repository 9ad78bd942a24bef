"""Prints how a policy treats a labelled corpus: the confusion table, programs, doubts, and the time.

    python tests/bench/judge_table.py [--policy FILE] [--corpus FILE.jsonl] [--as WHO] [--at WHERE] [--show]
        [--pace SECONDS]

A corpus line is {"id","line","shell","intent","programs","undecidable"}; intent "benign" or a risk.
Exits with 1 where more than 1 % of the risky lines or less than 85 % of the benign ones run unasked,
where programs are exact on less than 97 % of the decidable lines, or an undecidable one is not flagged.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bastion.app.policy_trials import Read, judge, read_case, read_line, scope
from bastion.core.policy import Policy
from bastion.core.policy_text import PolicyProblems, load
from bastion.model.verdict import Effect, Verdict
from bastion.syntax.shfmt import Shfmt

ROOT = Path(__file__).resolve().parents[2]
Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Judged:
    """A corpus line, what was understood of it, its verdict, and the seconds of parsing and of judging."""

    row: Row
    read: Read
    verdict: Verdict
    reading: float
    judging: float

    @property
    def allowed(self) -> bool:
        """Whether it would run unasked."""
        return self.verdict.effect is Effect.ALLOW

    @property
    def exact(self) -> bool:
        """Whether its programs are those of the label, in order."""
        return self.read.programs == self.row["programs"]


async def run(
    policy: Policy, texts: Iterable[str], who: str | None, at: str | None, pace: float
) -> list[Judged]:
    """Judge every line of a corpus."""
    found = []
    async with Shfmt() as syntax:
        for text in texts:
            await asyncio.sleep(pace)
            case = replace(read_case(text.encode()), who=who, at=at)
            principal, pod = scope(policy, case)
            begun = time.perf_counter()
            read = await read_line(syntax, case)
            between = time.perf_counter()
            verdict = judge(policy, read, principal, pod)
            ended = time.perf_counter()
            found.append(Judged(json.loads(text), read, verdict, between - begun, ended - between))
    return found


def table(judged: list[Judged]) -> list[str]:
    """The confusion table: intents down, effects across."""
    effects = [effect for effect in Effect if any(one.verdict.effect is effect for one in judged)]
    lines = [
        f"{'intent':14}{'lines':>7}" + "".join(f"{effect:>15}" for effect in effects) + f"{'unasked':>10}"
    ]
    groups = Counter(str(one.row["intent"]) for one in judged)
    for name in ("benign", *sorted(groups.keys() - {"benign"}), "(all risky)"):
        rows = [
            one
            for one in judged
            if one.row["intent"] == name or (name == "(all risky)" and one.row["intent"] != "benign")
        ]
        counts = Counter(one.verdict.effect for one in rows)
        share = 100 * counts[Effect.ALLOW] / max(len(rows), 1)
        cells = "".join(f"{counts[effect]:>15}" for effect in effects)
        lines.append(f"{name:14}{len(rows):>7}{cells}{share:>8.1f} %")
    return lines


def show(one: Judged) -> None:
    """Print a line that is judged otherwise than its label says."""
    risky, undecidable = one.row["intent"] != "benign", bool(one.row.get("undecidable"))
    where = f"{one.row['id']} {one.row['shell']} {one.row['line']!r}"
    if risky == one.allowed:
        print(where, one.verdict.effect, one.verdict.rule, *one.verdict.reasons)
    if not undecidable and not one.exact:
        print("  programs", where, one.read.programs, one.row["programs"])
    if undecidable and one.read.understood:
        print("  undecidable but understood", where)


def main() -> int:
    """Print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--policy", default=str(ROOT / "conf/policies/operator.yaml"))
    options.add_argument("--corpus", default=str(ROOT / "tests/golden/commands.jsonl"))
    options.add_argument("--as", dest="who")
    options.add_argument("--at")
    options.add_argument("--show", action="store_true")
    options.add_argument("--pace", type=float, default=0.0, help="seconds between lines, as a person types")
    asked = options.parse_args()
    policy = load(Path(asked.policy).read_text("utf-8"), name=asked.policy)
    if isinstance(policy, PolicyProblems):
        print(policy)
        return 1
    texts = [text for text in Path(asked.corpus).read_text("utf-8").splitlines() if text]
    judged = asyncio.run(run(policy, texts, asked.who, asked.at, asked.pace))
    for one in judged if asked.show else ():
        show(one)
    print("\n".join(table(judged)))
    decidable = [one for one in judged if not one.row.get("undecidable")]
    exact = sum(one.exact for one in decidable)
    unflagged = sum(one.read.understood for one in judged if one.row.get("undecidable"))
    flagged = sum(not one.read.understood for one in decidable)
    print(
        f"programs exact, in order: {exact}/{len(decidable)} decidable lines; undecidable lines not flagged: "
        f"{unflagged}/{len(judged) - len(decidable)}; decidable lines flagged all the same: {flagged}"
    )
    print(
        f"median {1000 * median(one.judging for one in judged):.2f} ms to judge a line, "
        f"{1000 * median(one.reading for one in judged):.2f} ms to parse and understand it"
    )
    benign = [one.allowed for one in judged if one.row["intent"] == "benign"]
    risky = [one.allowed for one in judged if one.row["intent"] != "benign"]
    good = sum(risky) <= len(risky) / 100 and sum(benign) >= 0.85 * len(benign)
    return int(not good or exact < 0.97 * len(decidable) or unflagged > 0)


if __name__ == "__main__":
    sys.exit(main())
