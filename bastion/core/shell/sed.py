"""sed programs: what they run, read and write; what seds read differently is not understood.

The grammar here is the part of POSIX sed that GNU sed and busybox read alike. Anything that one of
them may read otherwise (a backslash in a text, a label before a blank, a delimiter in brackets)
makes the program not understood, since a command could hide behind the difference.
"""

from __future__ import annotations

import re

from bastion.core.shell.facts import Access
from bastion.core.shell.judge import Judge
from bastion.core.shell.scene import Call
from bastion.core.shell.words import text_word

_GAP = re.compile(r"[ \t\n;]*")
_BLANK = re.compile(r"[ \t]*")
_NUMBER = re.compile(r"\d+(?:~\d+)?|\$|[+~]\d+")
_NEGATION = re.compile(r"[ \t!]*")
_CASE = re.compile(r"[ \t]*[IM]*")
_END = re.compile(r"[ \t]*(?=[;}\n#]|\Z)")
_NUMBERED = re.compile(r"[ \t]*\d*[ \t]*(?=[;}\n#]|\Z)")
_LABEL = re.compile(r"[ \t]*[A-Za-z0-9_]*[ \t]*(?=[;}\n]|\Z)")
_LINE = re.compile(r"[^\n]*")
_TEXT = re.compile(r"(?:\\\n)?[^\n\\]*[^\n\\ \t][^\n\\]*(?=\n|\Z)")
_FLAGS = re.compile(r"[gpiIMm0-9]*")
_DELIMITERS = frozenset("!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~")
_PIECE = re.compile(r"\\.|[^\\]", re.DOTALL)
_NOT_UNDERSTOOD = -1
# What may follow the commands that neither open a file nor run anything.
_SHORT = {
    **dict.fromkeys("=dDgGhHnNpPxzFqQl", _NUMBERED),
    **dict.fromkeys("btT:", _LABEL),
    "{": re.compile(""),
    "}": _END,
}


def sed(judge: Judge, call: Call, program: str) -> None:
    """Walk a sed program (POSIX sed, GNU commands and one-line forms included)."""
    position = _skip(_GAP, program, 0)
    while position < len(program):
        position = _command(judge, call, program, position)
        if position < 0:
            call.reasons.append("a sed program that is not understood")
            return
        position = _skip(_GAP, program, position)


def plain_suffix(suffix: str) -> bool:
    """Whether `-i`'s suffix is one: with `/` or `*` sed makes it the name of another file."""
    return bool(re.fullmatch(r"[A-Za-z0-9._~+-]+", suffix))


def _skip(pattern: re.Pattern[str], program: str, at: int) -> int:
    """The end of what `pattern` matches at `at`; not understood where it does not match."""
    found = pattern.match(program, at)
    return found.end() if found else _NOT_UNDERSTOOD


def _addresses(program: str, at: int) -> int:
    """The end of no, one or two addresses and of their negation."""
    end = _address(program, at)
    if end > at:
        comma = _skip(_BLANK, program, end)
        if program[comma : comma + 1] == ",":
            start = _skip(_BLANK, program, comma + 1)
            end = _address(program, start)
            if end == start:
                return _NOT_UNDERSTOOD
    return end if end < 0 else _skip(_NEGATION, program, end)


def _address(program: str, at: int) -> int:
    if found := _NUMBER.match(program, at):
        return found.end()
    if program[at : at + 1] not in ("/", "\\"):
        return at
    start = at + (program[at] == "\\")
    end = _until(program, start + 1, program[start : start + 1])
    return end if end < 0 else _skip(_CASE, program, end)


def _until(program: str, at: int, delimiter: str) -> int:
    """The place after the next delimiter, where every sed sees it at the same place."""
    if delimiter not in _DELIMITERS:
        return _NOT_UNDERSTOOD
    ends = {_escaped(program, at, delimiter)}
    ends |= {_bracketed(program, at, delimiter, escapes=escapes) for escapes in (False, True)}
    end = ends.pop()
    return _NOT_UNDERSTOOD if ends or "\n" in program[at : max(end, at)] else end


def _escaped(program: str, at: int, delimiter: str) -> int:
    """The delimiter's end as GNU sed finds it: brackets mean nothing."""
    for piece in _PIECE.finditer(program, at):
        if piece.group() == delimiter:
            return piece.end()
    return _NOT_UNDERSTOOD


def _bracketed(program: str, at: int, delimiter: str, *, escapes: bool) -> int:
    """The delimiter's end where brackets hide it; `escapes`: a backslash in brackets quotes."""
    inside = -1
    while at < len(program):
        char = program[at]
        if char == "\\" and (inside < 0 or escapes):
            at += 1
        elif inside >= 0:
            first = at == inside + 1 or (at == inside + 2 and program[at - 1] == "^")
            inside = -1 if char == "]" and not first else inside
        elif char == "[":
            inside = at
        elif char == delimiter:
            return at + 1
        at += 1
    return _NOT_UNDERSTOOD


def _command(judge: Judge, call: Call, program: str, at: int) -> int:
    """Judge the command at `at`, its addresses included; returns where it ends."""
    at = _addresses(program, at)
    if at < 0 or at >= len(program):
        return _NOT_UNDERSTOOD
    command, rest = program[at], at + 1
    line = _skip(_LINE, program, rest)
    if command in _SHORT:
        return _skip(_SHORT[command], program, rest)
    if command in "sy":
        return _substitute(judge, call, program, at)
    if command == "#":
        # Busybox lets a backslash carry the comment on, GNU sed does not.
        return _NOT_UNDERSTOOD if program[rest:line].endswith("\\") else line
    if command in "aic":
        return _skip(_TEXT, program, _skip(_BLANK, program, rest))
    if command in "rRwW":
        return line if _file(judge, call, program[rest:line], write=command in "wW") else _NOT_UNDERSTOOD
    if command == "e":
        return line if _runs(judge, call, program[rest:line].strip(" \t")) else _NOT_UNDERSTOOD
    return _NOT_UNDERSTOOD


def _file(judge: Judge, call: Call, text: str, *, write: bool) -> bool:
    """Note the file of `r` or `w`: its name is the rest of the line."""
    name = text.lstrip(" \t")
    if not name or name != name.strip() or "\\" in name:
        call.accesses.append(Access("write" if write else "read", unknown=True))
        return False
    # To sed `-` is a file's name, not a stream.
    judge.access(call, text_word("./-" if name == "-" else name), "write" if write else "read")
    return True


def _runs(judge: Judge, call: Call, code: str) -> bool:
    """Note what `e` runs: the line, or without one whatever the input holds."""
    call.capabilities.add("runs-code")
    if not code or "\\" in code:
        return False
    judge.code_words(call, [text_word(code)])
    return True


def _substitute(judge: Judge, call: Call, program: str, at: int) -> int:
    delimiter = program[at + 1 : at + 2]
    middle = _until(program, at + 2, delimiter)
    end = _until(program, middle, delimiter) if middle >= 0 else _NOT_UNDERSTOOD
    if end < 0:
        return _NOT_UNDERSTOOD
    if program[at] == "s":
        end = _skip(_FLAGS, program, end)
        following = program[end : end + 1]
        if following == "w":
            line = _skip(_LINE, program, end + 1)
            return line if _file(judge, call, program[end + 1 : line], write=True) else _NOT_UNDERSTOOD
        if following == "e":
            call.capabilities.add("runs-code")
            return _NOT_UNDERSTOOD
    return _skip(_END, program, end)
