"""Facts of a line as plain values for people and machines: bounded, in order, nothing hidden."""

from __future__ import annotations

from bastion.core.shell.facts import Access, Command, Line

MAX_ITEMS = 64
MAX_COMMANDS = 200
MAX_CHARACTERS = 1024
Sheet = dict[str, object]


def programs(line: Line) -> list[str]:
    """The programs of a text by basename, in order of first appearance, each once."""
    return list(dict.fromkeys(name for unit in line.units for name in unit.programs))


def understood(line: Line) -> bool:
    """Whether everything that the text would run is known."""
    return bool(line.units) and all(unit.understood for unit in line.units)


def doubts(line: Line) -> list[str]:
    """Why a text is not understood."""
    doubtful = [unit for unit in line.units if not unit.understood]
    return list(dict.fromkeys(reason for unit in doubtful for reason in unit.reasons))


def commands(line: Line) -> list[Sheet]:
    """A sheet for each simple command, at most `MAX_COMMANDS`."""
    listed = [command for unit in line.units for command in unit.commands]
    return [command_sheet(command) for command in listed[:MAX_COMMANDS]]


def command_sheet(command: Command) -> Sheet:
    """One command's facts; what is empty is left out. A null in `argv` is decided by an expansion."""
    found: Sheet = {
        "program": command.program if not command.implied else "",
        "verb": command.verb,
        "argv": [None if word is None else _cut(word) for word in command.argv[:MAX_ITEMS]],
        "flags": list(command.flags[:MAX_ITEMS]),
        "reads": _files(command, "read"),
        "writes": _files(command, "write"),
        "names": _files(command, "name"),
        "hosts": list(command.hosts[:MAX_ITEMS]),
        "assigns": [each.name for each in command.assignments[:MAX_ITEMS]],
        "capabilities": sorted(command.capabilities),
        "attack": sorted(set(command.attack)),
        "reasons": list(command.reasons[:MAX_ITEMS]),
        "never": command.never,
    }
    return {"understood": command.understood, **{key: value for key, value in found.items() if value}}


def _files(command: Command, use: str) -> list[str]:
    chosen = [access for access in command.accesses if access.use == use][:MAX_ITEMS]
    return list(dict.fromkeys(name for access in chosen for name in named(access)))


def named(access: Access) -> list[str]:
    """The files of an access as a text: `?` for any file, `/**` behind a tree."""
    if access.unknown or not access.paths:
        return ["?"]
    tail = "/**" if access.tree else ""
    return [_cut(path).rstrip("/") + tail or "/" for path in access.paths[:MAX_ITEMS]]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…"
