"""The bench runs and prints every row; what it measures is for reading."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TINY = ["--mb", "1", "--keys", "4", "--runs", "2", "--rounds", "1", "--idle", "1,2"]
BOTH = {
    "`true`, new connection": "ms",
    "`true`, open ssh connection": "ms",
    "echo of a program, p50": "ms",
    "echo of a program, p99": "ms",
    "echo at the prompt, p50": "ms",
    "echo at the prompt, p99": "ms",
    "bulk, log text": "MB/s",
    "bulk, digits": "MB/s",
    "bulk, NUL bytes": "MB/s",
    "bulk, terminal": "MB/s",
}


def python(*arguments, data=""):
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, input=data, capture_output=True, text=True, timeout=110, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def report():
    return json.loads(python("-m", "tests.bench.path", *TINY, "--json"))


@pytest.fixture(scope="module")
def rows(report):
    return {row["name"]: row for row in report["rows"]}


@pytest.mark.parametrize("name", BOTH)
def test_every_row_has_both_ways_and_their_ratio(rows, name):
    row = rows[name]
    assert row["unit"] == BOTH[name]
    assert row["direct"] > 0
    assert row["through"] > 0
    assert row["ratio"] == pytest.approx(row["through"] / row["direct"])


def test_cpu_and_memory_stand_beside(rows):
    cpu = {name for name in rows if name.startswith("  CPU, ")}
    assert cpu == {"  CPU, log text", "  CPU, digits", "  CPU, NUL bytes", "  CPU, terminal"}
    assert all(rows[name]["through"] >= 0 for name in cpu)
    memory = [row for name, row in rows.items() if name.startswith("memory, ")]
    assert [row["unit"] for row in memory] == ["KiB each"] * 2
    assert all(row["direct"] is None and row["ratio"] is None for row in memory)


def test_the_table_has_a_line_for_every_row(report, rows):
    show = "import json, sys; from tests.bench.path import table; print(table(json.load(sys.stdin)))"
    printed = python("-c", show, data=json.dumps(report["rows"])).splitlines()
    assert [line[:30].rstrip() for line in printed[1:]] == list(rows)
    assert report["cores"] >= 1


def test_a_flood_has_a_row_for_quiet_and_one_for_flooded():
    found = json.loads(python("-m", "tests.bench.flood", "--floods", "1", "--runs", "2", "--json"))
    assert found["flooded"]["KiB/s"] > 0
    assert all(0 < found[name]["p50"] <= found[name]["p95"] for name in ("quiet", "flooded"))


def test_the_masking_bench_has_every_row_and_a_ratio_where_something_stands_beside():
    sizes = ["--mb", "1", "--values", "30", "--detectors", "120", "--sessions", "2", "--path-mb", "1"]
    found = json.loads(python("-m", "tests.bench.masking", *sizes, "--rounds", "1", "--json"))["rows"]
    names = [row["name"] for row in found]
    assert all(row["value"] > 0 for row in found)
    assert {row["name"] for row in found if row["ratio"]} >= {
        "log lines, 30 values", "random bytes, 20 values", "through the bastion, log text",
        "through the bastion, terminal", "two streams in two threads, wall time",
    }  # fmt: skip
    assert {"memory, a stream's masker", "memory, a terminal's masker", "compiling 30 known values"} <= set(
        names
    )
    assert len(names) == len(set(names)) + 3  # the CPU of each transfer has one name
