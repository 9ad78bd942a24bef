"""What a client asks of a session channel: an exec line, a script, or an interactive shell."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Mode(StrEnum):
    """EXEC: `ssh target 'line'`; SCRIPT: a shell without a PTY; INTERACTIVE: a shell with one."""

    EXEC = "exec"
    SCRIPT = "script"
    INTERACTIVE = "interactive"


@dataclass(frozen=True, slots=True)
class Size:
    """A terminal's size in character cells, each 1..65535 (RFC 4254 §6.2; 0 is read as 80 or 24)."""

    cols: int = 80
    rows: int = 24


@dataclass(frozen=True, slots=True)
class Pty:
    """A pty-req (RFC 4254 §6.2): `term` is the client's TERM, `modes` opcode to value (§8)."""

    term: str
    size: Size
    modes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One session channel's request. `line` is the exact bytes of an exec request, else empty.

    `env` holds every accepted `env` request in order of arrival, unfiltered; the core filters.
    """

    mode: Mode
    line: bytes = b""
    pty: Pty | None = None
    env: tuple[tuple[str, str], ...] = field(default_factory=tuple)
