"""Builtins that look like data and evaluate: test -v, printf -v, let."""

from __future__ import annotations

import dataclasses
import re

from bastion.core.shell.judge import Judge
from bastion.core.shell.scene import Call
from bastion.core.shell.variables import hazard
from bastion.core.shell.words import Word

_TEST_EVALUATES = ("-v", "-R")
_SUBSCRIPT = re.compile(r"[\[\$`]")


def test(judge: Judge, call: Call) -> None:
    """`test` and `[`: files are only named; `-v` evaluates a subscript."""
    words = call.words
    for index, word in enumerate(words):
        text = word.literal or ""
        if text in _TEST_EVALUATES and index + 1 < len(words):
            operand = words[index + 1].literal
            if operand is None or _SUBSCRIPT.search(operand):
                call.reasons.append("a subscript is evaluated, which can run code")
        elif re.fullmatch(r"-[bcdefghLkprsSuwxOGN]", text) and index + 1 < len(words):
            judge.access(call, words[index + 1], "name")


def print_formatted(judge: Judge, call: Call) -> None:
    """`printf` and `echo`: `-v` evaluates a subscript; escape sequences draw on the terminal."""
    texts = [word.literal for word in call.words]
    if call.program == "printf" and texts[:1] and (texts[0] is None or texts[0].startswith("-v")):
        target = texts[0][2:] if texts[0] and len(texts[0]) > 2 else (texts[1] if len(texts) > 1 else None)
        if target is None or hazard(target, None, exported=True):
            call.reasons.append("the variable that it sets is decided by an expansion or evaluated")
            _subscript(judge, call, call.words[1:2])
        judge.scene.change(call.place)
    if any(
        text and re.search(r"\\(?:0?33|e|E|x1[bB]|u001[bB]|U0000001[bB])|\\(?:0?235|x9[bB])|\x1b", text)
        for text in texts
    ):
        call.reasons.append("it draws on the terminal with escape sequences")


def _subscript(judge: Judge, call: Call, words: list[Word]) -> None:
    """`a[$(x)]` as a variable name: what the subscript would run."""
    begin = len(judge.scene.calls)
    for word in words:
        found = re.search(r"\[(.*)\]", word.literal or "", re.DOTALL)
        if found and re.search(r"[$`]", found[1]):
            judge.run(
                f": {found[1]}",
                call.place.dialect,
                dataclasses.replace(call.place, depth=call.place.depth + 1, current=False),
                -1,
            )
            # The `:` that carries the subscript is not in the line.
            kept = [each for each in judge.scene.calls[begin:] if each.written != ":" or each.implied]
            judge.scene.calls[begin:] = kept


def let(judge: Judge, call: Call) -> None:
    """`let`: arithmetic evaluates what variables hold."""
    judge.scene.change(call.place)
    if not all(re.fullmatch(r"[\d\s+*/%<>=!&|^~()-]*", word.literal or "$") for word in call.words):
        call.reasons.append("arithmetic on variables can run code")
