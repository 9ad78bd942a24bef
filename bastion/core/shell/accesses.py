"""What a word that names a file or a host surely reaches: an access, or the host in a URL."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bastion.core.shell import paths
from bastion.core.shell.facts import Access, Use
from bastion.core.shell.pieces import Text
from bastion.core.shell.words import Word

_NO_FILES = re.compile(r"/dev/(?:null|zero|full|random|urandom|stdin|stdout|stderr|tty)|/proc/self/fd/[0-2]")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_GLOB_HOST = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?[^/]*[*?\[]")
# A directory that a glob finds may be a link, and then `..` leads anywhere.
_UP = re.compile(r"[*?\[][^/]*/(?:.*/)?\.\.(?:/|\Z)")
_ADDRESS = re.compile(r"\[[0-9A-Fa-f:.]+\]")


def spelt_host(word: Word) -> str | None:
    """The text that names a host; None where an expansion or a glob may change the host in it."""
    settled = word.settled
    text = settled.literal
    if settled.glob and _GLOB_HOST.match(_ADDRESS.sub("", text or "*")):
        return None
    return text


def host_of(text: str) -> str:
    """The host of a URL, of host:port or of a name; "?" where it cannot be told."""
    rest = text if _URL.match(text) else f"//{text}"
    try:
        host = urlsplit(rest).hostname or ""
    except ValueError:
        return "?"
    if re.search(r"[{}\[\]*?$\\%#@]", host) or "\\" in text or not host:
        return "?"
    return host


def path_access(word: Word, use: Use, cwds: tuple[str, ...], *, tree: bool = False) -> Access | None:
    """The access that a word makes; None where it is a stream or a device without content."""
    word = word.settled
    if word.literal is None:
        head = word.pieces[0]
        steady = isinstance(head, Text) and all(
            isinstance(piece, Text) or piece.numeric for piece in word.pieces
        )
        if not steady:
            return Access(use, unknown=True, tree=tree)
    glob = word.glob or word.literal is None
    text = word.pattern if glob else word.literal or ""
    if glob and any(
        segment.startswith(".") and set(segment) & set("*?[") and segment[1:2] in ("*", "?", "[")
        for segment in text.split("/")
    ):
        return Access(use, unknown=True, tree=tree)
    resolved = paths.resolve(text, cwds, tilde=word.tilde)
    if glob:
        further = [paths.behind_globs(path) for path in resolved]
        if None in further or _UP.search(text):
            return Access(use, unknown=True, tree=tree)
        resolved = tuple(dict.fromkeys((*resolved, *(path for each in further for path in each or ()))))
    if not resolved or any(paths.unknowable(path) for path in resolved):
        return Access(use, unknown=True, tree=tree)
    if all(_NO_FILES.fullmatch(path) for path in resolved):
        return None
    return Access(use, resolved, glob, tree)
