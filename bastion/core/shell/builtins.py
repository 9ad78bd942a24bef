"""Shell builtins that change the shell: directories, variables, code and what names mean."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from bastion.core.shell import paths
from bastion.core.shell.evaluating import let, print_formatted, test
from bastion.core.shell.facts import Assignment
from bastion.core.shell.judge import Judge, name_value
from bastion.core.shell.options import read
from bastion.core.shell.programs import PROGRAMS
from bastion.core.shell.scene import Call
from bastion.core.shell.spec import Spec, read_table
from bastion.core.shell.variables import hazard
from bastion.core.shell.wrappers import WRAPPERS

_SPECS: dict[str, Spec] = read_table("""
cd: -LPe@ / n
export: -pn / d*
readonly: -pa / d*
declare: -aAfFgilnrtux -p / d*
unset: -fvn / d*
read: -ers -p: -n: -N: -t: -d: -u: -i: -a: / d*
exit: / d*
return: / d*
test: * / d*
""")
_STOPS_SOONER = re.compile(r"[-+][euxo]+|errexit|nounset|pipefail|xtrace")


def change_directory(judge: Judge, call: Call) -> None:
    """`cd`: afterwards both the old and the new directory may be current."""
    reading = read(_SPECS["cd"], call.words)
    call.flags += reading.flags
    call.reasons += reading.reasons
    judge.scene.change(call.place)
    word = reading.operands[0] if reading.operands else None
    old = call.place.cwds
    if word is None:
        new: tuple[str, ...] = paths.HOMES
    elif (
        word.literal is None
        or word.splits
        or word.literal == "-"
        or (not old and not word.literal.startswith("/"))
    ):
        new = ()
    else:
        judge.access(call, word, "name")
        new = paths.resolve(word.literal, old, tilde=word.tilde)
        if any(paths.unknowable(path) for path in new):
            new = ()
    judge.scene.moved = new
    judge.scene.cwds = tuple(dict.fromkeys((*old, *new))) if new and old else ()


def lose_directory(judge: Judge, call: Call) -> None:
    """`pushd` and `popd` keep a stack that no other process has."""
    judge.scene.change(call.place, carries=False, why=f"{call.program} keeps a directory stack")
    judge.scene.cwds = ()


def assign(judge: Judge, call: Call) -> None:
    """`export`, `readonly`, `declare` and their like."""
    reading = read(_SPECS["declare"], call.words)
    call.flags += reading.flags
    exported = call.program == "export" or "-x" in reading.flags
    scalar = call.program == "export" and not set(reading.flags) - {"-p"}
    for word in reading.operands:
        pair = name_value(word)
        name = pair[0] if pair else word.literal
        if name is None or (pair and pair[1].problem):
            call.reasons.append("the variable that is set is decided by an expansion")
            continue
        value = pair[1].literal if pair else ""
        why = hazard(name, value, exported=exported or pair is None)
        if why:
            call.reasons.append(why)
        call.assignments.append(Assignment(name, value, exported))
    if reading.operands:
        judge.scene.change(
            call.place, carries=scalar, why=f"{call.program} sets attributes that cannot be carried over"
        )
    call.reasons += reading.reasons
    if set(reading.flags) & {"-i", "-n"}:
        call.reasons.append(f"{call.program} -i and -n make later assignments evaluate their value")


def unset(judge: Judge, call: Call) -> None:
    """`unset`: a variable can be carried over as missing, a function cannot."""
    reading = read(_SPECS["unset"], call.words)
    call.flags += reading.flags
    call.reasons += reading.reasons
    judge.scene.change(call.place)
    for word in reading.operands:
        name = word.literal
        why = hazard(name, "", exported=True) if name is not None else "the variable that is unset is unknown"
        if why:
            call.reasons.append(why)


def read_input(judge: Judge, call: Call) -> None:
    """`read`: names take what comes, which nobody judged."""
    reading = read(_SPECS["read"], call.words)
    call.flags += reading.flags
    call.reasons += reading.reasons
    judge.scene.change(call.place, carries="-a" not in reading.flags)
    for word in reading.operands:
        why = hazard(word.literal, None, exported=True) if word.literal is not None else "an unknown variable"
        if why:
            call.reasons.append(why)


def options(judge: Judge, call: Call) -> None:
    """`set` and `shopt` change how the shell reads what follows; a few options only stop it sooner."""
    texts = [word.literal or "?" for word in call.words]
    call.flags += [text for text in texts if text[:1] in ("-", "+")]
    if texts:
        judge.scene.change(call.place, carries=False, why=f"{call.program} changes how the shell works")
    if texts and not (call.program == "set" and all(_STOPS_SOONER.fullmatch(text) for text in texts)):
        call.reasons.append(f"{call.program} changes how the shell works")


def mask(judge: Judge, call: Call) -> None:
    """`umask` and `ulimit`: showing is harmless, setting stays in one process."""
    call.flags += [word.literal for word in call.words if word.literal and word.literal.startswith("-")]
    if any(not (word.literal or "").startswith("-") for word in call.words):
        judge.scene.change(call.place, carries=False, why=f"{call.program} cannot be carried over")


def alias(judge: Judge, call: Call) -> None:
    """`alias`, `unalias`, `enable`, `hash -p`: what a name means is changed."""
    if call.program == "hash" and not any((word.literal or "-p").startswith("-p") for word in call.words):
        return
    if call.program == "hash":
        _hashed(judge, call)
    if call.words and [word.literal for word in call.words] != ["-p"]:
        call.reasons.append(f"{call.program} changes what a name means")
        judge.scene.change(call.place, carries=False, why=f"{call.program} changes what a name means")


def _hashed(judge: Judge, call: Call) -> None:
    """`hash -p /bin/rm ls` runs rm under the name ls: the path is what a later `ls` runs."""
    texts = [word.literal for word in call.words]
    if len(texts) >= 3 and texts[0] == "-p" and texts[1] and texts[2]:
        judge.command([call.words[1]], dataclasses.replace(call.place, depth=call.place.depth + 1))
        judge.scene.functions.add(texts[2])


def trap(judge: Judge, call: Call) -> None:
    """`trap CODE SIGNAL…` runs code later."""
    operands = [word for word in call.words if word.literal not in ("-l", "-p", "--")]
    if not operands:
        return
    judge.scene.change(call.place, carries=False, why="trap runs code later")
    call.reasons.append("trap runs code later")
    if operands[0].literal not in ("-", "") and len(operands) > 1:
        judge.code_words(call, operands[:1], call.place.dialect)


def evaluate(judge: Judge, call: Call) -> None:
    """`eval`: its words joined are code of the same shell."""
    call.capabilities.add("runs-code")
    texts = [word.literal for word in call.words]
    if any(text is None or word.glob for text, word in zip(texts, call.words, strict=True)):
        call.reasons.append("the code that it runs is decided by an expansion")
        judge.scene.change(call.place, carries=False, why="eval of unknown code")
        return
    where = dataclasses.replace(call.place, depth=call.place.depth + 1)
    origin = call.words[0].origin if len(call.words) == 1 else -1
    judge.run(" ".join(text or "" for text in texts), call.place.dialect, where, origin)


def source(judge: Judge, call: Call) -> None:
    """`.` and `source`: code from a file is not known here; a literal here-document is."""
    call.capabilities.add("runs-code")
    name = call.words[0].literal if call.words else None
    if name in ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0") and call.place.stdin == "text":
        judge.run(
            call.place.given,
            call.place.dialect,
            dataclasses.replace(call.place, depth=call.place.depth + 1, stdin="fed"),
            -1,
        )
        return
    if call.words:
        judge.access(call, call.words[0], "read")
    call.reasons.append("it runs a file whose content is not known here")
    judge.scene.change(call.place, carries=False, why="a sourced file may change anything")


def leave(judge: Judge, call: Call) -> None:
    """`exit` and `return` may end the shell that runs the units."""
    if call.place.current:
        judge.scene.may_end = True
    if len(call.words) > 1 or any(word.literal is None and not word.pieces[0] for word in call.words):
        call.reasons.append(f"{call.program} takes one number")


def execute(judge: Judge, call: Call) -> None:
    """`exec`: a program takes the shell's place; without one its redirections stay."""
    reading = read(WRAPPERS["exec"], call.words)
    call.flags += reading.flags
    call.reasons += reading.reasons
    if reading.command is None:
        judge.scene.change(call.place, carries=False, why="exec changes the shell's own files")
        return
    if call.place.current:
        judge.scene.may_end = True
    judge.inner(call, reading.command)


def look_up(judge: Judge, call: Call) -> None:
    """`command` and `builtin`: wrappers that stay in the same shell; `command -v` only looks."""
    if call.program == "command" and any(
        re.fullmatch(r"-p?[vV]p?", word.literal or "") for word in call.words[:2]
    ):
        call.flags.append("-v")
        return
    reading = read(WRAPPERS[call.program], call.words)
    call.reasons += reading.reasons
    if reading.command is not None:
        judge.command(reading.command, dataclasses.replace(call.place, depth=call.place.depth + 1))


def harmless(judge: Judge, call: Call) -> None:
    """Builtins without an effect of their own."""
    del judge, call


def options_of_arguments(judge: Judge, call: Call) -> None:
    """`shift` and `getopts` change what later words mean."""
    judge.scene.change(call.place, carries=False, why=f"{call.program} changes the positional parameters")


def find_names(judge: Judge, call: Call) -> None:
    """`mapfile` and `readarray` fill an array; -C runs code."""
    judge.by_spec(call, WRAPPERS["mapfile"], call.words)
    judge.scene.change(call.place, carries=False, why="an array cannot be carried over")


def repeat(judge: Judge, call: Call) -> None:
    """The word `repeat N CMD` of zsh, which the parser takes for a program's name."""
    call.reasons.append("repeat is a word of zsh's grammar or a program that is not known")
    call.implied = call.place.dialect == "zsh"
    if len(call.words) > 1:
        judge.command(call.words[1:], dataclasses.replace(call.place, depth=call.place.depth + 1))


BUILTINS: dict[str, Callable[[Judge, Call], None]] = {
    "cd": change_directory, "chdir": change_directory, "pushd": lose_directory, "popd": lose_directory,
    "export": assign, "readonly": assign, "declare": assign, "typeset": assign, "local": assign,
    "integer": assign, "float": assign, "nameref": assign, "unset": unset, "read": read_input,
    "set": options, "shopt": options, "setopt": options, "unsetopt": options, "emulate": options,
    "umask": mask, "ulimit": mask, "alias": alias, "unalias": alias, "enable": alias, "hash": alias,
    "trap": trap, "eval": evaluate, ".": source, "source": source, "exit": leave, "return": leave,
    "exec": execute, "command": look_up, "builtin": look_up, "test": test, "[": test,
    "printf": print_formatted, "echo": print_formatted, "let": let, ":": harmless,
    "break": harmless, "continue": harmless,
    "shift": options_of_arguments, "getopts": options_of_arguments, "mapfile": find_names,
    "readarray": find_names, "repeat": repeat,
}  # fmt: skip
KNOWN_NAMES = frozenset(BUILTINS) | frozenset(PROGRAMS)
