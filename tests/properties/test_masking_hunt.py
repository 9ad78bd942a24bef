"""The hunt: a bounded sample of the generated streams in the gate; `--deep` runs many more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from bastion.core.masking.patterns import compile_patterns
from tests.harness.hunt import BATCH, batch, hunt
from tests.harness.hunt_streams import World, leaks, stream, world

ROOT = Path(__file__).parents[2]


def test_no_stream_of_the_sample_leaks(request) -> None:
    streams = 50_000 if request.config.getoption("--deep") else 800
    assert hunt("gate", streams) == (streams, [])


def test_no_terminal_of_the_sample_leaks(request) -> None:
    streams = 30_000 if request.config.getoption("--deep") else 400
    assert hunt("gate", streams, terminals=1.0) == (streams, [])


def test_no_stream_leaks_without_hyperscan() -> None:
    assert hunt("plain", 100, plain=True) == (100, [])


@pytest.mark.parametrize("number", range(3))
def test_a_masker_that_knows_nothing_is_found_out(number) -> None:
    """The judge sees a leak where there is one."""
    random = Random(f"blind/{number}")
    known = world(random)
    blind = World(known.values, compile_patterns([], detectors=()))
    streams = [stream(random, known) for _ in range(50)]
    assert sum(bool(leaks(one, blind)) for one in streams) > 25


def test_a_stream_comes_again_by_its_seed() -> None:
    first, again = (stream(random, world(random)) for random in (Random("x/1"), Random("x/1")))
    assert first == again
    assert batch(("x", 1, 5, False, 0.0)) == (5, [])
    assert BATCH > 5


def test_the_runner_prints_seed_count_time_and_leaks() -> None:
    command = [sys.executable, "-m", "tests.harness.hunt", "--streams", "20", "--seed", "t", "--jobs", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("seed t: 20 streams, ")
    assert done.stdout.rstrip().endswith("2 jobs, 0 leaks")
