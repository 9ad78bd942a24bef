"""Prints what the bastion costs: the same work through it and by a direct exec, in one run, as ratios.

    python -m tests.bench.path [--mb 200] [--keys 300] [--runs 20] [--rounds 3] [--idle 10,50] [--json]

Direct is `kubectl exec`, through is stock `ssh`; both reach the same container of one demo cluster and
take turns, so a noisy machine disturbs both. Nothing is asserted: the figures are for reading.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from tests.bench.measures import WAYS, Flow, Typist, bulk, bulk_terminal, command, idle
from tests.bench.stand import MIB, Stand

TERMINAL_SHARE = 20
"""Output on a terminal is that much less, because it is slower both ways."""
LOG_LINE = (
    "2026-03-01T10:00:00Z INFO worker=7 request handled path=/api/v1/orders status=200 bytes=5120 took=12ms"
)
ECHO = "stty raw -echo; echo ready; cat"
Row = dict[str, str | float | None]


def row(name: str, unit: str, direct: float | None, through: float | None) -> Row:
    """One line of the table; the ratio is through / direct where both ways can be measured."""
    ratio = through / direct if direct and through is not None else None
    return {"name": name, "unit": unit, "direct": direct, "through": through, "ratio": ratio}


def turns(rounds: int, one: Callable[[str], object]) -> dict[str, list]:
    """`one` for each way in turn, `rounds` times."""
    found: dict[str, list] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            found[way].append(one(way))
    return found


def corpora(mb: int) -> dict[str, str]:
    """A line for each bulk corpus. NUL is the worst case of a recording: it writes six bytes for one."""
    size = mb * MIB
    return {
        "log text": f"yes '{LOG_LINE}' | head -c {size}",
        "digits": f"seq 1 99999999 | head -c {size}",
        "NUL bytes": f"head -c {size} /dev/zero",
    }


def bulk_rows(stand: Stand, mb: int, rounds: int) -> list[Row]:
    """Throughput and CPU of each corpus without a terminal, and of some of the text on one."""
    rows = []
    flows = [(name, line, bulk) for name, line in corpora(mb).items()]
    flows.append(("terminal", corpora(max(1, mb // TERMINAL_SHARE))["log text"], bulk_terminal))
    for name, line, flow in flows:
        found = turns(rounds, lambda way, line=line, flow=flow: flow(stand, way, line))
        rate = {way: statistics.median(one.rate for one in found[way]) for way in WAYS}
        spent = {way: cpu_per_mb(found[way]) for way in WAYS}
        rows += [
            row(f"bulk, {name}", "MB/s", rate["direct"], rate["through"]),
            row(f"  CPU, {name}", "ms/MB", spent["direct"], spent["through"]),
        ]
    return rows


def cpu_per_mb(flows: list[Flow]) -> float:
    """Milliseconds of CPU of the bastion's process for each MB, over all rounds."""
    return 1000 * sum(flow.cpu for flow in flows) / (sum(flow.size for flow in flows) / MIB)


def key_rows(stand: Stand, keys: int, rounds: int) -> list[Row]:
    """Echo of a program in raw mode, and of the prompt's line editor."""
    rows = []
    for name, line in (("echo of a program", ECHO), ("echo at the prompt", None)):
        with ExitStack() as stack:
            typists = {way: stack.enter_context(closing(Typist(stand, way, line))) for way in WAYS}
            found = turns(rounds, lambda way, typists=typists: typists[way].type(max(1, keys // rounds)))
        taken = {way: sorted(1000 * one for part in found[way] for one in part) for way in WAYS}
        for share, label in ((0.5, "p50"), (0.99, "p99")):
            rows.append(row(f"{name}, {label}", "ms", *(quantile(taken[way], share) for way in WAYS)))
    return rows


def quantile(ordered: list[float], share: float) -> float:
    """The value below which `share` of the values lie, nearest rank."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def command_rows(stand: Stand, runs: int) -> list[Row]:
    """A command that does nothing: a new connection each, and on a connection that is open already."""
    true = {"direct": stand.direct("true"), "through": stand.through("true")}
    found = turns(runs, lambda way: command(true[way]))
    direct, fresh = (1000 * statistics.median(found[way]) for way in WAYS)
    with tempfile.TemporaryDirectory() as folder:
        shared = ("-o", f"ControlPath={folder}/m")
        command(
            stand.through("true", options=(*shared, "-o", "ControlMaster=auto", "-o", "ControlPersist=60"))
        )
        try:
            again = [command(stand.through("true", options=shared)) for _ in range(runs)]
        finally:
            command(stand.through(None, options=(*shared, "-O", "exit")))
    return [
        row("`true`, new connection", "ms", direct, fresh),
        row("`true`, open ssh connection", "ms", direct, 1000 * statistics.median(again)),
    ]


def memory_rows(stand: Stand, counts: list[int]) -> list[Row]:
    """Memory for each session that waits at its prompt."""
    found = idle(stand, counts)
    return [
        row(f"memory, {count} idle sessions", "KiB each", None, each / 1024) for count, each in found.items()
    ]


def table(rows: list[Row]) -> str:
    """The rows as text."""
    lines = [f"{'':30} {'unit':>9} {'direct':>10} {'through':>10} {'ratio':>7}"]
    for one in rows:
        cells = [
            f"{value:.2f}" if isinstance(value, float) else "-" for value in (one["direct"], one["through"])
        ]
        ratio = f"{one['ratio']:.2f}" if isinstance(one["ratio"], float) else "-"
        lines.append(f"{one['name']:30} {one['unit']:>9} {cells[0]:>10} {cells[1]:>10} {ratio:>7}")
    return "\n".join(lines)


def measure(asked: argparse.Namespace) -> list[Row]:
    """Every row, in one run on one demo."""
    with tempfile.TemporaryDirectory(prefix="bastion-bench-") as folder:
        stand = Stand(Path(folder) / "demo")
        with closing(stand):
            for way in (stand.direct("true"), stand.through("true")):
                command(way)
            return [
                *command_rows(stand, asked.runs),
                *key_rows(stand, asked.keys, asked.rounds),
                *memory_rows(stand, asked.idle),
                *bulk_rows(stand, asked.mb, asked.rounds),
            ]


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description="What the bastion costs beside a direct exec.")
    options.add_argument("--mb", type=int, default=200, help="size of a bulk transfer, 2**20 bytes")
    options.add_argument("--keys", type=int, default=300, help="keystrokes each way")
    options.add_argument("--runs", type=int, default=20, help="whole commands each way")
    options.add_argument("--rounds", type=int, default=3, help="turns that each way gets")
    options.add_argument("--idle", type=lambda text: [int(one) for one in text.split(",")], default=[10, 50])
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    rows = measure(asked)
    cores = len(os.sched_getaffinity(0))
    if asked.json:
        print(json.dumps({"cores": cores, "mb": asked.mb, "keys": asked.keys, "rows": rows}))
    else:
        print(table(rows))
        print(f"{cores} cores; CPU is that of bastion and demo cluster together, which share a process")
    return 0


if __name__ == "__main__":
    sys.exit(main())
