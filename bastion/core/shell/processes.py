"""Programs that alter the system by an operand's shape: kill, date, sysctl; and downloads."""

from __future__ import annotations

import re
from collections.abc import Callable

from bastion.core.shell.facts import Access
from bastion.core.shell.judge import SPECS, Judge
from bastion.core.shell.options import read
from bastion.core.shell.pieces import Dyn
from bastion.core.shell.scene import Call
from bastion.core.shell.words import Word, text_word

_SIGNALS = {
    "1": "HUP",
    "2": "INT",
    "3": "QUIT",
    "6": "ABRT",
    "9": "KILL",
    "10": "USR1",
    "12": "USR2",
    "15": "TERM",
    "18": "CONT",
    "19": "STOP",
    "0": "0",
}


def kill(judge: Judge, call: Call) -> None:
    """`kill`: the verb is the signal's name, "list", "self" (only `$$`) or "all" (0, negative)."""
    del judge
    signal = "TERM"
    targets: list[Word] = []
    words = list(call.words)
    while words:
        word = words.pop(0)
        text = word.literal
        if targets or text is None or not text.startswith("-"):
            targets.append(word)
        elif text == "--":
            targets += words
            break
        elif text in ("-l", "-L", "--list", "--table"):
            signal = "list"
        elif text in ("-s", "-n", "--signal"):
            signal = (words.pop(0).literal if words else None) or "?"
        elif re.fullmatch(r"-[A-Za-z0-9+]+", text) and signal == "TERM":
            signal = text[1:]
        else:
            targets.append(word)
    name = _SIGNALS.get(signal, signal).upper().removeprefix("SIG") if signal != "list" else signal
    call.flags.append(f"-{name}")
    some = any(word.literal is not None and re.match(r"-|0\Z", word.literal) for word in targets)
    itself = bool(targets) and all(_is_own_shell(word) for word in targets)
    call.verb = "self" if itself else "all" if some else name


def _is_own_shell(word: Word) -> bool:
    """Whether a word is `$$`, the shell that runs it."""
    piece = word.pieces[0] if len(word.pieces) == 1 else None
    return (
        isinstance(piece, Dyn) and piece.node.get("Param", {}).get("Value") == "$" and "Exp" not in piece.node
    )


def date(judge: Judge, call: Call) -> None:
    """`date`: -s or an operand that is no format sets the clock, a write that few rules allow."""
    judge.by_spec(call, SPECS["date"], call.words)
    _alters(call, lambda text: not text.startswith("+"))
    if call.verb == "set":
        call.accesses.append(Access("write", ("/dev/rtc",)))


def kernel(judge: Judge, call: Call) -> None:
    """`sysctl NAME=VALUE` sets, with or without -w."""
    judge.by_spec(call, SPECS["sysctl"], call.words)
    _alters(call, lambda text: "=" in text)
    if call.verb == "set":
        call.accesses.append(Access("write", ("/proc/sys",), tree=True))


def _alters(call: Call, changes: Callable[[str], bool]) -> None:
    operands = read(SPECS[call.program], call.words).operands
    if any(changes(word.literal if word.literal is not None else word.pattern) for word in operands):
        call.capabilities.add("privilege")
        call.verb = "set"


def download(judge: Judge, call: Call) -> None:
    """`curl` and `wget`: a name that the server or the URL chooses is written to the directory."""
    judge.by_spec(call, SPECS[call.program], call.words)
    flags = set(call.flags)
    for word in call.words if call.program == "curl" else ():
        # --write-out's text may name files (curl 8.3 and later).
        text = word.settled.literal
        if text is None or "%output{" in text:
            call.accesses.append(Access("write", unknown=True))
        elif found := re.match(r"(?:-\w*w|--wr[a-z-]*=)?@(.+)", text):
            judge.access(call, text_word(found[1]), "read")
    named = flags & {"-O", "--remote-name", "--remote-name-all", "-J", "--remote-header-name"}
    told = flags & {"-O", "--output-document", "--spider", "--version", "--help"}
    if named if call.program == "curl" else not told:
        judge.access(call, text_word("."), "write", tree=True)


def permissions(judge: Judge, call: Call) -> None:
    """`chmod`: a bit that lends the owner's rights is a privilege."""
    judge.by_spec(call, SPECS["chmod"], call.words)
    for word in read(SPECS["chmod"], call.words).operands[:1]:
        text = word.literal
        if text is None or re.search(r"[+=,][rwxXt]*s|\A0*[2-7]\d{3}\Z", text):
            call.capabilities.add("privilege")
