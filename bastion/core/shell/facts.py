"""What a text would do, as values: a line of units, a unit's commands, a command's facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Use = Literal["read", "write", "name"]
Capability = Literal["runs-code", "reads-file", "writes-file", "network", "privilege"]


@dataclass(frozen=True, slots=True)
class Access:
    """A file that a command reads, writes or only names (its metadata).

    `paths` are the absolute, normalised paths that it can be, one for each possible cwd; in them
    `*`, `?` and `[…]` are the shell's globs when `glob`. `tree` means the path and all below it.
    `unknown` means that an expansion decides, so it may be any path.
    """

    use: Use
    paths: tuple[str, ...] = ()
    glob: bool = False
    tree: bool = False
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """A variable that a command sets; `value` is None where an expansion decides."""

    name: str
    value: str | None
    exported: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command, wrappers unwrapped (each wrapper is a command of its own).

    `program` is the basename, "" where an expansion decides it, and ":" for a statement that runs
    no program (`implied`). `verb` is the leading subcommand of programs that have them. `argv`
    holds None where an expansion decides. `never` says why no rule and no approval can allow it.
    """

    program: str
    written: str = ""
    verb: str = ""
    argv: tuple[str | None, ...] = ()
    flags: tuple[str, ...] = ()
    accesses: tuple[Access, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    hosts: tuple[str, ...] = ()
    capabilities: frozenset[Capability] = field(default_factory=frozenset)
    understood: bool = True
    reasons: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    implied: bool = False
    never: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    """One complete top-level statement.

    `text` is its exact source, here-document bodies included; `emitted` the same, regenerated
    from the tree with every literal single-quoted (empty where the unit is not understood).
    `changes_state` says that a later unit may see a change; `carries` that the change (cwd and
    scalar variables) can be carried to another process. `cwds_after` holds every directory that
    may be current afterwards; empty where that cannot be known.
    """

    text: bytes
    commands: tuple[Command, ...]
    understood: bool
    reasons: tuple[str, ...]
    changes_state: bool
    carries: bool
    may_end: bool
    cwds_after: tuple[str, ...]
    background: bool
    emitted: bytes

    @property
    def programs(self) -> tuple[str, ...]:
        """The programs by basename, in order of first appearance, each once."""
        names = (command.program for command in self.commands if command.program and not command.implied)
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Line:
    """The units of a text, in order."""

    units: tuple[Unit, ...]
