"""Hunts for leaks: generated streams through the real maskers, judged by bytes, text and what is seen.

    python -m tests.harness.hunt --streams 1000000 [--seed 1] [--jobs 2] [--plain] [--terminals 0.1]

Prints seed, count, time and leaks; ends with 1 if there are any. A stream is found again by its number:
the same seed gives the same streams, whatever the jobs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

from tests.harness.hunt_streams import leaks, stream, world

Job = tuple[str, int, int, bool, float]
BATCH = 500
SHOWN = 20


def batch(job: Job) -> tuple[int, list[str]]:
    """(streams run, leaks) of one batch: one set of known values for all of its streams."""
    seed, number, count, plain, terminals = job
    random = Random(f"{seed}/{number}")
    known = world(random, plain=plain)
    found = []
    for place in range(count):
        one = stream(random, known, terminals=terminals)
        name = f"{number}.{place} {'+'.join(one.recipe)}{' terminal' if one.terminal else ''}"
        found += [f"{name}: {leak}" for leak in leaks(one, known)]
    return count, found


def batches(seed: str, streams: int, *, plain: bool, terminals: float) -> Iterator[Job]:
    """The jobs."""
    for number, start in enumerate(range(0, streams, BATCH)):
        yield seed, number, min(BATCH, streams - start), plain, terminals


def hunt(
    seed: str, streams: int, jobs: int = 1, *, plain: bool = False, terminals: float = 0.0
) -> tuple[int, list[str]]:
    """(streams run, leaks) of all batches, in `jobs` processes."""
    work = list(batches(seed, streams, plain=plain, terminals=terminals))
    if jobs == 1:
        done = [batch(job) for job in work]
    else:
        with multiprocessing.get_context("spawn").Pool(jobs) as pool:
            done = list(pool.imap_unordered(batch, work))
    return sum(count for count, _ in done), [leak for _, found in done for leak in found]


def main() -> int:
    """Hunt and report."""
    options = argparse.ArgumentParser(description="Hunts for leaks in generated streams.")
    options.add_argument("--streams", type=int, default=10_000)
    options.add_argument("--seed", default="1")
    options.add_argument("--jobs", type=int, default=1)
    options.add_argument("--plain", action="store_true", help="without Hyperscan")
    options.add_argument("--terminals", type=float, default=0.0, help="share of streams on a terminal")
    asked = options.parse_args()
    begun = time.monotonic()
    count, found = hunt(asked.seed, asked.streams, asked.jobs, plain=asked.plain, terminals=asked.terminals)
    for leak in sorted(found)[:SHOWN]:
        print(leak)
    kinds = Counter(leak.split(": ")[0].split(" ", 1)[1] for leak in found)
    for kind, times in kinds.most_common(SHOWN):
        print(f"{times:6} {kind}")
    seconds = time.monotonic() - begun
    print(f"seed {asked.seed}: {count} streams, {seconds:.0f} s, {asked.jobs} jobs, {len(found)} leaks")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
