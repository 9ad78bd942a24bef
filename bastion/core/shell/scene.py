"""What the judge carries while it walks one unit: where it is, and what it has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bastion.core.shell.facts import Access, Assignment, Capability, Command
from bastion.core.shell.nested import MAX_DEPTH, key
from bastion.core.shell.pieces import Text
from bastion.core.shell.words import Word

MAX_COMMANDS = 400
MAX_ARGUMENTS = 2000

Stdin = Literal["null", "client", "tty"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command stands: its standard input, its directories, how deep it is nested.

    `stdin` is "outer" (what the unit inherits), "fed" (a pipe or a file) or "text" (`given` is a
    literal here-document). `current` says whether the unit's own shell runs it, not a subshell.
    `found` are the trees that `find` hands over as `{}`. `shown` says whether its standard output
    may be the unit's own, which may be a terminal.
    """

    cwds: tuple[str, ...]
    stdin: Literal["outer", "fed", "text"] = "outer"
    given: str = ""
    current: bool = True
    depth: int = 0
    found: tuple[Access, ...] = ()
    dialect: str = "bash"
    shown: bool = True


@dataclass(slots=True)
class Call:
    """A command under construction; `finish` makes it a fact."""

    program: str
    written: str
    words: list[Word]
    place: Place
    flags: list[str] = field(default_factory=list)
    accesses: list[Access] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    capabilities: set[Capability] = field(default_factory=set)
    reasons: list[str] = field(default_factory=list)
    verb: str = ""
    implied: bool = False
    never: str = ""
    attack: tuple[str, ...] = ()

    def finish(self) -> Command:
        """The finished facts."""
        uses = {access.use for access in self.accesses}
        capabilities = set(self.capabilities)
        if "read" in uses:
            capabilities.add("reads-file")
        if "write" in uses:
            capabilities.add("writes-file")
        if self.hosts:
            capabilities.add("network")
        return Command(
            program=self.program,
            written=self.written,
            verb=self.verb,
            argv=tuple(word.literal for word in self.words),
            flags=tuple(dict.fromkeys(self.flags)),
            accesses=tuple(dict.fromkeys(self.accesses)),
            assignments=tuple(self.assignments),
            hosts=tuple(dict.fromkeys(self.hosts)),
            capabilities=frozenset(capabilities),
            understood=not self.reasons,
            reasons=tuple(dict.fromkeys(self.reasons)),
            attack=self.attack,
            implied=self.implied,
            never=self.never,
        )


@dataclass(slots=True)
class Scene:
    """One unit's walk: the commands found so far and what the unit does to its shell.

    `rewrites` holds, by a word's origin, the code that the word spells, written again. `once` are
    the variables that the text sets in one place only, `bindings` what they hold here, and `kept`
    the offsets of the expansions that were judged by that and so must stay one word; `guards`
    the offsets of globs that must not become options.
    """

    stdin: Stdin
    nested: Mapping[str, Mapping[str, Any] | None]
    numeric: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()
    bindings: Mapping[str, Text] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)
    guards: set[int] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rewrites: dict[int, str] = field(default_factory=dict)
    wanted: list[tuple[str, bytes]] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    changes_state: bool = False
    carries: bool = True
    may_end: bool = False
    cwds: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()

    def doubt(self, reason: str) -> None:
        """Note why the unit is not understood."""
        if reason not in self.reasons:
            self.reasons.append(reason)

    def change(self, place: Place, *, carries: bool = True, why: str = "") -> None:
        """Note that the unit's own shell is changed; `carries`: another process can take it over."""
        if not place.current:
            return
        self.changes_state = True
        if not carries:
            self.carries = False
            self.notes.append(why or "it changes the shell in a way that cannot be carried over")

    def code(self, text: str, dialect: str, depth: int) -> Mapping[str, Any] | None:
        """The tree of literal code, or None where it is missing (then it is wanted) or malformed."""
        if depth > MAX_DEPTH:
            self.doubt("code is nested too deep")
            return None
        code = text.encode("utf-8", "surrogateescape")
        name = key(dialect, code)
        if name not in self.nested:
            if (dialect, code) not in self.wanted:
                self.wanted.append((dialect, code))
            self.doubt("code inside the line could not be read")
            return None
        tree = self.nested[name]
        if tree is None:
            self.doubt("code inside the line is malformed")
        return tree
