"""Programs that make links: cp, ln, install, and what unpacks archives.

A link gives a file a second name, and a later command is judged by the name that it uses. So what
a link leads to counts as written too, and a copy that may be a link is not understood.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re

from bastion.core.shell import paths
from bastion.core.shell.facts import Access
from bastion.core.shell.judge import SPECS, Judge
from bastion.core.shell.options import Reading, read
from bastion.core.shell.scene import Call
from bastion.core.shell.words import Word, text_word

_LINKING = frozenset(("-l", "-s", "--link", "--symbolic-link"))
_KEEPING = frozenset(("-P", "-d", "--no-dereference", "-a", "--archive"))
_RECURSIVE = frozenset(("-r", "-R", "--recursive"))
_ATTRIBUTES = frozenset(("", "mode", "ownership", "timestamps", "context", "xattr"))
# Where the kernel, not a file system, decides what a name leads to.
_MAGIC = ("/proc", "/dev", "/sys")
_KEEPS_LINKS = "a copy that may keep a link, which gives a file another name"


def copy(judge: Judge, call: Call) -> None:
    """`cp`: a linked source is written too; a copy that keeps links is not understood."""
    reading = _read(judge, call)
    flags = set(reading.flags)
    sources = [word for kind, word, _tree in reading.items if kind == "r"]
    if flags & _LINKING:
        for word in sources:
            judge.access(call, word, "write", tree=True)
    kept = any(
        set(value.split(",")) - _ATTRIBUTES
        for word in call.words
        for value in re.findall(r"\A--p[a-z]*=(.*)", word.literal or "", re.DOTALL)
    )
    if (
        flags & _KEEPING
        or kept
        or (flags & _RECURSIVE and not all(_is_plain(call, word) for word in sources))
    ):
        call.reasons.append(_KEEPS_LINKS)


def link(judge: Judge, call: Call) -> None:
    """`ln`: what the link leads to is read and written; one name alone is linked to the directory."""
    reading = _read(judge, call)
    flags = set(reading.flags)
    sources = [word for kind, word, _tree in reading.items if kind == "r"]
    for word in sources:
        judge.access(call, word, "read", tree=True)
        judge.access(call, word, "write", tree=True)
        if flags & {"-s", "--symbolic"} and not (word.literal or "").startswith("/"):
            # It is resolved from the link's own directory, which may be any.
            call.accesses.append(Access("write", unknown=True))
    if len(reading.operands) == 1 and not any(kind == "w" for kind, _word, _tree in reading.items):
        judge.access(call, text_word("."), "write", tree=True)


def install(judge: Judge, call: Call) -> None:
    """`install`: with -d every operand is a directory to make."""
    reading = _read(judge, call)
    if set(reading.flags) & {"-d", "--directory"}:
        for word in reading.operands:
            judge.access(call, word, "write")


def unpack(judge: Judge, call: Call) -> None:
    """`unzip` and `cpio -i`: they write below a directory, and what they write may be links."""
    reading = _read(judge, call)
    shows = ("-l", "-p", "-t", "-v") if call.program == "unzip" else ("-t", "--list", "--to-stdout")
    if not set(reading.flags) & set(shows):
        if not any(kind == "w" for kind, _word, _tree in reading.items):
            judge.access(call, text_word("."), "write", tree=True)
        call.reasons.append(f"{call.program} unpacks what may be links")


def gathered(call: Call, folders: list[Word]) -> Call:
    """The call as it stands for members of an archive: `-C` may have moved it."""
    moved = [paths.resolve(word.literal, call.place.cwds) if word.literal else () for word in folders]
    known = len(folders) <= 1 and all(moved)
    cwds = (*call.place.cwds, *(path for each in moved for path in each)) if known else ()
    return dataclasses.replace(call, place=dataclasses.replace(call.place, cwds=cwds))


def _read(judge: Judge, call: Call) -> Reading:
    judge.by_spec(call, SPECS[call.program], call.words)
    return read(SPECS[call.program], call.words)


def _is_plain(call: Call, word: Word) -> bool:
    """Whether a source is surely no link that the system makes, and holds none."""
    text = word.literal
    if text is None or word.tilde:
        return False
    for cwd in call.place.cwds:
        written = posixpath.normpath(posixpath.join(cwd, text))
        path = paths.normalise(written)
        # A well-known link has another name once it is folded.
        if path in ("/", "//") or path != written.replace("//", "/"):
            return False
        if paths.unknowable(path) or any(
            paths.within(path, magic, glob=word.glob) or paths.covers(path, f"{magic}/x", glob=word.glob)
            for magic in _MAGIC
        ):
            return False
    return bool(call.place.cwds) or text.startswith("/")
