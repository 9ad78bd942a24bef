"""sed and awk programs: what they run, read and write; anything unclear is not understood."""

from __future__ import annotations

import dataclasses
import re

from bastion.core.shell.judge import Judge
from bastion.core.shell.scene import Call
from bastion.core.shell.words import text_word

_AWK = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<comment>\#[^\n]*)"""
    r"""|(?P<space>[ \t]+|\\\n)|(?P<name>@?[A-Za-z_]\w*)"""
    r"""|(?P<number>\d[\w.]*|\.\d\w*)|(?P<op>\|&|\|\||>>|>=|&&|\+\+|--|[-+*/%^!<>=]=|!~|.|\n)""",
    re.DOTALL,
)
_REGEX = re.compile(r"/(?:[^/\\\n\[]|\\.|\[\^?\]?(?:[^\]\n\\]|\\.)*\])*/")
_AWK_WORDS = frozenset(
    ("print", "printf", "return", "in", "getline", "else", "do", "exit", "case", "delete", "length")
)
# After these a slash may begin a regular expression or divide.
_MAY_DIVIDE = _AWK_WORDS | {")", "++", "--"}


def awk(judge: Judge, call: Call, program: str) -> None:
    """Walk an awk program's tokens: `system`, pipes, `getline` and redirections are what counts."""
    tokens = _awk_tokens(program)
    if tokens is None:
        call.reasons.append("an awk program that is not understood")
        return
    printing = depth = 0
    for index, word in enumerate(tokens):
        if word in ("print", "printf"):
            printing, depth = 1, 0
        elif word in ("\n", ";", "{", "}") and depth == 0:
            printing = 0
        depth += (word == "(") - (word == ")")
        _awk_token(judge, call, tokens, index, printing=bool(printing), outside=depth == 0)


def _awk_token(
    judge: Judge, call: Call, tokens: list[str], index: int, *, printing: bool, outside: bool
) -> None:
    word = tokens[index]
    before = tokens[index - 1] if index else ""
    after = tokens[index + 1] if index + 1 < len(tokens) else ""
    if word == "system":
        alone = after == "(" and tokens[index + 3 : index + 4] == [")"]
        _awk_runs(judge, call, tokens[index + 2] if alone else "")
    elif word in ("|", "|&"):
        _awk_runs(judge, call, before if after == "getline" else after if printing else "")
    elif word == "getline" and before not in ("|", "|&"):
        ends = (at for at in range(index, len(tokens)) if tokens[at] in (";", "}", "\n"))
        rest = tokens[: next(ends, len(tokens))]
        if "<" in rest[index:]:
            _awk_file(judge, call, tokens, rest.index("<", index) + 1, "read")
    elif word in (">", ">>") and printing and outside:
        _awk_file(judge, call, tokens, index + 1, "write")
    else:
        _awk_doubt(call, word)


def _awk_doubt(call: Call, word: str) -> None:
    if word.startswith("@") or word in ("load", "extension"):
        call.reasons.append("an awk program that loads or calls what is not known")
    elif word.startswith('"') and "/inet" in word:
        call.capabilities.add("network")
        call.reasons.append("an awk program that opens a socket")


def _awk_tokens(program: str) -> list[str] | None:
    """The tokens (a regular expression is "0"); None where they cannot be told apart safely."""
    tokens: list[str] = []
    position = 0
    unsure = False
    while position < len(program):
        last = tokens[-1] if tokens else ""
        if program[position] == "/":
            unsure = unsure or last in _MAY_DIVIDE
            if not _is_operand(last):
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
    return None if unsure and re.search(r"system|getline|[|@>]", program) else tokens


def _is_operand(last: str) -> bool:
    """Whether a slash after this token divides."""
    if last in _AWK_WORDS or not last:
        return False
    return last[-1] in ")]" or bool(re.match(r'[\w"]', last[-1]))


def _awk_runs(judge: Judge, call: Call, text: str) -> None:
    call.capabilities.add("runs-code")
    code = _awk_string(text)
    if code is None:
        call.reasons.append("an awk program that runs what it computes")
        return
    where = dataclasses.replace(call.place, current=False, depth=call.place.depth + 1)
    judge.run(code, "posix", where, -1)


def _awk_file(judge: Judge, call: Call, tokens: list[str], index: int, use: str) -> None:
    name = _awk_string(tokens[index]) if index < len(tokens) else None
    follows = tokens[index + 1] if index + 1 < len(tokens) else ";"
    if name is None or follows not in (";", "}", "\n", ")"):
        call.reasons.append("an awk program that opens a file it computes")
    else:
        judge.access(call, text_word(name), "read" if use == "read" else "write")


def _awk_string(text: str) -> str | None:
    """The text of a string literal without escapes that awks read differently."""
    if len(text) < 2 or not text.startswith('"'):
        return None
    body = text[1:-1]
    if re.search(r"\\(?![\"\\/])", body):
        return None
    return re.sub(r"\\(.)", r"\1", body)
