"""From a judged unit to the argv of one exec: what is carried in, the unit, what is carried out.

    env BASTION_UNIT=<id> TERM=<term> sh -c '
        cd -P -- <judged cwd> || exit 126      the directory that the judge resolved paths against
        export NAME=VALUE …; unset NAME …      what earlier units left behind
        set -e …                               options that earlier units set
        <unit>                                 re-emitted from the tree, or the approved bytes
        <count of keys that nothing read>      only in a shell on a terminal
        <trailer>                              only where the unit may change what is carried
    '

The trailer prints a mark (RS, nonce, status, RS), then directory and environment, then the mark
again. What it says is informational: the next unit is judged against a directory that its own
first line enters or fails. A program could forge it and gain nothing that the judge relies on:
variables that change what later commands mean (PATH, LD_*, PAGER, …) are never carried.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from bastion.core.shell.variables import hazard

MAX_SCRIPT = 96 * 1024
MAX_CARRIED = 48 * 1024
PROBE = (
    r"printf '\036%s\036%s\036%s\036'"
    ' "${BASH_VERSION:+bash}" "${KSH_VERSION:+mksh}" "${ZSH_VERSION:+zsh}"; pwd -P'
)
# No program starts another one to show its output, and a `less` that runs all the same starts none.
_SAFE = ("PAGER=cat", "GIT_PAGER=cat", "SYSTEMD_PAGER=cat", "LESSSECURE=1")
_NEVER_CARRIED = frozenset(
    {"_", "PWD", "SHLVL", "BASTION_UNIT", "bastion_rc", "bastion_st", "TERM", "OLDPWD"}
)


@dataclass(frozen=True, slots=True)
class Carried:
    """What one unit hands to the next: directory, exports, removals, options (`set` texts)."""

    cwd: str = "/"
    previous: str = ""
    exports: Mapping[str, str] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    options: tuple[str, ...] = ()

    def environment(self) -> tuple[tuple[str, str], ...]:
        """The exports, sorted, for bindings."""
        return tuple(sorted(self.exports.items()))


def quote(text: str) -> str:
    """One shell word that stands for exactly `text` (POSIX 2.2.2)."""
    return "'" + text.replace("'", "'\\''") + "'"


def build(
    unit: str,
    text: bytes,
    carried: Carried,
    *,
    term: str = "",
    nonce: str = "",
    assigns: bool = False,
    no_input: bool = False,
    setup: str = "",
    keys: str = "",
) -> tuple[str, ...] | None:
    """The argv of one exec, or None when it would be too long for one.

    `unit` is the id by which the unit's processes can be found and ended; `nonce` asks for the
    trailer; `assigns` exports plain assignments so that they can be carried; `no_input` puts
    /dev/null on standard input (needed only with a tty, where the stream cannot be left out);
    `setup` is a line of the bastion's own that sets the terminal's modes; `keys` is the nonce under
    which the keys are counted that nothing read.
    """
    lines = [f"unset CDPATH; cd -P -- {quote(carried.cwd)} || exit 126"]
    if carried.previous:
        lines.append(f"OLDPWD={quote(carried.previous)}")
    lines += [f"export {name}={quote(value)}" for name, value in sorted(carried.exports.items())]
    lines += [f"unset {name}" for name in sorted(carried.removed)]
    if setup:
        lines.append(setup)
    if no_input:
        lines.append("exec </dev/null")
    if nonce and assigns:
        lines.append("set -a")
    lines += carried.options
    try:
        lines.append(text.decode("utf-8"))
    except UnicodeDecodeError:
        return None
    if keys:
        lines.append(_leftover(keys))
    if nonce:
        lines.append(_trailer(nonce))
    script = "\n".join(lines)
    if len(script.encode()) > MAX_SCRIPT or "\0" in script:
        return None
    head = ["env", f"BASTION_UNIT={unit}", *_SAFE] + ([f"TERM={term}"] if term else [])
    return (*head, "sh", "-c", script)


def _trailer(nonce: str) -> str:
    return (
        "bastion_rc=$?\n"
        "set +aeuxfv\n"
        f"printf '\\036%s:%s\\036' {nonce} \"$bastion_rc\"\n"
        'command pwd -P; printf "\\036"; cat "/proc/$$/environ"; printf "\\036"; cat /proc/self/environ\n'
        f"printf '\\036%s\\036' {nonce}\n"
        'exit "$bastion_rc"'
    )


def _leftover(nonce: str) -> str:
    """Read away what was typed ahead and say how much it was; the status stays."""
    return (
        "bastion_st=$?\n"
        "set +aeuxfv\n"
        "if stty -icanon -echo min 0 time 0 2>/dev/null; then\n"
        f"printf '\\036%s+%d\\036' {nonce} \"$(dd bs=4096 count=16 2>/dev/null | wc -c)\"\n"
        "fi\n"
        '(exit "$bastion_st")'
    )


class Leftover:
    """Takes the count of unread keys out of a stream: one mark, wherever it is cut."""

    def __init__(self, nonce: str) -> None:
        self._mark = re.compile(b"\x1e" + nonce.encode() + rb"\+(\d{1,6})\x1e")
        self._longest = b"\x1e" + nonce.encode() + b"+"
        self._held = b""
        self.count = 0

    def feed(self, data: bytes) -> bytes:
        """The bytes that are none of the mark's."""
        data, self._held = self._held + data, b""
        found = self._mark.search(data)
        if found:
            self.count = int(found[1])
            return data[: found.start()] + data[found.end() :]
        start = data.rfind(b"\x1e")
        tail = data[start:] if start >= 0 else b""
        begun = self._longest.startswith(tail) or re.fullmatch(re.escape(self._longest) + rb"\d{0,6}", tail)
        if tail and begun:
            data, self._held = data[:start], tail
        return data

    def rest(self) -> bytes:
        """At the end: what was held back and turned out to be output."""
        held, self._held = self._held, b""
        return held


class Trailer:
    """Takes the trailer out of a stream. Nothing after its mark is passed on."""

    def __init__(self, nonce: str) -> None:
        self._mark = b"\x1e" + nonce.encode() + b":"
        self._nonce = nonce
        self._held = b""
        self._found: bytearray | None = None

    def feed(self, data: bytes) -> bytes:
        """The bytes that belong to the unit's own output."""
        if self._found is not None:
            self._found += data[: MAX_CARRIED * 4 - len(self._found)]
            return b""
        data = self._held + data
        start = data.find(self._mark)
        if start >= 0:
            self._found = bytearray(data[start : start + MAX_CARRIED * 4])
            self._held = b""
            return data[:start]
        keep = _overlap(data, self._mark)
        self._held = data[len(data) - keep :]
        return data[: len(data) - keep]

    def rest(self) -> bytes:
        """At the end: what was held back and turned out to be output."""
        held, self._held = self._held, b""
        return held

    def read(self, before: Carried) -> Carried | Literal["ended", "torn"]:
        """The state that the unit left; "ended" when its shell ended before the trailer."""
        if self._found is None:
            return "ended"
        parts = bytes(self._found).replace(b"\r\n", b"\n").split(b"\x1e")
        if len(parts) < 6 or parts[5] != self._nonce.encode():
            return "torn"
        try:
            cwd = parts[2].decode().removesuffix("\n")
            old, new = _environ(parts[3]), _environ(parts[4])
        except UnicodeDecodeError:
            return "torn"
        if not cwd.startswith("/") or "\n" in cwd:
            return "torn"
        exports = {
            name: value
            for name, value in new.items()
            if old.get(name) != value and not hazard(name, value, exported=True)
        }
        previous = before.cwd if cwd != before.cwd else before.previous
        removed = frozenset(old) - frozenset(new)
        if sum(len(name) + len(value) for name, value in exports.items()) > MAX_CARRIED:
            return "torn"
        return replace(before, cwd=cwd, previous=previous, exports=exports, removed=removed)


def read_probe(output: bytes) -> tuple[str, str] | None:
    """(dialect, directory) out of the probe's output; None when it is not one."""
    parts = output.split(b"\x1e")
    if len(parts) != 5:
        return None
    try:
        cwd = parts[4].decode().removesuffix("\n")
    except UnicodeDecodeError:
        return None
    dialect = "bash" if parts[1] else "mksh" if parts[2] else "zsh" if parts[3] else "posix"
    return (dialect, cwd) if cwd.startswith("/") and "\n" not in cwd else None


def _overlap(data: bytes, mark: bytes) -> int:
    for size in range(min(len(mark) - 1, len(data)), 0, -1):
        if data.endswith(mark[:size]):
            return size
    return 0


def _environ(block: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in block.split(b"\0"):
        name, equals, value = item.decode().partition("=")
        if equals and name.isidentifier() and name.isascii() and name not in _NEVER_CARRIED:
            found[name] = value
    return found
