"""Prints how long one user's command takes while others flood their screens, beside a quiet bastion.

    python -m tests.bench.flood [--floods 3] [--runs 10] [--cols 80] [--rows 24] [--json]

Each flood is a stock `ssh -tt` whose program writes words at random places: the screen tier's worst
case. Nothing is asserted: the figures are for reading.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from tests.bench.measures import READ, command
from tests.bench.path import quantile
from tests.bench.stand import Stand
from tests.end_to_end.test_terminal import Terminal

OTHER = "carol"
WARM_UP = 3.0


def program(cols: int, rows: int) -> str:
    """A line that the demo's policy allows: words at random places, for ever."""
    words = r"\033[%d;%dHx%dx"
    places = f"1+rand()*{rows}, 1+rand()*{cols}, rand()*1e6"
    return f"awk 'BEGIN{{for(;;)printf \"{words}\", {places}}}'"


class Flood:
    """One client that floods its terminal; a thread reads all that comes and counts it."""

    def __init__(self, stand: Stand, cols: int, rows: int) -> None:
        self._terminal = Terminal(stand.through(program(cols, rows), tty=True), cols, rows)
        self.size = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError):  # the end of a pseudo-terminal reads as EIO
            while piece := os.read(self._terminal.parent, READ):
                self.size += len(piece)

    def close(self) -> None:
        """End the client."""
        self._terminal.process.kill()
        self._reader.join(5)
        self._terminal.close()


def taken(client: list[str], runs: int) -> list[float]:
    """Milliseconds of each run, in order of size."""
    return sorted(1000 * command(client) for _ in range(runs))


def measure(asked: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Quiet and flooded, in one run on one demo."""
    with tempfile.TemporaryDirectory(prefix="bastion-flood-") as folder, ExitStack() as stack:
        stand = stack.enter_context(closing(Stand(Path(folder) / "demo")))
        client = stand.demo.command(OTHER, "echo ok")
        command(client)
        quiet = taken(client, asked.runs)
        floods = [
            stack.enter_context(closing(Flood(stand, asked.cols, asked.rows))) for _ in range(asked.floods)
        ]
        time.sleep(WARM_UP)
        cpu, begun, before = stand.cpu(), time.perf_counter(), sum(flood.size for flood in floods)
        flooded = taken(client, asked.runs)
        wall = time.perf_counter() - begun
        shown = (sum(flood.size for flood in floods) - before) / wall / 1024
        busy = (stand.cpu() - cpu) / wall
    return {
        name: {"p50": statistics.median(times), "p95": quantile(times, 0.95), "most": times[-1], **more}
        for name, times, more in (("quiet", quiet, {}), ("flooded", flooded, {"KiB/s": shown, "cores": busy}))
    }


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description="A command's latency while others flood their screens.")
    options.add_argument("--floods", type=int, default=3)
    options.add_argument("--runs", type=int, default=10)
    options.add_argument("--cols", type=int, default=80)
    options.add_argument("--rows", type=int, default=24)
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    found = measure(asked)
    if asked.json:
        print(json.dumps({"floods": asked.floods, "runs": asked.runs, **found}))
        return 0
    print(f"{'ms for `echo ok`':18} {'p50':>8} {'p95':>8} {'most':>8}")
    for name, row in found.items():
        print(f"{name:18} {row['p50']:8.0f} {row['p95']:8.0f} {row['most']:8.0f}")
    ratio = found["flooded"]["p50"] / found["quiet"]["p50"]
    print(f"{'ratio':18} {ratio:8.1f}")
    print(f"{asked.floods} floods of {asked.cols}x{asked.rows}: {found['flooded']['KiB/s']:.0f} KiB/s shown, "
          f"{found['flooded']['cores']:.2f} cores busy")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
