"""The matcher by its definition, slow and plain: which bytes of a whole stream must be masked.

For every view, every reading, every form and every alignment of the form with the text: each maximal
stretch in which text and form agree, of the form's window or more, is masked from its `shown`th symbol.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bastion.core.masking.forms import Form, Forms

GAP = 256
DROPPED = {*range(0x21), 0x7F, *b"\"'`\\"}
CONTROLS = {*range(0x20), 0x7F} - {*b"\t\n\r"}
SEQUENCE = re.compile(rb"\x1b\[[0-9;]*m")
Symbols = list[tuple[int, int]]


def masked(forms: Sequence[Forms], data: bytes) -> set[int]:
    """The positions of `data` that must be masked; its only escape sequences are colours."""
    return _in_view(forms, data, range(len(data))) | _in_view(forms, data, list(_without_sequences(data)))


def _in_view(forms: Sequence[Forms], data: bytes, view: Sequence[int]) -> set[int]:
    """What is dropped from a view stays as it is, even inside a run."""
    found: set[int] = set()
    text = [(data[place], place) for place in view if data[place] not in CONTROLS]
    if text:
        joined = [(byte, place) for byte, place in text if byte not in DROPPED]
        folded = [(_fold(byte), place) for byte, place in joined]
        for one in forms:
            for form in (*one.fragments, *one.wholes):
                found |= _of_form(form, folded)
            for form in one.joined:
                found |= _of_form(form, joined)
            for form in one.exact:
                found |= _of_form(form, text)
    return found & {place for _, place in text}


def _without_sequences(data: bytes) -> Iterator[int]:
    at = 0
    for match in SEQUENCE.finditer(data):
        yield from range(at, match.start())
        at = match.end()
    yield from range(at, len(data))


def _fold(byte: int) -> int:
    lower = byte + 32 if 65 <= byte <= 90 else byte
    return {ord("-"): ord("+"), ord("_"): ord("/")}.get(lower, lower)


def _of_form(form: Form, symbols: Symbols) -> set[int]:
    found: set[int] = set()
    for shift in range(-len(form.data), len(symbols)):
        run: list[int] = []
        for offset, wanted in enumerate(form.data):
            index = shift + offset
            agrees = 0 <= index < len(symbols) and symbols[index][0] == wanted
            if run and (not agrees or symbols[index][1] - run[-1] > GAP):
                found |= _of_run(form, run)
                run = []
            if agrees:
                run.append(symbols[index][1])
        found |= _of_run(form, run)
    return found


def _of_run(form: Form, run: list[int]) -> set[int]:
    if len(run) < form.window or len(run) <= form.shown:
        return set()
    return set(range(run[form.shown], run[-1] + 1))
