"""Detectors on innocent text: speed for each kind, and what is masked without need, for each row and MB.

python -m tests.bench.detectors [--mb 4] [--files DIR]
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

from bastion.core.masking.innocent import KINDS, Dice, innocent
from bastion.core.masking.patterns import compile_patterns
from bastion.core.masking.stream import StreamMasker

CHUNK = 32 * 1024
PATTERNS = compile_patterns([])
BARE = compile_patterns([], detectors=[])


def run(text: bytes, patterns=PATTERNS) -> tuple[float, Counter]:
    """CPU seconds of masking the text in chunks, and how often each source masked something."""
    masker = StreamMasker(patterns)
    found = Counter()
    started = time.process_time()
    for at in range(0, len(text), CHUNK):
        found.update(event.source for event in masker.feed(text[at : at + CHUNK], 0).events)
    found.update(event.source for event in masker.close(0).events)
    return time.process_time() - started, found


def report(name: str, text: bytes) -> None:
    """One line: size, speed with and without detectors, false positives for each row and MB."""
    seconds, found = run(text)
    bare, _ = run(text, BARE)
    mb = len(text) / 1e6
    masks = ", ".join(f"{source} {count / mb:.2f}" for source, count in found.most_common(8)) or "none"
    print(
        f"{name:<12} {mb:>6.1f} MB {mb / seconds:>8.1f} MB/s  {seconds / max(bare, 1e-9):>6.1f} x bare  masks/MB: {masks}"
    )


def files(folder: Path, limit: int) -> bytes:
    """The start of every plain file below the folder, up to `limit` bytes."""
    parts, total = [], 0
    for path in sorted(folder.rglob("*")):
        if (
            path.is_file()
            and not path.is_symlink()
            and path.suffix not in {".gz", ".png", ".pdf", ".so", ".pyc"}
        ):
            parts.append(path.read_bytes()[:40_000])
            total += len(parts[-1])
            if total > limit:
                break
    return b"".join(parts)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=float, default=4)
    parser.add_argument("--files", type=Path, action="append", default=[])
    chosen = parser.parse_args()
    size = int(chosen.mb * 1e6)
    for kind in KINDS:
        dice, parts, total = Dice(5), [], 0
        while total < size / 10:
            parts.append(kind(dice).encode() + b"\n")
            total += len(parts[-1])
        report(kind.__name__.strip("_"), b"".join(parts))
    report("everything", innocent(size, seed=11))
    for folder in chosen.files:
        report(str(folder)[-12:], files(folder, 2 * size))


if __name__ == "__main__":
    main()
