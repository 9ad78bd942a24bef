"""The hunt: a bounded sample of the generated streams in the gate; `--deep` runs many more."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from bastion.core.masking.patterns import compile_patterns
from bastion.model.masks import KnownValue
from tests.harness.hunt import BLOCK, SETS, Hunt, generated, jobs_of, run, set_of
from tests.harness.hunt_judge import leaks
from tests.harness.hunt_streams import Stream, stream, world

ROOT = Path(__file__).parents[2]


def _hunted(hunt: Hunt) -> tuple[int, list[str]]:
    done = run(hunt)
    return done.streams, done.examples


def test_no_stream_of_the_sample_leaks(request) -> None:
    streams = 100_000 if request.config.getoption("--deep") else 3 * BLOCK
    assert _hunted(Hunt("gate", streams)) == (streams, [])


def test_no_terminal_of_the_sample_leaks(request) -> None:
    streams = 30_000 if request.config.getoption("--deep") else 400
    assert _hunted(Hunt("gate", streams, terminals=1.0)) == (streams, [])


def test_no_stream_leaks_without_hyperscan() -> None:
    assert _hunted(Hunt("plain", 100, plain=True)) == (100, [])


@pytest.mark.parametrize("number", range(3))
def test_a_masker_that_knows_nothing_is_found_out(number) -> None:
    """The judge sees a leak where there is one."""
    random = Random(f"blind/{number}")
    known = world(random)
    blind = replace(known, patterns=compile_patterns([], detectors=()))
    streams = [stream(random, known) for _ in range(50)]
    assert sum(bool(leaks(one, blind)) for one in streams) > 25


def test_a_masker_that_misses_one_value_is_found_out() -> None:
    known = set_of(Hunt("one", 1), 0)
    values = [KnownValue("k", value) for value in known.values[1:]]
    missing = replace(known, patterns=compile_patterns(values, detectors=()))
    one = Stream((b"a " + known.values[0],), (), terminal=False, recipe=("raw",))
    assert leaks(one, known) == []
    assert leaks(one, missing) != []


def test_a_stream_comes_again_by_its_number_alone() -> None:
    long, short = Hunt("x", 10 * BLOCK), Hunt("x", 1, first=BLOCK + 7)
    known = set_of(long, BLOCK + 7)
    assert known.values == set_of(short, BLOCK + 7).values != set_of(long, 0).values
    assert generated(long, BLOCK + 7, known) == generated(short, BLOCK + 7, known)
    assert set_of(long, BLOCK * SETS).values == set_of(long, 0).values


@pytest.mark.parametrize(
    ("first", "streams"), [(0, 1), (0, BLOCK), (7, BLOCK), (BLOCK - 1, 2), (3, BLOCK * (SETS + 2))]
)
def test_every_stream_is_in_one_job_and_every_set_too(first, streams) -> None:
    jobs = jobs_of(Hunt("x", streams, first=first))
    numbers = sorted(number for _, blocks in jobs for block in blocks for number in block)
    assert numbers == list(range(first, first + streams))
    assert len(jobs) <= SETS


def _runner(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.harness.hunt", "--seed", "t", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)


def test_the_runner_prints_seed_count_time_and_leaks() -> None:
    done = _runner("--streams", "20", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("seed t: 20 streams, 1 sets of values, ")
    assert done.stdout.rstrip().endswith("2 jobs, 0 leaks")


def test_the_runner_prints_json() -> None:
    done = _runner("--streams", "3", "--first", "4", "--json")
    found = json.loads(done.stdout)
    assert (found["seed"], found["streams"], found["leaks"], found["examples"]) == ("t", 3, 0, [])


def test_the_runner_shows_one_stream() -> None:
    done = _runner("--only", "5")
    assert done.stdout.startswith("stream 5: ")
    assert done.stdout.rstrip().endswith("no leak")
