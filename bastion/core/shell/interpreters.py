"""Code in the arguments of python, perl, ruby and their like: rarely understood, shown where it can be."""

from __future__ import annotations

import ast
import dataclasses
import re

from bastion.core.shell.judge import SPECS, Judge
from bastion.core.shell.scene import Call
from bastion.core.shell.words import text_word

MAX_CODE = 4000
# Modules that are built into the interpreter: no file of the directory can stand in for them.
_MODULES = frozenset(("sys", "time"))
_TEXT_OF_ATTRIBUTES = """
    version version_info platform executable maxsize byteorder prefix path flags implementation
    hexversion read readline readlines splitlines split strip count startswith endswith
    getdefaultencoding getfilesystemencoding getrecursionlimit time name major minor micro
"""
_ATTRIBUTES = frozenset(_TEXT_OF_ATTRIBUTES.split())
_TEXT_OF_CALLS = """
    print len str int float round sum max min abs bool
"""
_CALLS = frozenset(_TEXT_OF_CALLS.split())
_NODES = (
    ast.Module, ast.Expr, ast.Import, ast.alias, ast.Call, ast.Constant, ast.Name, ast.Load, ast.Attribute,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.UnaryOp, ast.USub, ast.Compare,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Tuple, ast.List, ast.keyword, ast.Subscript,
)  # fmt: skip
_STARTERS = re.compile(
    r"\w*PAGER|\w*EDITOR|VISUAL|BROWSER|LESSOPEN|LESSCLOSE|\w+_COMMAND|\w+_SSH|\w+_ASKPASS"
)
_STARTS = re.compile(
    r"(?:system|exec\w*|popen\w*|Popen|spawn\w*|shell_exec|passthru|execute|run|call|check_\w+|get(?:status)?output)"
    r"\s*\(?\s*\[?\s*(?:'([^'\\]+)'|\"([^\"\\]+)\")"
    r"|`([^`]+)`"
)


def python(judge: Judge, call: Call) -> None:
    """`python -c CODE`: printing what the interpreter knows of itself is understood, no more."""
    texts = [word.literal for word in call.words]
    opened = _tells(texts[1]) if len(texts) == 2 and texts[0] == "-c" and texts[1] is not None else None
    if opened is not None:
        call.flags.append("-c")
        call.verb = "print"
        for name in opened:
            judge.access(call, text_word(name), "read")
        return
    interpreted(judge, call)


def interpreted(judge: Judge, call: Call) -> None:
    """Any interpreter: not understood beyond its version; commands that its code spells are judged too."""
    judge.by_spec(call, SPECS[call.program], call.words)
    for word in call.words:
        for found in _STARTS.finditer((word.literal or "")[:MAX_CODE]):
            where = dataclasses.replace(call.place, current=False, depth=call.place.depth + 1)
            call.reasons.append(f"code of {call.program} that starts a command")
            judge.run(next(group for group in found.groups() if group), "posix", where, -1)


def screen(judge: Judge, call: Call) -> None:
    """An editor or pager: commands that its arguments spell (`+!x`, `-c ':!x'`) are judged too."""
    interpreted(judge, call)
    for word in call.words:
        if found := re.match(r"\+?:?!+(.+)", word.literal or "", re.DOTALL):
            where = dataclasses.replace(call.place, current=False, depth=call.place.depth + 1)
            judge.run(found[1], "posix", where, -1)


def started(judge: Judge, call: Call, name: str, value: str | None) -> None:
    """A variable whose value is a command that some program will start."""
    if value and _STARTERS.fullmatch(name):
        where = dataclasses.replace(call.place, current=False, depth=call.place.depth + 1)
        call.reasons.append(f"{name} holds a command")
        judge.run(value.lstrip("|-"), "posix", where, -1)


def _tells(code: str) -> list[str] | None:
    """The files that Python code reads, if all it does is print them, sums and facts; else None."""
    if len(code) > MAX_CODE:
        return None
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    nodes = list(ast.walk(tree))
    opens = [node for node in nodes if isinstance(node, ast.Call) and _opens(node) is not None]
    inside = {id(node.func) for node in opens}
    if not all(isinstance(node, _NODES) and (id(node) in inside or _plain(node)) for node in nodes):
        return None
    return [name for node in opens if (name := _opens(node)) is not None]


def _opens(node: ast.Call) -> str | None:
    """The literal name that `open(NAME)` reads."""
    texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
    if not (isinstance(node.func, ast.Name) and node.func.id == "open") or node.keywords:
        return None
    literal = len(texts) == len(node.args) and texts[1:] in ([], ["r"], ["rt"])
    return texts[0] if literal and texts and isinstance(texts[0], str) else None


def _plain(node: ast.AST) -> bool:
    match node:
        case ast.alias():
            return node.name in _MODULES and node.asname is None
        case ast.Name():
            return node.id in _MODULES | _CALLS
        case ast.Attribute():
            return node.attr in _ATTRIBUTES
        case ast.Call():
            return not isinstance(node.func, ast.Name) or node.func.id in _CALLS or _opens(node) is not None
        case ast.keyword():
            return node.arg in ("sep", "end", "reverse")
        case _:
            return True
