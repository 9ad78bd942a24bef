"""Encoded terminal modes (RFC 4254 §8) as the `stty` words that set them in the pod."""

from __future__ import annotations

from collections.abc import Iterable

# opcode: (stty name, value that a new pty has already)
_FLAGS: dict[int, tuple[str, int]] = {
    30: ("ignpar", 0), 31: ("parmrk", 0), 32: ("inpck", 0), 33: ("istrip", 0), 34: ("inlcr", 0),
    35: ("igncr", 0), 36: ("icrnl", 1), 37: ("iuclc", 0), 38: ("ixon", 1), 39: ("ixany", 0),
    40: ("ixoff", 0), 41: ("imaxbel", 0), 42: ("iutf8", 0), 50: ("isig", 1), 51: ("icanon", 1),
    53: ("echo", 1), 54: ("echoe", 1), 55: ("echok", 1), 56: ("echonl", 0), 57: ("noflsh", 0),
    58: ("tostop", 0), 59: ("iexten", 1), 60: ("echoctl", 1), 61: ("echoke", 1), 70: ("opost", 1),
    71: ("olcuc", 0), 72: ("onlcr", 1), 73: ("ocrnl", 0), 74: ("onocr", 0), 75: ("onlret", 0),
}  # fmt: skip
_CHARACTERS: dict[int, tuple[str, int]] = {
    1: ("intr", 3), 2: ("quit", 28), 3: ("erase", 127), 4: ("kill", 21), 5: ("eof", 4),
    8: ("start", 17), 9: ("stop", 19), 10: ("susp", 26), 14: ("werase", 23), 15: ("lnext", 22),
}  # fmt: skip
_DISABLED = 255


def stty(modes: Iterable[tuple[int, int]]) -> str:
    """The shell line that applies `modes` where they differ from a new pty's, or empty.

    Unknown opcodes are left out, as §8 asks. A pod without `stty` keeps its defaults.
    """
    words: list[str] = []
    for opcode, value in modes:
        if opcode in _FLAGS:
            name, default = _FLAGS[opcode]
            if bool(value) != bool(default):
                words.append(name if value else f"-{name}")
        elif opcode in _CHARACTERS:
            name, default = _CHARACTERS[opcode]
            word = _character(value)
            if value != default and word:
                words += [name, word]
    return f"stty {' '.join(words)} 2>/dev/null" if words else ""


def _character(value: int) -> str:
    """The `stty` word of a control character; empty for what is none, which is left as it is."""
    if value == _DISABLED:
        return "undef"
    if value == 127:
        return "'^?'"
    return f"'^{chr(value + 64)}'" if 1 <= value < 32 else ""
