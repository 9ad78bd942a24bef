"""sed and awk programs: what they run, read and write; anything unclear is not understood."""

from __future__ import annotations

import dataclasses
import re

from bastion.core.shell.judge import Judge
from bastion.core.shell.scene import Call
from bastion.core.shell.words import text_word

_ADDRESS = re.compile(r"(?:\d+(?:~\d+)?|\$|[+~]\d+)")
_AWK = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<comment>\#[^\n]*)|(?P<space>[ \t]+|\\\n)|(?P<name>@?[A-Za-z_]\w*)"""
    r"""|(?P<number>\d[\w.]*|\.\d\w*)|(?P<op>\|&|\|\||>>|>=|&&|\+\+|--|[-+*/%^!<>=]=|!~|.|\n)""",
    re.DOTALL,
)
_REGEX = re.compile(r"/(?:[^/\\\n\[]|\\.|\[\^?\]?(?:[^\]\n\\]|\\.)*\])*/")
_OPERAND_END = frozenset(")]$")


def sed(judge: Judge, call: Call, program: str) -> None:
    """Walk a sed program (POSIX sed, GNU commands and one-line forms included)."""
    position = 0
    while position < len(program):
        position = _sed_command(judge, call, program, position)
        if position < 0:
            call.reasons.append("a sed program that is not understood")
            return


def _sed_address(program: str, at: int) -> int:
    while True:
        start = at
        while at < len(program) and program[at] in " \t\n;{},!":
            at += 1
        if found := _ADDRESS.match(program, at):
            at = found.end()
        elif program[at : at + 1] == "/" or program[at : at + 1] == "\\":
            delimiter = program[at] if program[at] == "/" else program[at + 1 : at + 2]
            at = _sed_until(program, at + (1 if program[at] == "/" else 2), delimiter)
            if at < 0:
                return -1
            while program[at : at + 1] in ("I", "M"):
                at += 1
        if at == start:
            return at


def _sed_until(program: str, at: int, delimiter: str) -> int:
    """The place after the next unescaped delimiter outside brackets; -1 where there is none."""
    if not delimiter or delimiter in "\n\\":
        return -1
    while at < len(program):
        if program[at] == "\\":
            at += 2
            continue
        if program[at] == delimiter:
            return at + 1
        at += 1
    return -1


def _sed_command(judge: Judge, call: Call, program: str, at: int) -> int:
    at = _sed_address(program, at)
    if at < 0 or at >= len(program):
        return at if at < 0 else len(program)
    command = program[at]
    line = program[at + 1 :].split("\n", 1)[0]
    whole_line = at + 1 + len(line)
    if command in "sy":
        return _sed_substitute(judge, call, program, at, command)
    if command in "=dDgGhHnNpPxzFqQl":
        found = re.compile(r"[ \t]*\d*").match(program, at + 1)
        return found.end() if found else at + 1
    if command in "btT:#":
        end = re.compile(r"[^;}\n]*").match(program, at + 1)
        return whole_line if command in "#:" else end.end() if end else at + 1
    if command in "aic":
        return len(program) if line.endswith("\\") or line.strip() in ("", "\\") else whole_line
    if command in "rRwW":
        name = line.strip()
        judge.access(call, text_word(name), "read" if command in "rR" else "write")
        return whole_line
    if command == "e" and line.strip():
        judge.code_words(call, [text_word(line.strip())])
        return whole_line
    if command == "e":
        call.capabilities.add("runs-code")
    return -1


def _sed_substitute(judge: Judge, call: Call, program: str, at: int, command: str) -> int:
    delimiter = program[at + 1 : at + 2]
    middle = _sed_until(program, at + 2, delimiter)
    # A delimiter inside brackets ends the pattern in some seds and not in others.
    if middle < 0 or re.search(r"(?<!\\)\[[^\]]*\Z", program[at + 2 : middle - 1]):
        return -1
    end = _sed_until(program, middle, delimiter)
    if end < 0:
        return -1
    if command == "y":
        return end
    flags = re.compile(r"[gpiIMm0-9]*").match(program, end)
    end = flags.end() if flags else end
    following = program[end : end + 1]
    if following == "w":
        name = program[end + 1 :].split("\n", 1)[0]
        judge.access(call, text_word(name.strip()), "write")
        return end + 1 + len(name)
    if following == "e":
        call.capabilities.add("runs-code")
        return -1
    return end if following == "" or following in " \t\n;}#" else -1


def awk(judge: Judge, call: Call, program: str) -> None:
    """Walk an awk program's tokens: `system`, pipes, `getline` and redirections are what counts."""
    tokens = _awk_tokens(program)
    if tokens is None:
        call.reasons.append("an awk program that is not understood")
        return
    printing = depth = 0
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else ""
        after = tokens[index + 1] if index + 1 < len(tokens) else ""
        if token in ("print", "printf"):
            printing, depth = 1, 0
        elif token in ("\n", ";", "{", "}") and depth == 0:
            printing = 0
        depth += (token == "(") - (token == ")")
        if token == "system":
            _awk_runs(
                judge,
                call,
                tokens[index + 2] if after == "(" and tokens[index + 3 : index + 4] == [")"] else "",
            )
        elif token in ("|", "|&"):
            _awk_runs(judge, call, before if after == "getline" else after if printing else "")
        elif token == "getline" and before not in ("|", "|&") and "<" in tokens[index + 1 : index + 4]:
            _awk_file(judge, call, tokens, tokens.index("<", index) + 1, "read")
        elif token in (">", ">>") and printing and depth == 0:
            _awk_file(judge, call, tokens, index + 1, "write")
        elif token.startswith("@") or token in ("load", "extension"):
            call.reasons.append("an awk program that loads or calls what is not known")
        elif token.startswith('"') and "/inet" in token:
            call.capabilities.add("network")
            call.reasons.append("an awk program that opens a socket")


def _awk_tokens(program: str) -> list[str] | None:
    tokens: list[str] = []
    position = 0
    while position < len(program):
        last = tokens[-1] if tokens else ""
        if program[position] == "/" and not (
            last
            and (
                last[-1] in _OPERAND_END
                or (re.match(r'[\w"]', last[-1]) and last not in ("print", "return", "in", "getline"))
            )
        ):
            found = _REGEX.match(program, position)
            if not found:
                return None
            tokens.append("0")
            position = found.end()
            continue
        match = _AWK.match(program, position)
        if match is None or match.group() == '"':
            return None
        position = match.end()
        if match.lastgroup not in ("space", "comment"):
            tokens.append(match.group())
    return tokens


def _awk_runs(judge: Judge, call: Call, token: str) -> None:
    call.capabilities.add("runs-code")
    code = _awk_string(token)
    if code is None:
        call.reasons.append("an awk program that runs what it computes")
        return
    where = dataclasses.replace(call.place, current=False, depth=call.place.depth + 1)
    judge.run(code, "posix", where)


def _awk_file(judge: Judge, call: Call, tokens: list[str], index: int, use: str) -> None:
    name = _awk_string(tokens[index]) if index < len(tokens) else None
    follows = tokens[index + 1] if index + 1 < len(tokens) else ";"
    if name is None or follows not in (";", "}", "\n", ")"):
        call.reasons.append("an awk program that opens a file it computes")
    else:
        judge.access(call, text_word(name), "read" if use == "read" else "write")


def _awk_string(token: str) -> str | None:
    if len(token) < 2 or not token.startswith('"'):
        return None
    body = token[1:-1]
    if re.search(r"\\(?![\"\\/])", body):
        return None
    return re.sub(r"\\(.)", r"\1", body)
