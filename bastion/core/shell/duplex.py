"""Programs that talk both ways: each end waits for the other, so output that waits stops them."""

from __future__ import annotations

from bastion.core.shell.facts import Command, Line

PROGRAMS = frozenset(
    ("rsync", "tar", "gtar", "bsdtar", "cpio", "git-upload-pack", "git-receive-pack", "git-upload-archive")
)
VERBS = frozenset(("upload-pack", "receive-pack", "upload-archive"))


def talks_both_ways(line: Line) -> bool:
    """Whether a line runs such programs and nothing else: a program beside one gets no leave from it."""
    commands = [command for unit in line.units for command in unit.commands if not command.implied]
    return bool(commands) and all(_is_duplex(command) for command in commands)


def _is_duplex(command: Command) -> bool:
    return command.program in PROGRAMS or (command.program == "git" and command.verb in VERBS)
