"""Prints what masking costs: the maskers beside the bare pattern engine, and the bastion beside itself without.

    python -m tests.bench.masking [--mb 16] [--values 1000] [--detectors 200] [--sessions 200]
                                  [--path-mb 100] [--rounds 3] [--json]

Rates are MB (10**6 bytes) for each second of CPU, so other work on the machine disturbs them less; ratios
are of one run. `--path-mb 0` leaves out the bastion. Nothing is asserted: the figures are for reading.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random

from bastion.core.masking.detector import Detector
from bastion.core.masking.patterns import Patterns, compile_patterns
from bastion.core.masking.stream import StreamMasker
from bastion.core.masking.table import ALL
from bastion.core.masking.terminal import TerminalMasker
from bastion.model.masks import KnownValue
from tests.bench.measures import Flow, bulk, bulk_terminal, command
from tests.bench.path import corpora
from tests.bench.stand import Stand

CHUNK = 32 * 1024
FEW = 20
KIB = 1024
WORDS = (
    b"request took upstream retry cache miss handler session started finished worker pool items user".split()
)
Row = dict[str, str | float | None]
Masker = Callable[[Patterns], StreamMasker | TerminalMasker]


def texts(size: int) -> dict[str, bytes]:
    """What is masked: `size` bytes of each kind; none holds a secret."""
    random = Random(1)

    def line(i: int) -> bytes:
        return b"2026-03-%02dT10:%02d:%02d.%03dZ INFO worker=%d %s path=/api/v1/%s status=200 took=%dms\n" % (
        i % 28 + 1, i % 60, i * 7 % 60, i % 1000, i % 9, b" ".join(random.choices(WORDS, k=6)), random.choice(WORDS), i % 97,
    )  # fmt: skip

    log = b"".join(line(i) for i in range(size // 100))[:size]
    body = b"".join(b'{"id": %d, "name": "%s", "tags": ["%s"], "n": %d.5}\n' % (
        i, random.choice(WORDS), random.choice(WORDS), i % 77) for i in range(size // 60))[:size]  # fmt: skip
    return {
        "log lines": log,
        "JSON lines": body,
        "log lines in colour": log.replace(b"INFO", b"\x1b[32mINFO\x1b[0m")[:size],
        "UTF-8 text": ("Größe 12°, naïve café — 漢字 " * (size // 30)).encode()[:size],
        "a program file": (Path(sys.executable).read_bytes() * (size // KIB))[:size],
        "random bytes": random.randbytes(size),
    }


def operator_rows(count: int) -> tuple[Detector, ...]:
    """The table, and made-up rows of an operator until there are `count`."""
    made = (
        Detector(
            id=f"operator-{i}",
            title="made up",
            anchors=(b"corp%d_" % i,),
            patterns=(rb"([A-Za-z0-9]{20,40})",),
            positive=(),
            negative=(),
            before=b"A-Za-z0-9",
        )
        for i in range(max(0, count - len(ALL)))
    )
    return (*ALL, *made)


def known(count: int) -> list[KnownValue]:
    """Values of 16 to 40 characters."""
    random = Random(2)
    letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_"
    return [
        KnownValue(f"v{i}", "".join(random.choices(letters, k=random.randint(16, 40))).encode())
        for i in range(count)
    ]


def rate(work: Callable[[], object], size: int, rounds: int) -> float:
    """MB for each second of CPU; the best of `rounds`."""
    best = 1e9
    for _ in range(rounds):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return size / 1e6 / best


def feed(masker: StreamMasker | TerminalMasker, data: bytes, chunk: int = CHUNK) -> int:
    """Mask all of `data`; how many bytes left."""
    return sum(len(masker.feed(data[at : at + chunk], 0.0).data) for at in range(0, len(data), chunk))


def row(name: str, unit: str, value: float, beside: float | None = None) -> Row:
    """One line of the table; the ratio is value / beside."""
    return {"name": name, "unit": unit, "value": value, "ratio": value / beside if beside else None}


def masker_rows(patterns: Patterns, label: str, asked: argparse.Namespace) -> list[Row]:
    """Rates of both maskers on each text; the ratio is to one bare scan for detectors."""
    rows = []
    for name, data in texts(asked.mb * 1_000_000).items():
        pieces = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]
        bare = rate(lambda pieces=pieces: [patterns.seek(piece) for piece in pieces], len(data), asked.rounds)
        one = rate(lambda data=data: feed(StreamMasker(patterns), data), len(data), asked.rounds)
        rows.append(row(f"{name}, {label}", "MB/s", one, bare))
    log = texts(asked.mb * 500_000)["log lines"].replace(b"\n", b"\r\n")
    for chunk in (4096, CHUNK):
        found = rate(lambda c=chunk: feed(TerminalMasker(patterns, 80, 24), log, c), len(log), asked.rounds)
        rows.append(row(f"log lines on a terminal, {chunk // KIB} KiB, {label}", "MB/s", found))
    return rows


def key_row(patterns: Patterns) -> Row:
    """One echoed key on a terminal."""
    masker = TerminalMasker(patterns, 80, 24)
    masker.feed(b"$ ", 0.0)
    keys = [b"%c" % b for b in b"ls -l /var/log/app | tail -n 20 ; echo done "] * 10
    begun = time.process_time()
    for key in keys:
        masker.feed(key, 0.0)
    return row("an echoed key on a terminal", "µs", (time.process_time() - begun) / len(keys) * 1e6)


def thread_row(patterns: Patterns, asked: argparse.Namespace) -> Row:
    """Wall time of two streams, one after the other and in two threads; the ratio is how much faster."""
    data = texts(asked.mb * 1_000_000)["log lines"]
    jobs = [data, data]

    def wall(threads: int) -> float:
        begun = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda one: feed(StreamMasker(patterns), one, 8 * CHUNK), jobs))
        return time.perf_counter() - begun

    alone, both = (statistics.median(wall(n) for _ in range(asked.rounds)) for n in (1, 2))
    size = sum(map(len, jobs)) / 1e6
    return row("two streams in two threads, wall time", "MB/s", size / both, size / alone)


def memory_rows(patterns: Patterns, sessions: int) -> list[Row]:
    """Memory of maskers that have seen output, beyond the shared patterns."""
    log = texts(1_000_000)["log lines"].replace(b"\n", b"\r\n")
    rows = []
    for name, made in (
        ("a stream's masker", StreamMasker),
        ("a terminal's masker", lambda p: TerminalMasker(p, 80, 24)),
    ):
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        kept = [made(patterns) for _ in range(sessions)]
        for masker in kept:
            feed(masker, log[: 4 * CHUNK])
            masker.feed(b"\x1b[H", 0.0)
        rows.append(
            row(f"memory, {name}", "KiB", (tracemalloc.get_traced_memory()[0] - before) / KIB / sessions)
        )
        tracemalloc.stop()
    return rows


def compile_rows(asked: argparse.Namespace, rows: tuple[Detector, ...]) -> list[Row]:
    """Seconds of CPU of compiling, off the loop."""
    found = []
    for count in (FEW, asked.values):
        begun = time.process_time()
        compile_patterns(known(count), detectors=rows)
        found.append(row(f"compiling {count} known values", "ms", 1000 * (time.process_time() - begun)))
    return found


def path_rows(mb: int, rounds: int) -> list[Row]:
    """The demo through ssh, and the same with maskers that mask nothing."""
    if not mb:
        return []
    rows = []
    with tempfile.TemporaryDirectory(prefix="bastion-bench-") as folder, ExitStack() as stack:
        stands = {
            name: stack.enter_context(closing(Stand(Path(folder) / name, module)))
            for name, module in (("on", "bastion"), ("off", "tests.bench.unmasked"))
        }
        for stand in stands.values():
            command(stand.through("true"))
        flows = [(name, line, bulk, mb) for name, line in corpora(mb).items()]
        small = max(1, mb // 20)
        flows.append(("terminal", corpora(small)["log text"], bulk_terminal, small))
        for name, line, flow, _ in flows:
            found: dict[str, list[Flow]] = {way: [] for way in stands}
            for _ in range(rounds):
                for way, stand in stands.items():
                    found[way].append(flow(stand, "through", line))
            wall = {way: statistics.median(one.rate for one in found[way]) for way in stands}
            spent = {way: statistics.median(one.cpu / one.size for one in found[way]) for way in stands}
            rows.append(row(f"through the bastion, {name}", "MB/s", wall["on"], wall["off"]))
            rows.append(row("  the same by CPU time", "MB/s", 1e-6 / spent["on"], 1e-6 / spent["off"]))
    return rows


def table(rows: list[Row]) -> str:
    """The rows as text."""
    lines = [f"{'':58} {'unit':>5} {'value':>9} {'ratio':>6}"]
    for one in rows:
        ratio = f"{one['ratio']:.2f}" if isinstance(one["ratio"], float) else "-"
        lines.append(f"{one['name']:58} {one['unit']:>5} {one['value']:>9.1f} {ratio:>6}")
    return "\n".join(lines)


def measure(asked: argparse.Namespace) -> list[Row]:
    """Every row, in one run."""
    rows = operator_rows(asked.detectors)
    many, few = (compile_patterns(known(count), detectors=rows) for count in (asked.values, FEW))
    return [
        *compile_rows(asked, rows),
        *masker_rows(many, f"{asked.values} values", asked),
        *masker_rows(few, f"{FEW} values", asked),
        key_row(many),
        thread_row(many, asked),
        *memory_rows(many, asked.sessions),
        *path_rows(asked.path_mb, asked.rounds),
    ]


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description="What masking costs.")
    options.add_argument("--mb", type=int, default=16, help="size of each text, 10**6 bytes")
    options.add_argument("--values", type=int, default=1000, help="known values")
    options.add_argument("--detectors", type=int, default=200, help="the table's and made-up ones")
    options.add_argument("--sessions", type=int, default=200, help="maskers whose memory is measured")
    options.add_argument("--path-mb", type=int, default=100, help="size of a transfer through the bastion")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    rows = measure(asked)
    print(json.dumps({"cores": len(os.sched_getaffinity(0)), "rows": rows}) if asked.json else table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
