"""Programs that start others: wrappers, shells, xargs, watch, ssh; and the table of all handlers."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence

from bastion.core.shell import paths
from bastion.core.shell.builtins import BUILTINS
from bastion.core.shell.facts import Access, Assignment
from bastion.core.shell.hidden_files import (
    database,
    java_command,
    pieces,
    processes,
    repository,
    search,
    squeeze,
    telling,
    temporary,
    web_server,
)
from bastion.core.shell.interpreters import interpreted, python, screen
from bastion.core.shell.judge import SPECS, Judge, name_value
from bastion.core.shell.languages import query, yaml_query
from bastion.core.shell.links import copy, install, link, unpack
from bastion.core.shell.options import read
from bastion.core.shell.pieces import Dyn
from bastion.core.shell.processes import date, download, kernel, kill, permissions
from bastion.core.shell.scene import Call
from bastion.core.shell.searching import convert, edit, find, replace_mark, tar
from bastion.core.shell.spec import read_table
from bastion.core.shell.sql import client
from bastion.core.shell.variables import hazard
from bastion.core.shell.words import Word, text_word
from bastion.core.shell.wrappers import SHELLS, WRAPPERS

_TABLE = read_table("""
shell: -euxfvnabhmCBEHPTp -c -s -o: -O: --norc --noprofile --posix --restricted --verbose -i! -l!
    --login! --rcfile:k --init-file:k --version --help / d* @first
""")


def wrap(judge: Judge, call: Call) -> None:
    """env, sudo and the plain wrappers: the words from the inner command on are judged too."""
    spec = WRAPPERS[call.program]
    reading = read(spec, call.words)
    call.flags += reading.flags
    call.reasons += reading.reasons
    if "priv" in spec.traits:
        call.capabilities.add("privilege")
    inner = list(reading.command or ())
    place = call.place
    while "env" in spec.traits and inner and (pair := name_value(inner[0])):
        why = hazard(pair[0], pair[1].literal, exported=True)
        if why:
            call.reasons.append(why)
        call.assignments.append(Assignment(pair[0], pair[1].literal, exported=True))
        inner.pop(0)
    for kind, word, _tree in reading.items:
        if kind == "n" and "env" in spec.traits:
            moved = paths.resolve(word.literal, place.cwds) if word.literal else ()
            place = dataclasses.replace(place, cwds=moved)
    reading.command = None
    judge.items(call, reading)
    if call.program in ("chroot", "unshare", "nsenter"):
        place = dataclasses.replace(place, cwds=())
    if "list" in spec.traits and set(reading.flags) & {"-l", "--list"}:
        call.verb = "list"
    if inner:
        judge.inner(call, inner, place)
    elif "shell" in spec.traits and not any(kind == "c" for kind, _word, _tree in reading.items):
        call.capabilities.add("runs-code")
        call.reasons.append(f"{call.program} opens a shell")


def nohup(judge: Judge, call: Call) -> None:
    """`nohup` with a terminal to write to writes `nohup.out`, here or in the home directory."""
    # `exec` may have sent the output elsewhere since.
    shown = call.place.shown or any(each.program == "exec" for each in judge.scene.calls)
    if judge.scene.stdin == "tty" and shown:
        judge.access(call, text_word("nohup.out"), "write")
        call.accesses.append(Access("write", ("/root/nohup.out",)))
    wrap(judge, call)


def watch(judge: Judge, call: Call) -> None:
    """`watch CMD…` gives its words, joined, to a shell; with -x it runs them."""
    direct = any((word.literal or "") in ("-x", "--exec") for word in call.words)
    spec = WRAPPERS["watch"]
    kept = [word for word in call.words if word.literal not in ("-x", "--exec")]
    reading = read(spec, kept)
    call.flags += reading.flags
    call.reasons += reading.reasons
    words = [word for kind, word, _tree in reading.items if kind == "c"]
    if words and direct:
        judge.inner(call, words)
    elif words:
        judge.code_words(call, words)


def xargs(judge: Judge, call: Call) -> None:
    """`xargs CMD…`: the inner command gets arguments that nobody knows."""
    reading = read(WRAPPERS["xargs"], call.words)
    call.flags += reading.flags
    call.reasons += reading.reasons
    if (
        call.place.stdin == "outer"
        and judge.scene.stdin != "null"
        and not any(item[0] == "r" for item in reading.items)
    ):
        call.reasons.append("xargs takes arguments from an input that nobody judges")
    listed = bool(call.place.found) and bool(set(reading.flags) & {"-0", "--null"})
    unknown = Word((Dyn({"Type": "Found" if listed else "Input"}, quoted=listed),))
    words = list(reading.command or (text_word("echo"),))
    mark = _replacement(call.words)
    if mark:
        words = [replace_mark(word, mark) for word in words]
    else:
        words.append(unknown)
    reading.command = None
    judge.items(call, reading)
    judge.inner(call, words, dataclasses.replace(call.place, stdin="fed"))


def _replacement(words: Sequence[Word]) -> str:
    """The text that `-I` replaces, "" without one."""
    for index, word in enumerate(words):
        text = word.literal or ""
        if text.startswith("-I"):
            return text[2:] or (words[index + 1].literal or "" if index + 1 < len(words) else "")
        if text in ("-i", "--replace"):
            return "{}"
        if text.startswith(("-i", "--replace=")):
            return text.removeprefix("--replace=").removeprefix("-i")
        if not text.startswith("-"):
            break
    return ""


def shell(judge: Judge, call: Call) -> None:
    """A shell: its literal -c code or here-document is judged; anything else is not understood."""
    call.capabilities.add("runs-code")
    reading = read(_TABLE["shell"], call.words)
    call.flags += reading.flags
    call.reasons += [reason.replace("shell", call.program, 1) for reason in reading.reasons]
    dialect = SHELLS.get(call.program, "posix")
    place = dataclasses.replace(call.place, current=False, depth=call.place.depth + 1, dialect=dialect)
    if set(reading.flags) & {"--version", "--help"}:
        return
    if "-c" in reading.flags:
        word = reading.operands[0] if reading.operands else None
        if word is None or word.literal is None or word.splits:
            call.reasons.append("the code that it runs is decided by an expansion")
        else:
            judge.run(word.literal, dialect, place, word.origin)
    elif reading.operands and "-s" not in reading.flags:
        if reading.operands[0].literal in ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "-"):
            _from_input(judge, call, dialect)
            return
        judge.access(call, reading.operands[0], "read")
        call.reasons.append("it runs a file whose content is not known here")
    else:
        _from_input(judge, call, dialect)


def _from_input(judge: Judge, call: Call, dialect: str) -> None:
    if call.place.stdin == "text":
        place = dataclasses.replace(
            call.place, current=False, depth=call.place.depth + 1, dialect=dialect, stdin="fed"
        )
        judge.run(call.place.given, dialect, place, -1)
    else:
        call.reasons.append(f"{call.program} takes code from its standard input")


def kubectl(judge: Judge, call: Call) -> None:
    """`kubectl`: reading secrets is a verb of its own, "get secrets"."""
    judge.by_spec(call, SPECS["kubectl"], call.words)
    named = [word.settled.literal for word in call.words]
    for text in named:
        file = re.search(r"(?:-file=|templatefile=|--template=)(.*)", text or "")
        if file:
            judge.access(call, text_word(file[1]), "read")
    if call.verb in ("get", "describe"):
        kinds = [
            part.split("/")[0].split(".")[0].lower()
            for text in named
            for part in (text or "secret").split(",")
        ]
        if any(kind in ("secret", "secrets") for kind in kinds):
            call.verb += " secrets"


def remote(judge: Judge, call: Call) -> None:
    """`ssh HOST CODE…`: the code runs elsewhere, and is judged as if it ran here."""
    reading = read(SPECS["ssh"], call.words)
    call.flags += reading.flags
    call.reasons += [*reading.reasons, "ssh can run code in ways that are not analysed"]
    call.capabilities |= {"network", "runs-code"}
    if reading.operands:
        judge.host(call, reading.operands[0])
    for at, word in enumerate(call.words):
        text = word.literal or ""
        local = re.match(
            r"(?:-o)?(?:ProxyCommand|LocalCommand|KnownHostsCommand)[= ](.*)", text, re.IGNORECASE | re.DOTALL
        )
        if local and at:
            judge.code_words(call, [text_word(local[1])])
    if len(reading.operands) > 1:
        judge.code_words(call, reading.operands[1:])


SPECIAL: dict[str, Callable[[Judge, Call], None]] = {
    **dict.fromkeys(
        (name for name, spec in WRAPPERS.items() if "x" in spec.positionals and name not in BUILTINS), wrap
    ),
    **dict.fromkeys(SHELLS, shell),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk", "original-awk"), edit),
    "sed": edit, "gsed": edit, "xargs": xargs, "find": find, "tar": tar, "gtar": tar, "dd": convert,
    **dict.fromkeys(("perl", "ruby", "node", "nodejs", "php", "lua"), interpreted),
    **dict.fromkeys(("less", "more", "vi", "vim", "nvim", "view", "rvim", "vimdiff", "man", "ed"), screen),
    **dict.fromkeys(("python", "python2", "python3"), python),
    **dict.fromkeys(("psql", "mysql", "mariadb", "sqlite3"), client),
    "jq": query, "yq": yaml_query,
    "nohup": nohup, "cp": copy, "ln": link, "install": install, "unzip": unpack, "cpio": unpack,
    "kill": kill, "chmod": permissions, "watch": watch, "kubectl": kubectl, "date": date, "sysctl": kernel,
    **dict.fromkeys(("grep", "egrep", "fgrep", "zgrep", "rg"), search),
    "ps": processes, "getent": database, "git": repository, "split": pieces, "mktemp": temporary,
    **dict.fromkeys(
        ("mount", "swapon", "ifconfig", "route", "arp", "ethtool", "go", "mvn", "nc", "ncat", "netcat"),
        telling,
    ),
    "jcmd": java_command, "nginx": web_server, "haproxy": web_server,
    **dict.fromkeys(
        ("gzip", "gunzip", "bzip2", "bunzip2", "xz", "unxz", "zstd", "unzstd", "pigz"), squeeze
    ),
    "curl": download, "wget": download, "ssh": remote, **BUILTINS,
}  # fmt: skip
