"""Hunts for leaks: generated streams through the real maskers, judged by bytes, text and what is seen.

    python -m tests.harness.hunt --streams 1000000 [--seed 1] [--first 0] [--jobs 2] [--plain]
        [--terminals 0.1] [--json]
    python -m tests.harness.hunt --seed 1 --only 4711      one stream again, with what is sent of it

Says on standard error how far it is; prints seed, count, time and leaks, and ends with 1 if there are
any. Stream N of a seed is always the same, whatever else runs: a set of known values (`SETS` in all,
each compiled once) serves blocks of `BLOCK` streams in turn. Memory does not grow with the count.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from random import Random

from bastion.core.masking import lane
from tests.harness.hunt_judge import leaks, sent
from tests.harness.hunt_streams import Stream, World, stream, world

SETS = 400
BLOCK = 500
SHOWN = 20
COMPILED = 256
EVERY = 10.0


@dataclass(frozen=True)
class Hunt:
    """What is hunted: `terminals` is the share of streams that go to a terminal's masker."""

    seed: str
    streams: int
    first: int = 0
    plain: bool = False
    terminals: float = 0.0


@dataclass
class Result:
    """Counts, and the first `SHOWN` leaks as text."""

    seed: str
    streams: int = 0
    sets: int = 0
    leaks: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, other: Result) -> None:
        """With what another job found."""
        self.streams += other.streams
        self.sets += other.sets
        self.leaks += other.leaks
        self.kinds += other.kinds
        self.examples = (self.examples + other.examples)[:SHOWN]


def set_of(hunt: Hunt, number: int) -> World:
    """The known values of a stream."""
    return world(Random(f"{hunt.seed}/set {number // BLOCK % SETS}"), plain=hunt.plain)


def generated(hunt: Hunt, number: int, known: World) -> Stream:
    """A stream by its number."""
    return stream(Random(f"{hunt.seed}/{number}"), known, terminals=hunt.terminals)


def jobs_of(hunt: Hunt) -> list[tuple[Hunt, list[range]]]:
    """Blocks of streams by the set of values that they share."""
    by_set: dict[int, list[range]] = {}
    last = hunt.first + hunt.streams
    for block in range(hunt.first // BLOCK, -(-last // BLOCK)):
        numbers = range(max(hunt.first, block * BLOCK), min(last, (block + 1) * BLOCK))
        by_set.setdefault(block % SETS, []).append(numbers)
    return [(hunt, blocks) for blocks in by_set.values()]


def batch(job: tuple[Hunt, list[range]]) -> Result:
    """The streams of one set."""
    hunt, blocks = job
    known = set_of(hunt, blocks[0][0])
    done = Result(hunt.seed, sets=1)
    with compiled_once():
        for number in (number for block in blocks for number in block):
            one = generated(hunt, number, known)
            kind = f"{'+'.join(one.recipe)}{' terminal' if one.terminal else ''}"
            found = leaks(one, known)
            done.streams += 1
            done.leaks += len(found)
            done.kinds[kind] += len(found)
            done.examples += [f"{number} {kind}: {leak}" for leak in found][: SHOWN - len(done.examples)]
    done.kinds = +done.kinds
    return done


@contextmanager
def compiled_once() -> Iterator[None]:
    """Maskers compile what they learn on their way; here the same literals are compiled once."""
    before = lane.seeker
    lane.seeker = lru_cache(maxsize=COMPILED)(before)
    try:
        yield
    finally:
        lane.seeker = before


def run(hunt: Hunt, jobs: int = 1, *, progress: bool = False) -> Result:
    """All streams, in `jobs` processes."""
    work = jobs_of(hunt)
    if jobs == 1:
        return _gathered(hunt, map(batch, work), progress=progress)
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        return _gathered(hunt, pool.imap_unordered(batch, work), progress=progress)


def _gathered(hunt: Hunt, results: Iterable[Result], *, progress: bool) -> Result:
    total, begun, said = Result(hunt.seed), time.monotonic(), 0.0
    for result in results:
        total.add(result)
        if progress and result.examples:
            print("\n".join(result.examples), file=sys.stderr, flush=True)
        gone = time.monotonic() - begun
        if progress and gone - said >= EVERY:
            said = gone
            share = f"{total.streams} of {hunt.streams} streams"
            print(f"{share}, {gone:.0f} s, {total.leaks} leaks", file=sys.stderr, flush=True)
    return total


def again(hunt: Hunt, number: int) -> int:
    """One stream, in full: what it is made of, what is sent, what leaks."""
    known = set_of(hunt, number)
    one = generated(hunt, number, known)
    found = leaks(one, known)
    print(f"stream {number}: {'+'.join(one.recipe)}{' terminal' if one.terminal else ''}")
    print(f"in:  {list(one.chunks)}\nout: {sent(one, known)!r}")
    print("\n".join(found) or "no leak")
    return 1 if found else 0


def main() -> int:
    """Hunt and report."""
    options = argparse.ArgumentParser(description="Hunts for leaks in generated streams.")
    options.add_argument("--streams", type=int, default=10_000)
    options.add_argument("--seed", default="1")
    options.add_argument("--first", type=int, default=0, help="number of the first stream")
    options.add_argument("--only", type=int, help="run one stream, and show it")
    options.add_argument("--jobs", type=int, default=1)
    options.add_argument("--plain", action="store_true", help="without Hyperscan")
    options.add_argument("--terminals", type=float, default=0.0, help="share of streams on a terminal")
    options.add_argument("--json", action="store_true", help="print the result as one JSON object")
    asked = options.parse_args()
    hunt = Hunt(asked.seed, asked.streams, asked.first, asked.plain, asked.terminals)
    if asked.only is not None:
        return again(hunt, asked.only)
    begun = time.monotonic()
    result = run(hunt, asked.jobs, progress=True)
    seconds = time.monotonic() - begun
    if asked.json:
        print(json.dumps({**asdict(result), "jobs": asked.jobs, "seconds": round(seconds, 1)}))
        return 1 if result.leaks else 0
    for line in result.examples:
        print(line)
    for kind, times in result.kinds.most_common(SHOWN):
        print(f"{times:6} {kind}")
    print(
        f"seed {result.seed}: {result.streams} streams, {result.sets} sets of values, {seconds:.0f} s, "
        f"{asked.jobs} jobs, {result.leaks} leaks"
    )
    return 1 if result.leaks else 0


if __name__ == "__main__":
    sys.exit(main())
