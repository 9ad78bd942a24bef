"""Seeking anchors in text: Hyperscan where it runs, plain Python elsewhere, the same answers.

A seeker only proposes places; the exact matchers decide. Only Hyperscan's block scan is used: the
binding's stream sizes and stream contexts crash. A database holds secrets and never leaves memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Protocol

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


class HyperscanSeeker:
    """The same, on a Hyperscan block database (one scratch: scan from one thread at a time)."""

    __slots__ = ("_database", "_found", "_note")

    def __init__(
        self, literals: Sequence[bytes], expressions: Sequence[bytes] = (), *, caseless: bool = False
    ) -> None:
        library = _library()
        if library is None:
            raise RuntimeError("hyperscan is not installed on this machine")
        self._database = library.Database(mode=library.HS_MODE_BLOCK)
        flag = library.HS_FLAG_CASELESS if caseless else 0
        total = len(literals) + len(expressions)
        if expressions:
            sources = [re.escape(literal) for literal in literals] + list(expressions)
        else:
            sources = list(literals)
        self._database.compile(
            expressions=sources,
            ids=list(range(total)),
            elements=total,
            flags=[flag] * len(literals) + [0] * len(expressions),
            literal=not expressions,
        )
        self._found: Hits = []
        self._note: Callable[[int, int, int, int, object], None] = self._keep

    def _keep(self, number: int, _start: int, end: int, _flags: int, _context: object) -> None:
        self._found.append((end, number))

    def seek(self, text: bytes) -> Hits:
        """(end, id) of every occurrence, sorted, each once."""
        self._database.scan(text, match_event_handler=self._note)
        if not self._found:
            return self._found
        found, self._found = self._found, []
        return sorted(set(found))


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
