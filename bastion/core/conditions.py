"""Does a rule's condition hold for a command? Two answers: surely for all of it, or perhaps.

A rule that permits must hold surely and for every file of the command (`grants`). A rule that
restricts already counts when it may hold for one of them (`hits`: no, maybe, yes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bastion.core.rules import Choice, Files, What
from bastion.core.shell import paths
from bastion.core.shell.facts import Access, Command
from bastion.core.shell.paths import Match

_USES = {"paths": ("read", "write", "name"), "reads": ("read",), "writes": ("write",)}
Relation = Callable[[Access, str], tuple[bool, Match]]


@dataclass(frozen=True, slots=True)
class Answer:
    """`grants`: it surely holds for the whole command; `hits`: it may hold for a part of it."""

    grants: bool
    hits: Match

    def __and__(self, other: Answer) -> Answer:
        return Answer(self.grants and other.grants, min(self.hits, other.hits))


YES = Answer(grants=True, hits=Match.YES)
NO = Answer(grants=False, hits=Match.NO)


def holds(what: What, command: Command) -> Answer:
    """The answer of a whole `command:` condition."""
    # Every part is asked: one that cannot hit may still be what keeps a rule from granting.
    answer = YES
    for part in parts(what, command).values():
        answer &= part
    return answer


def parts(what: What, command: Command) -> dict[str, Answer]:
    """The answer of each part of a condition, by its key in the policy file."""
    found = {"programs": _programs(what.programs, command)}
    if what.flags is not None:
        found["flags"] = _names(what.flags, frozenset(command.flags))
    if what.capabilities is not None:
        found["capabilities"] = _names(what.capabilities, frozenset(command.capabilities))
    for key, files in (("paths", what.paths), ("reads", what.reads), ("writes", what.writes)):
        if files is not None:
            found[key] = _files(files, touched(key, command))
    if what.hosts is not None:
        found["hosts"] = _hosts(what.hosts, command)
    return found


def touched(key: str, command: Command) -> list[Access]:
    """The files of a command that the condition `key` (paths, reads or writes) is about."""
    return [access for access in command.accesses if access.use in _USES[key]]


def writes_nothing(command: Command) -> bool:
    """Whether the command surely writes no file."""
    return not any(access.use == "write" for access in command.accesses)


def _programs(names: frozenset[str] | None, command: Command) -> Answer:
    if names is None:
        return YES
    own = {command.program, f"{command.program} {command.verb}".rstrip()}
    if command.implied and not command.program.strip(":"):
        own = {":"}
    if own & names:
        return YES
    return Answer(grants=False, hits=Match.MAYBE) if not command.program else NO


def _names(choice: Choice, own: frozenset[str]) -> Answer:
    good = (
        (choice.only is None or own <= choice.only)
        and (choice.any is None or bool(own & choice.any))
        and (choice.all is None or choice.all <= own)
        and (choice.none is None or not own & choice.none)
    )
    return YES if good else NO


def _files(files: Files, accesses: list[Access]) -> Answer:
    if files.forbidden:
        return NO if accesses else YES
    answer = YES
    if files.within is not None:
        results = [_best(access, files.within, _within) for access in accesses]
        answer &= Answer(
            all(sure for sure, _hit in results), max((hit for _sure, hit in results), default=Match.NO)
        )
    if files.outside is not None:
        results = [_best(access, files.outside, _within) for access in accesses]
        surely = bool(results) and all(hit is Match.NO for _sure, hit in results)
        outer = [Match.NO if sure else Match.YES if hit is Match.NO else Match.MAYBE for sure, hit in results]
        answer &= Answer(surely, max(outer, default=Match.NO))
    if files.any is not None:
        results = [_best(access, files.any, _matches) for access in accesses]
        answer &= Answer(
            any(sure for sure, _hit in results), max((hit for _sure, hit in results), default=Match.NO)
        )
    if files.none is not None:
        results = [_best(access, files.none, _matches) for access in accesses]
        clear = all(hit is Match.NO for _sure, hit in results)
        answer &= Answer(
            clear, Match.YES if clear else Match.NO if any(sure for sure, _hit in results) else Match.MAYBE
        )
    return answer


def _best(access: Access, patterns: Iterable[str], relation: Relation) -> tuple[bool, Match]:
    """(surely, perhaps) of one access against any of the patterns."""
    sure, hit = False, Match.NO
    for pattern in patterns:
        one, other = relation(access, pattern)
        sure, hit = sure or one, max(hit, other)
    return sure, hit


def _within(access: Access, pattern: str) -> tuple[bool, Match]:
    if access.unknown or not access.paths:
        return False, Match.MAYBE
    each = [paths.within(path, pattern, glob=access.glob) for path in access.paths]
    if access.tree:
        each = [
            max(one, paths.covers(path, pattern, glob=access.glob))
            for one, path in zip(each, access.paths, strict=True)
        ]
        inside = all(paths.within(path, pattern, glob=access.glob) is Match.YES for path in access.paths)
        return inside, max(each)
    return all(one is Match.YES for one in each), max(each)


def _matches(access: Access, pattern: str) -> tuple[bool, Match]:
    if access.unknown or not access.paths:
        return False, Match.NO if access.use == "name" else Match.MAYBE
    each = [paths.match(path, pattern, glob=access.glob) for path in access.paths]
    if access.use == "name":
        # Names and sizes are no content: a glob or a tree that may hold such a file is no hit.
        exact = Match.NO if access.glob else max(each)
        return all(one is Match.YES for one in each), exact
    if access.tree:
        each += [paths.covers(path, pattern, glob=access.glob) for path in access.paths]
        inside = [paths.match(path, pattern, glob=access.glob) for path in access.paths]
        return all(one is Match.YES for one in inside), max(each)
    return all(one is Match.YES for one in each), max(each)


def _hosts(files: Files, command: Command) -> Answer:
    answer = YES
    own = command.hosts
    if files.forbidden:
        return NO if own else YES
    if files.within is not None:
        listed = [_host(host, files.within) for host in own]
        answer &= Answer(all(listed), Match.YES if any(listed) else Match.MAYBE if "?" in own else Match.NO)
    if files.outside is not None:
        listed = [_host(host, files.outside) for host in own]
        beyond = bool(own) and not all(listed)
        answer &= Answer(bool(own) and not any(listed) and "?" not in own, Match.YES if beyond else Match.NO)
    return answer


def _host(host: str, patterns: Iterable[str]) -> bool:
    return host != "?" and any(fnmatchcase(host.lower(), pattern.lower()) for pattern in patterns)
