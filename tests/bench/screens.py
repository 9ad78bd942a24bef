"""What masking a terminal costs: recordings of vim, htop and others through the masker, on one core.

python -m tests.bench.screens [--rounds 5] [--json]

Rates are MB (10**6 bytes) per CPU second of the masker alone, the best of the rounds; the ratio is to
plain lines through the same masker in the same run. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import string
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from time import process_time

from bastion.core.masking.patterns import Patterns, compile_patterns
from bastion.core.masking.terminal import TerminalMasker
from bastion.model.masks import KnownValue

FOLDER = Path(__file__).parents[1] / "golden" / "terminal"
MIXED = ("vim", "htop")
READ = 4096
SIZE = 80, 24


def patterns(values: int = 20) -> Patterns:
    """Made-up known values and every detector."""
    chance = random.Random(1)
    letters = string.ascii_letters + string.digits
    made = ["".join(chance.choices(letters, k=chance.randint(12, 40))) for _ in range(values)]
    return compile_patterns([KnownValue(f"k{i}", value.encode()) for i, value in enumerate(made)])


def recording(name: str) -> list[bytes]:
    """The chunks as the program wrote them."""
    document = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return [base64.b64decode(data) for _, data in document["chunks"]]


def joined(chunks: Sequence[bytes], size: int = READ) -> list[bytes]:
    """The same bytes as a reader behind a busy program gets them."""
    raw = b"".join(chunks)
    return [raw[at : at + size] for at in range(0, len(raw), size)]


def cost(found: Patterns, chunks: Sequence[bytes], rounds: int, times: int = 1) -> float:
    """CPU seconds for the chunks, the best of the rounds; the masker is warm after the first."""
    best = float("inf")
    masker = TerminalMasker(found, *SIZE)
    for _ in range(rounds + 1):
        begun = process_time()
        for _ in range(times):
            for chunk in chunks:
                masker.feed(chunk, 0.0)
        best = min(best, (process_time() - begun) / times)
    return best


def redraw() -> bytes:
    """About 20 kB that draw a screen several times over, as a program does after a change of colours."""
    rows = [
        f"\x1b[{y};1H\x1b[{30 + (y + n) % 8}m{n:02d} \x1b[1;4{y % 8}m{'abcdefghij' * 4}\x1b[0m {y * n:6d} ok\x1b[K"
        for n in range(10) for y in range(1, 24)
    ]  # fmt: skip
    return "".join(rows).encode()


def echo(found: Patterns, rounds: int) -> float:
    """CPU seconds for one typed character, drawn by an editor in the screen tier."""
    masker = TerminalMasker(found, *SIZE)
    masker.feed(b"\x1b[?1049h\x1b[2J" + b"\r\n".join(b"line %d of the text" % n for n in range(20)), 0.0)
    keys = [b"\x1b[?25l\x1b[12;%dHx\x1b[?25h" % (1 + n % 70) for n in range(100)]
    best = float("inf")
    for _ in range(max(rounds, 3)):
        begun = process_time()
        for key in keys:
            masker.feed(key, 0.0)
        best = min(best, (process_time() - begun) / len(keys))
    return best


def prompt(found: Patterns, rounds: int) -> float:
    """CPU seconds for one typed character at a shell's prompt (linear tier)."""
    best = float("inf")
    for _ in range(max(rounds, 3)):
        masker = TerminalMasker(found, *SIZE)
        masker.feed(b"\r\n" * 30 + b"$ ", 0.0)
        begun = process_time()
        for letter in b"the quick brown fox jumps over the lazy dog":
            masker.feed(bytes((letter,)), 0.0)
        best = min(best, (process_time() - begun) / 43)
    return best


def memory(found: Patterns, sessions: int = 8) -> float:
    """KiB that one session in the screen tier keeps, the shared database left out."""
    chunks = joined(recording("vim"))[:4]
    warm = TerminalMasker(found, *SIZE)
    for chunk in chunks:
        warm.feed(chunk, 0.0)
    tracemalloc.start()
    kept = [TerminalMasker(found, *SIZE) for _ in range(sessions)]
    for masker in kept:
        for chunk in chunks:
            masker.feed(chunk, 0.0)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return used / sessions / 1024


def measure(rounds: int) -> list[tuple[str, float, str, float | None]]:
    """Rows of (what, figure, unit, ratio to plain lines)."""
    found = patterns()
    lines = b"".join(
        b"2026-01-12T08:%02d:%02dZ INFO request %d done\r\n" % (n // 60 % 60, n % 60, n) for n in range(4000)
    )
    plain = len(lines) / cost(found, joined([lines]), rounds) / 1e6
    rows: list[tuple[str, float, str, float | None]] = [("plain lines", plain, "MB/s", 1.0)]
    mixed = [chunk for name in MIXED for chunk in recording(name)]
    groups = [("vim and htop, as read when busy", joined(mixed)), ("vim and htop, as they wrote", mixed)]
    groups += [(path.stem, joined(recording(path.stem))) for path in sorted(FOLDER.glob("*.json"))]
    for name, chunks in groups:
        rate = sum(map(len, chunks)) / cost(found, chunks, rounds, 3) / 1e6
        rows.append((name, rate, "MB/s", rate / plain))
    data = redraw()
    rows.append((f"redraw of {len(data) // 1000} kB", cost(found, joined([data]), rounds) * 1e3, "ms", None))
    rows.append(("echo of a key in an editor", echo(found, rounds) * 1e6, "µs", None))
    rows.append(("echo of a key at a prompt", prompt(found, rounds) * 1e6, "µs", None))
    rows.append(("memory of a session 80x24", memory(found), "KiB", None))
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    rows = measure(chosen.rounds)
    if chosen.json:
        print(json.dumps([dict(zip(("name", "figure", "unit", "ratio"), row, strict=True)) for row in rows]))
        return 0
    for name, figure, unit, ratio in rows:
        print(f"{name:34}{figure:10.2f} {unit:5}{'' if ratio is None else f'{ratio:8.3f}'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
