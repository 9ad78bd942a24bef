"""Paths as a judge sees them: made absolute, normalised, and compared without a file system.

`*`, `?` and `[…]` stand for characters within one segment, `**` (patterns only) for any number of
whole segments. Symbolic links cannot be seen from here; the well-known ones are folded (`/var/run`
is `/run`, `/proc/self/root` is `/`, `/bin` is `/usr/bin`).
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

_FOLDS = (
    (re.compile(r"\A/proc/(?:self|thread-self|1)(?:/task/[^/]+)?/root(?=/|\Z)"), ""),
    (re.compile(r"\A/dev/fd(?=/|\Z)"), "/proc/self/fd"),
    (re.compile(r"\A/var/run(?=/|\Z)"), "/run"),
    (re.compile(r"\A/var/lock(?=/|\Z)"), "/run/lock"),
    (re.compile(r"\A/(bin|sbin|lib|lib64)(?=/|\Z)"), r"/usr/\1"),
    (re.compile(r"\A/private(?=/(?:etc|var|tmp)(?:/|\Z))"), ""),
)
_UNKNOWABLE = re.compile(r"\A/proc/[^/]+/(?:task/[^/]+/)?(?:(?:cwd|root|map_files)(?=/|\Z)|fd/[^/]+/)")
# In a glob: the digits of a number that an expansion yields.
NUMBER = "[9876543210]"
_LINKS = {
    "/dev/fd": "/proc/self/fd",
    "/var/run": "/run",
    "/var/lock": "/run/lock",
    **{f"/{name}": f"/usr/{name}" for name in ("bin", "sbin", "lib", "lib64")},
}
HOMES = ("/root", "/home/*")


class Match(IntEnum):
    """Whether a path is what a pattern names."""

    NO = 0
    MAYBE = 1
    YES = 2


def normalise(path: str) -> str:
    """An absolute path without `.`, `..`, doubled slashes and well-known links."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            segments = segments[:-1]
        elif segment not in ("", "."):
            segments.append(segment)
    return _fold("/" + "/".join(segments))


def _fold(path: str) -> str:
    for _ in range(4):
        before = path
        for pattern, plain in _FOLDS:
            path = pattern.sub(plain, path) or "/"
        if path == before:
            break
    return path


def _follow(path: str) -> str:
    """An absolute path as the kernel walks it: `..` leaves what a well-known link leads to."""
    current = "/"
    for segment in path.split("/"):
        if segment == ".." and unknowable(f"{current}/"):
            return f"{current}/.."
        if segment == "..":
            current = current.rsplit("/", 1)[0] or "/"
        elif segment not in ("", "."):
            current = _fold(f"{current.rstrip('/')}/{segment}")
    return current


def behind_globs(path: str) -> tuple[str, ...] | None:
    """What a glob also names where one of its segments finds a well-known link.

    None where the kernel decides: it may find `/proc/N/cwd` and the like.
    """
    parts = _split(path)
    for name in ("cwd", "root", "map_files", "fd/*"):
        for magic in (f"/proc/*/{name}", f"/proc/*/task/*/{name}"):
            wanted = _split(magic)
            if len(parts) > len(wanted) and _segments(parts[: len(wanted)], wanted, glob=True):
                return None
    found = []
    for source, target in _LINKS.items():
        wanted = _split(source)
        if _segments(parts[: len(wanted)], wanted, glob=True):
            found.append("/".join((target, *parts[len(wanted) :])))
    return tuple(found)


def _both(path: str) -> tuple[str, ...]:
    """Where a path leads, whether or not the well-known links are links in this container."""
    plain = normalise(path)
    return (plain, _follow(path)) if ".." in path else (plain,)


def unknowable(path: str) -> bool:
    """Whether the kernel decides where the path leads (`/proc/N/cwd/…`)."""
    return bool(_UNKNOWABLE.match(path))


def resolve(path: str, cwds: tuple[str, ...], *, tilde: bool = False) -> tuple[str, ...]:
    """Every absolute path that `path` can be; empty where `cwds` is empty and it is relative."""
    if tilde:
        user, _, rest = path[1:].partition("/")
        homes = HOMES if not user else ("/root",) if user == "root" else (f"/home/{user}", f"/var/lib/{user}")
        return tuple(dict.fromkeys(each for home in homes for each in _both(f"{home}/{rest}")))
    if path.startswith("/"):
        return tuple(dict.fromkeys(_both(path)))
    return tuple(dict.fromkeys(each for cwd in cwds for each in _both(f"{cwd}/{path}")))


@lru_cache(maxsize=4096)
def _segment(pattern: str) -> re.Pattern[str]:
    """One segment's glob as a pattern; a wildcard at its start does not match a leading dot."""
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char in "*?":
            parts.append(r"(?!\.)" * (not parts) + (".*" if char == "*" else "."))
        elif char == "[" and (end := pattern.find("]", position + 1)) > 0:
            digits = pattern[position - 1 : end + 1] == NUMBER
            inner = pattern[position:end].replace("\\", "\\\\").replace("[", "\\[").replace("&&", "&\\&")
            inner = "^" + inner[1:] if inner[:1] in "!^" else inner
            parts.append(r"\d+" if digits else f"[{inner}]")
            position = end + 1
        else:
            parts.append(re.escape(char))
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:
        return re.compile(r".*", re.DOTALL)


def _is_glob(segment: str) -> bool:
    return any(char in segment for char in "*?[")


def _meet(segment: str, pattern: str, *, glob: bool) -> Match:
    """One segment of a path (a glob itself when `glob`) against one segment of a pattern."""
    if not (glob and _is_glob(segment)):
        return Match.YES if segment == pattern or _segment(pattern).fullmatch(segment) else Match.NO
    if pattern == "*" and not segment.startswith("."):
        return Match.YES
    if not _is_glob(pattern):
        return Match.MAYBE if _segment(segment).fullmatch(pattern) else Match.NO
    if segment == pattern:
        return Match.YES
    return Match.MAYBE if _overlap(segment, pattern) else Match.NO


def _overlap(one: str, two: str) -> bool:
    """Whether two globs may mean the same name: their heads and tails fit, and it is no mere chance.

    `*.log` and `*secret*` have names in common (`secret.log`), but share no letters; a policy that
    held every such glob would be switched off. `*.pe?` and `*.pem` share letters and are held.
    """
    heads = [re.split(r"[*?\[]", glob, maxsplit=1)[0] for glob in (one, two)]
    tails = [re.split(r"[*?\]]", glob)[-1] for glob in (one, two)]
    if NUMBER in one and not any(char in one.replace(NUMBER, "") for char in "*?["):
        # Two numbers stand for all, unless the pattern itself speaks of digits.
        samples = [one.replace(NUMBER, digits) for digits in ("7", "4242")]
        return any(char.isdigit() for char in two) or any(map(_segment(two).fullmatch, samples))
    if any(glob[0] == "." for glob in (one, two)) and any(glob[0] in "*?" for glob in (one, two)):
        return False
    if not (heads[0].startswith(heads[1]) or heads[1].startswith(heads[0])):
        return False
    if not (tails[0].endswith(tails[1]) or tails[1].endswith(tails[0])):
        return False
    runs = [[run for run in re.split(r"[*?]|\[[^\]]*\]", glob) if run] for glob in (one, two)]
    if not runs[0] or not runs[1] or all(heads) or all(tails) or any(char in one for char in "?["):
        return True
    return any(_share(mine, other) for mine in runs[0] for other in runs[1])


def _share(one: str, two: str) -> bool:
    """Whether one text holds the other, or they have three letters in a row in common."""
    return one in two or two in one or any(one[at : at + 3] in two for at in range(len(one) - 2))


def match(path: str, pattern: str, *, glob: bool = False) -> Match:
    """Whether `path` (absolute, normalised) is named by `pattern`.

    A pattern without a leading slash matches at any depth. A pattern's `*` does not cross a slash,
    and at the start of a name it does not match a dot, as in the shell; `**` does both.
    """
    shape = pattern if pattern.startswith(("/", "**")) else f"**/{pattern}"
    return _segments(_split(path), _split(shape), glob)


def _split(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


def _segments(path: tuple[str, ...], pattern: tuple[str, ...], glob: bool) -> Match:
    best: dict[tuple[int, int], Match] = {(len(path), len(pattern)): Match.YES}
    for left in range(len(path), -1, -1):
        for right in range(len(pattern) - 1, -1, -1):
            if pattern[right] == "**":
                here = best.get((left, right + 1), Match.NO)
                if left < len(path):
                    here = max(here, best.get((left + 1, right), Match.NO))
            elif left < len(path):
                rest = best.get((left + 1, right + 1), Match.NO)
                here = min(_meet(path[left], pattern[right], glob=glob), rest) if rest else Match.NO
            else:
                here = Match.NO
            best[left, right] = here
    return best[0, 0]


def within(path: str, pattern: str, *, glob: bool = False) -> Match:
    """Whether `path` is what `pattern` names, or lies below it."""
    return match(path, pattern if pattern.endswith("/**") else pattern.rstrip("/") + "/**", glob=glob)


def covers(path: str, pattern: str, *, glob: bool = False) -> Match:
    """Whether something that `pattern` names can lie below `path` (anchored patterns only)."""
    if not pattern.startswith("/") or pattern.startswith("/**"):
        return Match.NO
    fixed = _split(pattern)
    own = _split(path)
    if len(own) >= len(fixed) or "**" in fixed[: len(own)]:
        return Match.NO
    result = Match.YES
    for segment, other in zip(own, fixed, strict=False):
        result = min(result, _meet(segment, other, glob=glob))
    return result
