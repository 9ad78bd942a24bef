"""Programs that reach files which no argument names plainly: ps, getent, git, split, mktemp, gzip."""

from __future__ import annotations

import dataclasses
import re

from bastion.core.shell import paths
from bastion.core.shell.facts import Access
from bastion.core.shell.judge import SPECS, Judge
from bastion.core.shell.options import read
from bastion.core.shell.scene import Call
from bastion.core.shell.words import text_word

_ENVIRONMENTS = ("/proc/*/environ",)
_SHOWS = frozenset(("--get", "--get-all", "--get-regexp", "-l", "--list"))
_TEMPORARY = ("/tmp/*",)  # noqa: S108 - a fact about where mktemp writes
_PS_ENVIRONMENT = re.compile(r"(?:^|,)\s*(?:environ|env)\b")
_CONTENT = frozenset(("show", "cat-file", "diff", "blame", "grep", "ls-tree", "log"))
# Databases that no name server is asked for by name.
_LOCAL = frozenset(("passwd", "group", "services", "protocols", "shells"))
_DEVICE = r"[A-Za-z][A-Za-z0-9_.:-]*"
_ASKING = {
    "mount": re.compile(r"(?:-l|-v)?|-t [a-z0-9,]+"),
    "swapon": re.compile(r"-s|--show|--summary"),
    "ifconfig": re.compile(rf"(?:-[as])?(?: ?{_DEVICE})?"),
    "route": re.compile(r"(?:-[nev46]+)?"),
    "arp": re.compile(r"(?:-[aenv]+)?"),
    "go": re.compile(r"version|env [A-Z]+"),
    "mvn": re.compile(r"-v|--version"),
    "ethtool": re.compile(_DEVICE),
    **dict.fromkeys(
        ("nc", "ncat", "netcat"),
        re.compile(r"(?=(?:\S+ )*-[vnu46w]*z)(?:-[zvnu46]+ |-[zvnu46]*w ?\d+ )+[A-Za-z0-9.:-]+ \d+"),
    ),
}
_REACHING = frozenset(("nc", "ncat", "netcat"))
_SPLIT_PREFIX = "x"
_STREAMING = frozenset(("-c", "--stdout", "--to-stdout", "-l", "--list", "-t", "--test"))
_COMMANDS = frozenset(
    (
        *("Thread.print", "VM.version", "VM.flags", "VM.uptime", "VM.command_line", "VM.system_properties"),
        *("GC.heap_info", "GC.class_histogram", "GC.finalizer_info", "VM.classloader_stats", "help"),
        *("VM.native_memory", "Compiler.queue", "VM.stringtable", "VM.symboltable", "VM.metaspace"),
    )
)


def processes(judge: Judge, call: Call) -> None:
    """`ps`: a letter `e` without a dash shows the environment of every process (procps(1))."""
    spec = SPECS["ps"]
    judge.by_spec(call, spec, call.words)
    reading = read(spec, call.words)
    shows = any("e" in (word.literal or "e") for word in reading.operands)
    shows = shows or any(_PS_ENVIRONMENT.search(word.literal or "env") for _kind, word, _t in reading.items)
    if shows or "-E" in reading.flags:
        call.accesses.append(Access("read", _ENVIRONMENTS, glob=True))


def search(judge: Judge, call: Call) -> None:
    """`grep -r` and `rg` without a file search the directory where they stand."""
    spec = SPECS[call.program]
    judge.by_spec(call, spec, call.words)
    reading = read(spec, call.words)
    below = any("recurs" in (word.literal or "") for word in call.words)
    files = [
        word
        for kind, word, _tree in reading.items
        if kind == "r" and any(word is each for each in reading.operands)
    ]
    for word in files if below else ():
        judge.access(call, word, "read", tree=True)
    if not files and (below or reading.tree or call.program == "rg"):
        judge.access(call, text_word("."), "read", tree=True)


def database(judge: Judge, call: Call) -> None:
    """`getent DATABASE`: shadow and gshadow are files of secrets."""
    judge.by_spec(call, SPECS["getent"], call.words)
    first, *keys = read(SPECS["getent"], call.words).operands or [text_word("")]
    if first.literal not in _LOCAL:
        for key in keys:
            judge.host(call, key)
    for word in [first]:
        if word.literal is None:
            call.accesses.append(Access("read", unknown=True))
        else:
            judge.access(call, text_word(f"/etc/{word.literal}"), "read")


def repository(judge: Judge, call: Call) -> None:
    """`git`: `REV:FILE` shows a file as it was, and `diff` of two paths outside reads them as they are."""
    judge.by_spec(call, SPECS["git"], call.words)
    verb = call.verb.split(" ", maxsplit=1)[0]
    if verb == "config" and _SHOWS & set(call.flags):
        call.verb = "config get"
        call.capabilities.discard("privilege")
    if verb not in _CONTENT:
        return
    names = [word.literal for word in call.words]
    for word in call.words[names.index(verb) + 1 :]:
        text = word.settled.literal
        if text is None:
            call.accesses.append(Access("read", unknown=True))
        elif not text.startswith("-"):
            file = text.split(":", maxsplit=1)[-1]
            judge.access(call, text_word(file), "read", tree=verb == "grep" and ":" not in text)


def pieces(judge: Judge, call: Call) -> None:
    """`split`: it writes files named after a prefix, by default `xaa` and so on where it stands."""
    judge.by_spec(call, SPECS["split"], call.words)
    operands = read(SPECS["split"], call.words).operands
    prefix = operands[1] if len(operands) > 1 else text_word(_SPLIT_PREFIX)
    call.accesses = [access for access in call.accesses if access.use != "write"]
    text = prefix.literal
    if text is None or prefix.glob or any(word.splits for word in operands):
        call.accesses.append(Access("write", unknown=True))
        return
    made = text_word(text)
    judge.access(call, made, "write")
    written = [access for access in call.accesses if access.use == "write"]
    call.accesses += [
        dataclasses.replace(access, paths=tuple(f"{path}*" for path in access.paths), glob=True)
        for access in written
    ]


def temporary(judge: Judge, call: Call) -> None:
    """`mktemp`: a template without -p or -t is made where it stands."""
    judge.by_spec(call, SPECS["mktemp"], call.words)
    reading = read(SPECS["mktemp"], call.words)
    if set(reading.flags) & {"-u", "--dry-run"}:
        return
    placed = bool(set(reading.flags) & {"-p", "-t", "--tmpdir"})
    for word in reading.operands if not placed else ():
        text = word.literal
        if text is None:
            call.accesses.append(Access("write", unknown=True))
        else:
            made = paths.resolve(re.sub(r"X{3,}", "*", text), call.place.cwds, tilde=word.tilde)
            call.accesses.append(Access("write", made, glob=True, unknown=not made))
    if placed and any("/" in (word.literal or "/") for word in reading.operands):
        call.accesses.append(Access("write", unknown=True))
    if "-p" not in reading.flags and (placed or not reading.operands):
        call.accesses.append(Access("write", _TEMPORARY, glob=True))


def squeeze(judge: Judge, call: Call) -> None:
    """`gzip` and its like replace a file by another; with -c, -l or -t they only read it."""
    reading = read(SPECS[call.program], call.words)
    call.flags += reading.flags
    call.reasons += reading.reasons
    streaming = bool(set(reading.flags) & _STREAMING)
    for kind, word, _tree in reading.items:
        operand = any(word is each for each in reading.operands)
        if operand:
            judge.access(call, word, "read", tree=reading.tree)
        if kind == "w" and not (operand and streaming):
            judge.access(call, word, "write", tree=reading.tree)


def telling(judge: Judge, call: Call) -> None:
    """`mount`, `route` and their like: with arguments that only ask, the verb is "show"."""
    written = " ".join(word.literal if word.literal is not None else "?" for word in call.words)
    if _ASKING[call.program].fullmatch(written):
        call.verb = "show"
        call.flags += [text for word in call.words if (text := word.literal or "").startswith("-")]
        if call.program in _REACHING:
            judge.host(call, call.words[-2])
    else:
        judge.by_spec(call, SPECS[call.program], call.words)


def java_command(judge: Judge, call: Call) -> None:
    """`jcmd PID COMMAND`: the commands that only tell are listed; others load, dump or change."""
    words = [word.literal for word in call.words]
    call.flags += [text for text in words if text and text.startswith("-")]
    if not words or words in (["-l"], ["-h"], ["-help"], ["--help"]):
        return
    names = words[1:]
    if any(each is None or not re.fullmatch(r"[A-Za-z0-9_.=-]+", each) for each in words):
        call.reasons.append("jcmd: a command that an expansion decides")
    elif not names or names[0] not in _COMMANDS or any("=" in (each or "") for each in names):
        call.reasons.append("jcmd: a command that is not known to only tell")
    del judge


def web_server(judge: Judge, call: Call) -> None:
    """`nginx` and `haproxy`: without an option that tells, the server starts."""
    judge.by_spec(call, SPECS[call.program], call.words)
    telling = {"-t", "-T", "-v", "-V", "-h", "-?"} if call.program == "nginx" else {"-c", "-v", "-vv"}
    if not set(call.flags) & telling:
        call.capabilities.add("privilege")
        call.verb = "start"
