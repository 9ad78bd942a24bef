"""What a database client's statements start outside of it: shell escapes, pipes, programs.

Such a statement is never understood; the commands that it spells are judged and shown beside.
"""

from __future__ import annotations

import dataclasses
import re

from bastion.core.shell.judge import Judge
from bastion.core.shell.scene import Call

MAX_STATEMENT = 10_000
MAX_FOUND = 16
_PROGRAM = r"\bprogram\s+(?:'((?:[^']|'')+)'|\$\$(.+?)\$\$)"
_ESCAPES = {
    # psql(1), "Meta-Commands": \! runs the rest of the line; backquotes run inside any of them.
    "psql": re.compile(
        rf"\\!\s*([^\n]+)|\\(?:o|g|gx|w|copy)\b[^\n|]*\|\s*([^\n]+)|\\\w[^\n`]*`([^`\n]+)`|{_PROGRAM}",
        re.IGNORECASE,
    ),
    # mysql(1), "mysql Client Commands".
    "mysql": re.compile(
        r"\\!\s*([^\n]+)|^\s*system\s+([^\n]+)|\\P\s*([^\n]+)|^\s*pager\s+([^\n]+)|^\s*tee\s*\|\s*([^\n]+)",
        re.MULTILINE,
    ),
    # sqlite3(1), "Special commands": .shell, .system, and names of files that begin with a bar.
    "sqlite3": re.compile(
        r"^\s*\.(?:shell|system)\s+([^\n]+)|^\s*\.\w+\b[^\n|]*[\s'\"]\|\s*([^'\"\n]+)|edit\([^)]*'([^']+)'\)",
        re.MULTILINE,
    ),
}  # fmt: skip


def spelt(name: str, statement: str) -> list[str]:
    """The commands that a statement of psql, mysql or sqlite3 spells out, in order."""
    found = _ESCAPES[name].finditer(statement[:MAX_STATEMENT])
    commands = [next(group for group in match.groups() if group) for match in found]
    return [command.replace("''", "'").strip() for command in commands[:MAX_FOUND]]


def started(judge: Judge, call: Call, name: str, statement: str) -> None:
    """Judge what a statement starts as the commands of a shell that they are."""
    for command in spelt(name, statement):
        call.reasons.append(f"a statement of {call.program} that starts a command")
        where = dataclasses.replace(call.place, current=False, depth=call.place.depth + 1)
        judge.run(command, "posix", where, -1)
