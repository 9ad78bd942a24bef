"""Seeking anchors in text: Hyperscan where it runs, plain Python elsewhere, the same answers.

A seeker only proposes places; the exact matchers decide. Only Hyperscan's block scan is used: the
binding's stream sizes and stream contexts crash. A database holds secrets and never leaves memory.
Scans may run in several threads at once, each with a scratch of its own; they let go of the GIL.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn, Protocol

Hits = list[tuple[int, int]]


class Seeker(Protocol):
    """Finds every place where a literal or an expression ends."""

    def seek(self, text: bytes) -> Hits:
        """(end, id) of every occurrence, sorted, each once."""


class PlainSeeker:
    """Literals and expressions in pure Python. `literals` have ids 0.., `expressions` follow."""

    __slots__ = ("_by_length", "_caseless", "_expressions")

    def __init__(
        self, literals: Sequence[bytes], expressions: Sequence[bytes] = (), *, caseless: bool = False
    ) -> None:
        self._caseless = caseless
        self._by_length: dict[int, dict[bytes, list[int]]] = {}
        for number, literal in enumerate(literals):
            key = literal.lower() if caseless else literal
            self._by_length.setdefault(len(key), {}).setdefault(key, []).append(number)
        self._expressions = [
            (re.compile(b"(?=(" + source + b"))"), len(literals) + i) for i, source in enumerate(expressions)
        ]

    def seek(self, text: bytes) -> Hits:
        """(end, id) of every occurrence, sorted, each once."""
        hay = text.lower() if self._caseless else text
        found: set[tuple[int, int]] = set()
        for length, table in self._by_length.items():
            for start in range(len(hay) - length + 1):
                for number in table.get(hay[start : start + length], ()):
                    found.add((start + length, number))
        for expression, number in self._expressions:
            found.update((match.end(1), number) for match in expression.finditer(text))
        return sorted(found)


class _Blocks:
    """A compiled Hyperscan database for whole texts; cannot be pickled, copied or written."""

    __slots__ = ("_database", "_free", "_library")

    def __init__(self, expressions: Sequence[bytes], flags: Sequence[int], *, literal: bool) -> None:
        library = _library()
        if library is None:
            raise RuntimeError("hyperscan is not installed on this machine")
        self._library = library
        self._free: deque[object] = deque()
        self._database = library.Database(mode=library.HS_MODE_BLOCK)
        self._database.compile(
            expressions=expressions,
            ids=list(range(len(expressions))),
            elements=len(expressions),
            flags=flags,
            literal=literal,
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError("a database of secrets stays in memory")

    def scan(self, text: bytes, note: Callable[..., bool | None], found: list[Any]) -> None:
        """Call `note(id, start, end, flags, found)` for every match; it may return True to stop."""
        scratch = self._free.pop() if self._free else self._library.Scratch(self._database)
        try:
            self._database.scan(text, match_event_handler=note, context=found, scratch=scratch)
        except self._library.ScanTerminated:
            return
        finally:
            self._free.append(scratch)


def _keep(number: int, _start: int, end: int, _flags: int, found: Hits) -> None:
    found.append((end, number))


def _stop(_number: int, _start: int, _end: int, _flags: int, found: list[bool]) -> bool:
    found.append(True)
    return True


class HyperscanSeeker:
    """The same, on Hyperscan."""

    __slots__ = ("_blocks",)

    def __init__(
        self, literals: Sequence[bytes], expressions: Sequence[bytes] = (), *, caseless: bool = False
    ) -> None:
        sources = list(literals)
        if expressions:
            sources = [re.escape(literal) for literal in literals] + list(expressions)
        flag = _library().HS_FLAG_CASELESS if caseless else 0
        flags = [flag] * len(literals) + [0] * len(expressions)
        self._blocks = _Blocks(sources, flags, literal=not expressions)

    def seek(self, text: bytes) -> Hits:
        """(end, id) of every occurrence, sorted, each once."""
        found: Hits = []
        self._blocks.scan(text, _keep, found)
        return sorted(set(found)) if found else found


class Presence(Protocol):
    """Tells whether one of some expressions matches anywhere; they should be short and need no context."""

    def found(self, text: bytes) -> bool:
        """Whether one of them is in `text`."""


class PlainPresence:
    """By `re`: for expressions without repetition, so it cannot backtrack far."""

    __slots__ = ("_pattern",)

    def __init__(self, expressions: Sequence[bytes]) -> None:
        self._pattern = re.compile(b"|".join(expressions))

    def found(self, text: bytes) -> bool:
        """Whether one of them is in `text`."""
        return self._pattern.search(text) is not None


class HyperscanPresence:
    """The same; the scan stops at the first match."""

    __slots__ = ("_blocks",)

    def __init__(self, expressions: Sequence[bytes]) -> None:
        library = _library()
        flag = library.HS_FLAG_SINGLEMATCH | library.HS_FLAG_DOTALL
        self._blocks = _Blocks(expressions, [flag] * len(expressions), literal=False)

    def found(self, text: bytes) -> bool:
        """Whether one of them is in `text`."""
        seen: list[bool] = []
        self._blocks.scan(text, _stop, seen)
        return bool(seen)


def _library() -> Any:
    try:
        return import_module("hyperscan")
    except ImportError:
        return None


def seeker(
    literals: Sequence[bytes],
    expressions: Sequence[bytes] = (),
    *,
    caseless: bool = False,
    plain: bool = False,
) -> Seeker:
    """The fastest seeker that this machine has; `plain` asks for the pure one."""
    if plain or not (literals or expressions) or _library() is None:
        return PlainSeeker(literals, expressions, caseless=caseless)
    return HyperscanSeeker(literals, expressions, caseless=caseless)


def presence(expressions: Sequence[bytes], *, plain: bool = False) -> Presence:
    """The fastest presence test that this machine has; `plain` asks for the pure one."""
    return PlainPresence(expressions) if plain or _library() is None else HyperscanPresence(expressions)
