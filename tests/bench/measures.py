"""The measurements: bulk, keystrokes, whole commands, idle sessions; each one way, one time."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Iterable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass

from tests.bench.stand import MIB, Stand
from tests.end_to_end.test_terminal import Terminal

PROSE = b"the quick brown fox jumps over the lazy dog and goes on to the next log line "
READ = 256 * 1024
LIMIT = 60
SPACE = 0x20
"""An editor may show it by a move of the cursor: anything counts as its echo."""
QUIET = 0.15
PROMPTS = {"direct": rb"[#$] $", "through": rb"\$ "}
WAYS = ("direct", "through")


@dataclass(frozen=True, slots=True)
class Flow:
    """One bulk transfer: bytes that came out, seconds from start to end, CPU seconds of the process."""

    size: int
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        """MB (2**20 bytes) a second, the client's start included."""
        return self.size / MIB / self.wall


def argv(stand: Stand, way: str, line: str | None, *, tty: bool = False) -> list[str]:
    """The client's command on one of the WAYS."""
    return stand.direct(line, tty=tty) if way == "direct" else stand.through(line, tty=tty)


def bulk(stand: Stand, way: str, line: str) -> Flow:
    """Run `line`, read all that it writes. Raises RuntimeError when the client failed."""
    cpu, begun, size = stand.cpu(), time.perf_counter(), 0
    with subprocess.Popen(
        argv(stand, way, line), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as client:
        while piece := os.read(client.stdout.fileno(), READ):
            size += len(piece)
        error = client.stderr.read()
    wall = time.perf_counter() - begun
    if client.returncode:
        raise RuntimeError(f"{way} {line}: exit {client.returncode}: {error[-500:]!r}")
    return Flow(size, wall, stand.cpu() - cpu)


def bulk_terminal(stand: Stand, way: str, line: str) -> Flow:
    """The same on a terminal; the client's own exit status is not looked at."""
    cpu, begun, size = stand.cpu(), time.perf_counter(), 0
    terminal = Terminal(argv(stand, way, line, tty=True))
    with closing(terminal), suppress(OSError):  # the end of a pseudo-terminal reads as EIO
        while piece := os.read(terminal.parent, READ):
            size += len(piece)
    return Flow(size, time.perf_counter() - begun, stand.cpu() - cpu)


def command(client: list[str]) -> float:
    """Seconds from starting a client to its end. Raises CalledProcessError."""
    begun = time.perf_counter()
    subprocess.run(client, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=LIMIT)
    return time.perf_counter() - begun


def strokes(terminal: Terminal, keys: Iterable[int]) -> list[float]:
    """Type one byte at a time and wait until it is shown: seconds for each."""
    taken = []
    for key in keys:
        begun = time.perf_counter()
        terminal.type(bytes([key]))
        seen = b""
        while key not in seen and not (seen and key == SPACE):
            if not select.select([terminal.parent], [], [], LIMIT)[0]:
                raise RuntimeError(f"the key {key} was not echoed; {seen!r} was")
            seen += os.read(terminal.parent, READ)
        taken.append(time.perf_counter() - begun)
        settle(terminal, 0)
    return taken


def settle(terminal: Terminal, seconds: float) -> None:
    """Read away what comes until nothing came for `seconds`."""
    while select.select([terminal.parent], [], [], seconds)[0]:
        os.read(terminal.parent, READ)


class Typist:
    """One terminal on one way, kept open over the rounds; `line` None types at a shell's prompt."""

    def __init__(self, stand: Stand, way: str, line: str | None) -> None:
        self._terminal = Terminal(argv(stand, way, line, tty=True))
        self._at = 0
        self._prompt = line is None
        self._terminal.until(PROMPTS[way] if line is None else rb"ready\r?\n")
        settle(self._terminal, QUIET)

    def type(self, count: int) -> list[float]:
        """Type the next `count` bytes of PROSE; seconds for each. Lines are ended in between, unmeasured."""
        taken: list[float] = []
        while len(taken) < count:
            keys = [PROSE[(self._at + i) % len(PROSE)] for i in range(min(50, count - len(taken)))]
            self._at += len(keys)
            taken += strokes(self._terminal, keys)
            # ^U empties the line at a prompt; a program that echoes gets a new line.
            self._terminal.type(b"\x15" if self._prompt else b"\r\n")
            settle(self._terminal, QUIET)
        return taken

    def close(self) -> None:
        """End the client."""
        self._terminal.close()


def idle(stand: Stand, counts: Iterable[int]) -> dict[int, float]:
    """Bytes of resident memory for each session that waits at its prompt, one connection each."""
    with ExitStack() as stack:
        before = stand.memory()
        opened, found = 0, {}
        for count in sorted(counts):
            for _ in range(count - opened):
                terminal = Terminal(stand.through(None, tty=True))
                stack.callback(terminal.close)
                terminal.until(PROMPTS["through"])
            opened = count
            found[count] = (stand.memory() - before) / count
    return found
