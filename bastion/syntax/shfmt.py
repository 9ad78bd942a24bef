"""shfmt behind a door: bytes in, a syntax tree out, from processes that wait ready.

A process serves one text and ends, so nothing of one text can reach the next; a spare one is
started before it is needed, because its start costs more than its work. Literal code that the
tree hands to an interpreter (`sh -c 'rm x'`) is parsed too and stands beside the tree under the
key `Nested`, so that the judge, which is pure, sees it.

Everything that is not a whole, well-formed text within the caps becomes a `Parsed` with a
problem: "incomplete" when more lines could complete it, else "malformed". Nothing here raises.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from bastion.core.shell.nested import MAX_DEPTH, key, wanted
from bastion.model.events import Parsed

MAX_TEXT = 64 * 1024
MAX_TREE = 16 * 1024 * 1024
MAX_NODES = 20_000
MAX_LEVELS = 200
MAX_NESTED = 32
MAX_BUSY = 8
_END_SECONDS = 2.0
DIALECTS = ("bash", "posix", "mksh", "zsh", "bats")

_PLACE = re.compile(r"\A(?:<standard input>:)?\d+:\d+: (.*)", re.DOTALL)
_AT_THE_END = re.compile(r"reached EOF|unclosed here-document")
_EXPECTS = re.compile(r"must (?:be followed by|end with)(?: an? [a-z ]+| `([^`]+)`)")

_Problem = Literal["", "incomplete", "malformed"]


class Shfmt:
    """Parses texts with shfmt (mvdan/sh), one pre-started process a text.

    Owns its processes and the tasks that start them; `close` ends and awaits all of them. Use it
    as an async context manager or call `close`. `clock` gives seconds on a monotonic clock.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        program: str = "",
        ready: tuple[str, ...] = ("bash", "posix"),
        spare: int = 2,
        seconds: float = 2.0,
    ) -> None:
        self._clock = clock
        self._program = program or find()
        self._ready = ready
        self._spare = spare
        self._seconds = seconds
        self._waiting: dict[str, deque[Process]] = {dialect: deque() for dialect in DIALECTS}
        self._starting: dict[str, int] = dict.fromkeys(DIALECTS, 0)
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy = asyncio.Semaphore(MAX_BUSY)
        self._closed = False

    async def __aenter__(self) -> Self:
        """Start the spare processes of the dialects named at construction."""
        for dialect in self._ready:
            for _ in range(self._spare):
                await self._start_spare(dialect)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End every process and task that this object owns; idempotent."""
        self._closed = True
        # A start that is cut off half-way would leave its process behind; each one ends by itself.
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for queue in self._waiting.values():
            while queue:
                await _end(queue.pop())

    async def parse(self, text: bytes, dialect: str) -> Parsed:
        """Parse `text` (at most `MAX_TEXT` bytes) in `dialect` (bash, posix, mksh, zsh, bats).

        A tree holds shfmt's typed JSON, positions in bytes, and `Nested`: literal code by
        `nested.key(dialect, code)`, each a tree or None where it is malformed.
        """
        tree, problem, message = await self._parse(text, dialect)
        if tree is not None:
            nested = await self._nested(tree, text, dialect)
            tree = {**tree, "Nested": nested}
        return Parsed(self._clock(), text, tree, problem, message)

    async def _nested(
        self, tree: Mapping[str, Any], text: bytes, dialect: str
    ) -> dict[str, Mapping[str, Any] | None]:
        found: dict[str, Mapping[str, Any] | None] = {}
        for _ in range(MAX_DEPTH):
            codes = wanted({**tree, "Nested": found}, text, dialect)
            if not codes:
                break
            for inner, code in codes:
                if len(found) >= MAX_NESTED:
                    return found
                found[key(inner, code)], _problem, _message = await self._parse(code, inner)
        return found

    async def _parse(self, text: bytes, dialect: str) -> tuple[dict[str, Any] | None, _Problem, str]:
        if dialect not in DIALECTS:
            return None, "malformed", f"no parser for the shell dialect {dialect[:20]!r}"
        if len(text) > MAX_TEXT:
            return None, "malformed", f"the text is longer than {MAX_TEXT} bytes"
        if b"\0" in text:
            return None, "malformed", "the text holds a NUL byte"
        async with self._busy:
            tree, message = await self._run(text, dialect)
            if tree is not None:
                if _continues(text):
                    return None, "incomplete", "the text ends in a line continuation"
                return tree, "", ""
            if not (found := _PLACE.match(message)):
                return None, "malformed", message
            if _AT_THE_END.search(message):
                return None, "incomplete", found[1]
            if expects := _EXPECTS.search(message):
                more = text + b"\n" + (expects[1] or "x").encode()
                again, other = await self._run(more, dialect)
                if again is not None or other != message:
                    return None, "incomplete", found[1]
        return None, "malformed", found[1]

    async def _run(self, text: bytes, dialect: str) -> tuple[dict[str, Any] | None, str]:
        """One text through one process: (tree, "") or (None, message)."""
        try:
            process = await self._take(dialect)
        except OSError as error:
            return None, f"the parser could not be started: {error.strerror}"
        try:
            async with asyncio.timeout(self._seconds):
                output, errors = await _talk(process, text)
                code = await process.wait()
        except TimeoutError:
            return None, "the parser took too long"
        except _TooMuchError:
            return None, "it has too many parts to be judged"
        except OSError as error:
            return None, f"the parser failed: {error.strerror or 'its pipe broke'}"
        finally:
            await _end(process)
            self._refill(dialect)
        if code != 0:
            return None, errors.decode("utf-8", "replace").strip()[:500] or "the parser failed"
        return _tree(output)

    async def _take(self, dialect: str) -> Process:
        queue = self._waiting[dialect]
        while queue:
            process = queue.popleft()
            if process.returncode is None:
                return process
        return await self._start(dialect)

    async def _start(self, dialect: str) -> Process:
        return await asyncio.create_subprocess_exec(
            self._program,
            "--to-json",
            f"-ln={dialect}",
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd="/",
            env={"GOMAXPROCS": "1", "GOGC": "off", "GOMEMLIMIT": "256MiB"},
        )

    def _refill(self, dialect: str) -> None:
        missing = self._spare - len(self._waiting[dialect]) - self._starting[dialect]
        if missing <= 0 or self._closed:
            return
        self._starting[dialect] += 1
        task = asyncio.get_running_loop().create_task(self._start_one(dialect))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start_one(self, dialect: str) -> None:
        try:
            # A failed start shows at the next parse, which starts its own process and reports it.
            with contextlib.suppress(OSError):
                await self._start_spare(dialect)
        finally:
            self._starting[dialect] -= 1

    async def _start_spare(self, dialect: str) -> None:
        process = await self._start(dialect)
        if self._closed:
            await _end(process)
        else:
            self._waiting[dialect].append(process)


class _TooMuchError(Exception):
    """The parser's answer is longer than `MAX_TREE`."""


def find() -> str:
    """The path of shfmt: beside this interpreter, else on PATH, else the bare name."""
    beside = Path(sys.executable).parent / "shfmt"
    return str(beside) if beside.exists() else shutil.which("shfmt") or "shfmt"


async def _talk(process: Process, text: bytes) -> tuple[bytes, bytes]:
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    if stdin is None or stdout is None or stderr is None:
        raise OSError("no pipes")
    stdin.write(text)
    stdin.close()
    pieces: list[bytes] = []
    size = 0
    while piece := await stdout.read(256 * 1024):
        size += len(piece)
        if size > MAX_TREE:
            raise _TooMuchError
        pieces.append(piece)
    return b"".join(pieces), await stderr.read(4096)


async def _end(process: Process) -> None:
    """Kill what still runs, and wait for it; a pipe nobody reads would keep the wait from ending."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(TimeoutError, OSError):
        async with asyncio.timeout(_END_SECONDS):
            for stream in (process.stdout, process.stderr):
                while stream is not None and await stream.read(256 * 1024):
                    pass
            await process.wait()


def _tree(output: bytes) -> tuple[dict[str, Any] | None, str]:
    try:
        tree = json.loads(output)
    except (ValueError, RecursionError):
        return None, "the parser's answer could not be read"
    if not isinstance(tree, dict) or tree.get("Type") != "File":
        return None, "the parser's answer could not be read"
    fault = _fault(tree)
    return (None, fault) if fault else (tree, "")


def _fault(tree: dict[str, Any]) -> str:
    """What forbids the tree: too many parts, too deep, or a comment that shfmt reads otherwise.

    shfmt joins a comment that ends in a backslash with the next line; no shell does.
    """
    nodes = 0
    level: list[Any] = [tree]
    for _ in range(MAX_LEVELS):
        deeper: list[Any] = []
        for node in level:
            values = node.values() if isinstance(node, dict) else node
            deeper += [value for value in values if isinstance(value, (dict, list))]
            if isinstance(node, dict) and "Hash" in node and re.search(r"\\\n|\\\Z", node.get("Text", "")):
                return "a comment ends in a backslash"
        nodes += sum(1 for node in deeper if isinstance(node, dict) and "Offset" not in node)
        if nodes > MAX_NODES:
            break
        if not deeper:
            return ""
        level = deeper
    return f"the text has more than {MAX_NODES} parts or {MAX_LEVELS} levels"


def _continues(text: bytes) -> bool:
    """Whether a well-formed text ends in an unquoted backslash, which asks for another line."""
    body = text.removesuffix(b"\n")
    return (len(body) - len(body.rstrip(b"\\"))) % 2 == 1
