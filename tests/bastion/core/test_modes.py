"""Terminal modes of RFC 4254 §8 become stty words that a real terminal takes."""

import os
import pty
import subprocess

from bastion.core.modes import _CHARACTERS, _FLAGS, stty


def test_a_new_ptys_own_modes_need_no_line():
    defaults = [(code, value) for code, (_, value) in {**_FLAGS, **_CHARACTERS}.items()]
    assert stty(defaults) == ""


def test_unknown_opcodes_are_left_out():
    assert stty([(250, 1), (53, 0)]) == "stty -echo 2>/dev/null"


def test_a_terminal_takes_the_words():
    line = stty([(53, 0), (3, 8), (1, 255), (36, 0)])
    parent, child = pty.openpty()
    try:
        subprocess.run(["sh", "-c", line.replace("2>/dev/null", "")], stdin=child, check=True)
        shown = subprocess.run(["stty", "-a"], stdin=child, capture_output=True, text=True, check=True).stdout
    finally:
        os.close(parent)
        os.close(child)
    assert "-echo " in shown
    assert "erase = ^H" in shown
    assert "intr = <undef>" in shown
    assert "-icrnl" in shown
