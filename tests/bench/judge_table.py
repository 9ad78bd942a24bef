"""Prints how a policy treats a labelled corpus: risky lines let through, benign lines let through.

    python tests/bench/judge_table.py [--policy FILE] [--corpus FILE.jsonl] [--show] [--pace SECONDS]

A corpus line is {"id","line","shell","intent","programs","undecidable"}; intent "benign" or a risk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median

from bastion.core.policy import Policy
from bastion.core.policy_text import PolicyProblems, load
from bastion.core.shell.facts import Line
from bastion.core.shell.understand import understand
from bastion.model.pod import Pod
from bastion.model.principal import Kind, Principal
from bastion.model.verdict import Effect, Verdict
from bastion.syntax.shfmt import Shfmt

ROOT = Path(__file__).resolve().parents[2]
DIALECTS = {"bash": "bash", "sh": "posix", "dash": "posix", "ash": "posix", "zsh": "zsh", "mksh": "mksh"}
# A statement is judged as the argument of its client.
CLIENTS = {"psql": "psql -c", "mysql": "mysql -e", "python": "python3 -c"}
POD = Pod("demo", "shop", "web-0", "uid", "app", "containerd://x", (("app", "web"),))


def everyone(policy: Policy) -> Principal:
    """A human in every group that the policy names."""
    groups = frozenset(group for rule in policy.rules for group in rule.who.groups or ())
    return Principal("https://issuer", "bench", Kind.HUMAN, "bench", 0, groups)


async def judge(
    policy: Policy, who: Principal, syntax: Shfmt, row: dict[str, str]
) -> tuple[Line | None, Verdict | None, float]:
    """The facts and the verdict of one line (None where there is no tree), and the seconds of parsing."""
    begun = time.perf_counter()
    text, dialect = row["line"], DIALECTS.get(row["shell"], "posix")
    if row["shell"] in CLIENTS:
        text = f"{CLIENTS[row['shell']]} {shlex.quote(text)}"
    elif row["shell"] not in DIALECTS:
        text = f"{row['shell']} {text}"
    parsed = await syntax.parse(text.encode(), dialect)
    parsing = time.perf_counter() - begun
    if parsed.tree is None:
        return None, None, parsing
    line = understand(parsed.tree, parsed.text, cwds=("/app",), dialect=dialect, stdin="client")
    return line, policy.judge_line(who, POD, line), parsing


def programs(line: Line | None) -> list[str]:
    """The programs of all units, each once."""
    return list(dict.fromkeys(name for unit in line.units for name in unit.programs)) if line else []


async def main() -> int:
    """Print the table; 1 where a risky line was let through beyond 1 % or benign lines below 85 %."""
    options = argparse.ArgumentParser()
    options.add_argument("--policy", default=str(ROOT / "conf/policies/operator.yaml"))
    options.add_argument("--corpus", default=str(ROOT / "tests/golden/commands.jsonl"))
    options.add_argument("--show", action="store_true")
    options.add_argument("--pace", type=float, default=0.0, help="seconds between lines, as a person types")
    asked = options.parse_args()
    policy = load(Path(asked.policy).read_text("utf-8"), name=asked.policy)
    if isinstance(policy, PolicyProblems):
        print(policy)
        return 1
    counts: Counter[tuple[str, str]] = Counter()
    exact = decidable = unflagged = 0
    spent: list[tuple[float, float]] = []
    who = everyone(policy)
    rows = [json.loads(text) for text in Path(asked.corpus).read_text("utf-8").splitlines() if text]
    async with Shfmt() as syntax:
        for row in rows:
            await asyncio.sleep(asked.pace)
            begun = time.perf_counter()
            line, verdict, parsing = await judge(policy, who, syntax, row)
            spent.append((time.perf_counter() - begun - parsing, parsing))
            effect = verdict.effect if verdict else Effect.DENY
            kind = "benign" if row["intent"] == "benign" else "risky"
            let = effect is Effect.ALLOW
            counts[kind, "allowed" if let else str(effect)] += 1
            if asked.show and (kind == "risky") == let:
                print(
                    row["id"],
                    row["shell"],
                    repr(row["line"]),
                    effect,
                    verdict.rule if verdict else "no tree",
                    verdict.reasons if verdict else "",
                )
            if row["shell"] in DIALECTS and not row.get("undecidable"):
                decidable += 1
                exact += set(programs(line)) == set(row["programs"])
                if asked.show and set(programs(line)) != set(row["programs"]):
                    print("  programs", row["id"], repr(row["line"]), programs(line), row["programs"])
            elif row["shell"] in DIALECTS:
                flagged = line is None or not all(unit.understood for unit in line.units)
                unflagged += not flagged
                if asked.show and not flagged:
                    print("  undecidable but understood", row["id"], repr(row["line"]))
    for kind in ("benign", "risky"):
        total = sum(count for (each, _effect), count in counts.items() if each == kind)
        parts = ", ".join(
            f"{effect} {count}" for (each, effect), count in sorted(counts.items()) if each == kind
        )
        print(
            f"{kind:7} {total:4} lines: {parts}; auto-allowed {100 * counts[kind, 'allowed'] / max(total, 1):.1f} %"
        )
    print(
        f"programs exact {exact}/{decidable}; undecidable not flagged {unflagged}; median "
        f"{1000 * median(each for each, _parsing in spent):.2f} ms to judge a line, "
        f"{1000 * median(parsing for _each, parsing in spent):.2f} ms to parse it"
    )
    risky = sum(count for (each, _effect), count in counts.items() if each == "risky")
    benign = sum(count for (each, _effect), count in counts.items() if each == "benign")
    return int(counts["risky", "allowed"] > risky / 100 or counts["benign", "allowed"] < 0.85 * benign)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
