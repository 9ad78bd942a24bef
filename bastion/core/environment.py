"""Which of the client's environment requests are kept: an allow-list, policy and no secrets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

ALWAYS = frozenset({"LANG", "TERM", "COLORTERM", "TZ", "NO_COLOR"})
MODE = "BASTION_APPROVAL"
MODES = ("wait", "async", "dry-run")
_LOCALE = re.compile(r"LC_[A-Z]{1,32}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_VALUE = re.compile(r"[ -~]{0,1024}")


@dataclass(frozen=True, slots=True)
class Kept:
    """`values` go into the pod; `dropped` names what did not; `secret` names a value that is one."""

    values: tuple[tuple[str, str], ...]
    dropped: tuple[str, ...]
    mode: str = ""
    secret: str = ""
    unknown_mode: str = ""


def choose(
    asked: tuple[tuple[str, str], ...],
    *,
    allowed: Callable[[str, str], bool],
    is_secret: Callable[[str], bool],
) -> Kept:
    """Filter the requests; the last one of a name wins. `allowed` is the policy's word on a name."""
    last = dict(asked)
    values: list[tuple[str, str]] = []
    dropped: list[str] = []
    mode = last.pop(MODE, "")
    for name, value in sorted(last.items()):
        if not _NAME.fullmatch(name):
            dropped.append(ascii(name)[1:-1][:32])
            continue
        listed = name in ALWAYS or _LOCALE.fullmatch(name) is not None
        if not _VALUE.fullmatch(value) or not (listed or allowed(name, value)):
            dropped.append(name)
            continue
        if is_secret(value) or is_secret(f"{name}={value}"):
            return Kept((), (), secret=name)
        values.append((name, value))
    known = mode if mode in MODES else ""
    return Kept(
        tuple(values), tuple(dropped), known, unknown_mode="" if known == mode else ascii(mode)[1:-1][:32]
    )
