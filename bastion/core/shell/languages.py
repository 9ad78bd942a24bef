"""awk and jq programs: what they run, read and write; anything unclear is not understood."""

from __future__ import annotations

import dataclasses
import re

from bastion.core.shell.judge import SPECS, Judge
from bastion.core.shell.options import read
from bastion.core.shell.pieces import Text
from bastion.core.shell.scene import Call
from bastion.core.shell.words import text_word

_AWK = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<comment>\#[^\n]*)"""
    r"""|(?P<space>[ \t]+|\\\n)|(?P<name>@?[A-Za-z_]\w*)"""
    r"""|(?P<number>\d[\w.]*|\.\d\w*)|(?P<op>\|&|\|\||>>|>=|&&|\+\+|--|[-+*/%^!<>=]=|!~|.|\n)""",
    re.DOTALL | re.ASCII,
)
_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE]\d+)?|\.\d+(?:[eE]\d+)?", re.ASCII)
_BARE_REGEX = re.compile(r"/(?:[^/\\\n]|\\.)*/")
_REGEX = re.compile(r"/(?:[^/\\\n\[]|\\.|\[\^?\]?(?:[^\]\n\\]|\\.)*\])*/")
# After these a line end does not end a statement, and before a string they join nothing to it.
_GOES_ON = frozenset((",", "&&", "||", "?", ":", "{", "do", "else"))
_OPENS = frozenset(("", "{", "}", ";", "\n", "(", "!", "&&", "||"))
_ENDS = frozenset((";", "}", "\n", ")"))
# Through these a program chooses its input files.
_CHOOSERS = frozenset(("ARGV", "ARGC", "SYMTAB", "FUNCTAB"))
# jq reads other files by directives at its program's beginning; none begins like this.
_JQ_PLAIN = re.compile(r"\s*[.\[{(\"]")
_JQ_FILES = re.compile(r"\b(?:import|include|module|modulemeta)\b")
_YQ_HELD = re.compile(r"\b(?:load\w*|eval|system|import|include|env\w*|strenv)\b")
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
        elif word in ("\n", ";", "{", "}") and depth == 0 and not (word == "\n" and _goes_on(tokens, index)):
            printing = 0
        depth += (word == "(") - (word == ")")
        _awk_token(judge, call, tokens, index, printing=bool(printing), outside=depth == 0)
    if "ENVIRON" in tokens and "runs-code" in call.capabilities:
        call.reasons.append("an awk program that may change what it hands to the programs it runs")


def _goes_on(tokens: list[str], index: int) -> bool:
    """Whether the line end at `index` is inside a statement."""
    while index and tokens[index] == "\n":
        index -= 1
    return tokens[index] in _GOES_ON


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
        if after == "getline":
            # Any other token before the string may be joined to it.
            code = before if (tokens[index - 2] if index > 1 else "") in _OPENS else ""
        else:
            code = after if printing and (tokens[index + 2 : index + 3] or [";"])[0] in _ENDS else ""
        _awk_runs(judge, call, code)
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
    elif word in _CHOOSERS:
        call.reasons.append("an awk program that may choose the files it reads")
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
                found, bare = (each.match(program, position) for each in (_REGEX, _BARE_REGEX))
                # Some awks end it at a slash in brackets, others do not.
                if not found or not bare or found.end() != bare.end():
                    return None
                tokens.append("0")
                position = found.end()
                continue
        match = _AWK.match(program, position)
        if match is None or match.group() == '"' or not _is_token(match):
            return None
        position = match.end()
        if match.lastgroup not in ("space", "comment"):
            tokens.append(match.group())
    return None if unsure and re.search(r"system|getline|[|@>]", program) else tokens


def _is_token(match: re.Match[str]) -> bool:
    """Whether every awk reads this token as one: `5system` is a number and a name."""
    if match.lastgroup == "number":
        return bool(_NUMBER.fullmatch(match.group()))
    return match.lastgroup != "op" or match.group().isascii()


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
    if name is None or follows not in _ENDS:
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


def query(judge: Judge, call: Call) -> None:
    """`jq`: a program that may load other files is not understood."""
    judge.by_spec(call, SPECS["jq"], call.words)
    operands = read(SPECS["jq"], call.words).operands
    for word in operands[:1]:
        start = word.pieces[0].value if word.pieces and isinstance(word.pieces[0], Text) else ""
        plain = _JQ_PLAIN.match(start) and "modulemeta" not in (word.literal or "")
        if not plain and (word.literal is None or _JQ_FILES.search(word.literal)):
            call.reasons.append("a jq program that may load other files")


def yaml_query(judge: Judge, call: Call) -> None:
    """`yq`, either of the two programs of this name: expressions that load or evaluate are held."""
    verb = call.words[0].literal if call.words else ""
    words = call.words[1:] if verb in ("e", "eval", "ea", "eval-all") else call.words
    judge.by_spec(call, SPECS["yq"], words)
    operands = read(SPECS["yq"], words).operands
    if any(word.literal is None or _YQ_HELD.search(word.literal) for word in operands[:1]):
        call.reasons.append("a yq expression that may load other files")
