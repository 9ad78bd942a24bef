"""Code for an interpreter: what it prints of itself is understood; what it starts is judged."""

from __future__ import annotations

import shlex

import pytest


@pytest.mark.parametrize("code", ["import sys; print(sys.version)", "print(1 + 1)", "print(len(open('a').readlines()))", "import time\nprint(time.time())", "import sys; print(sys.version_info[0], sep='')"])  # fmt: skip
def test_python_that_only_prints_is_understood(facts, code):
    assert facts(f"python3 -c {shlex.quote(code)}").units[0].understood


@pytest.mark.parametrize(
    "code",
    ["import os", "import json", "import sys as s", "print(sys.modules)", "__import__('os')", "print(open)", "open('a', 'w')", "open('a', mode='w')", "open(x)", "x = 1", "print(().__class__)", "eval('1')",
     "import sys; sys.path.append('x')", "exec('1')", "print(9**9)", "lambda: 1", "[x for x in y]", "print(f'{1}')", "open = 1", "print 1", "len = print"],
)  # fmt: skip
def test_any_other_python_is_not(facts, code):
    assert not facts(f"python3 -c {shlex.quote(code)}").units[0].understood


def test_a_file_that_python_opens_is_read(facts):
    (command,) = facts("python3 -c \"print(open('/etc/x').read())\"").units[0].commands
    assert [(access.use, access.paths) for access in command.accesses] == [("read", ("/etc/x",))]


@pytest.mark.parametrize(
    "text",
    ["python3 -c 'import os; os.system(\"rm x\")'", "ruby -e '`rm x`'", "perl -e 'system(\"rm x\")'", "node -e 'require(1).exec(\"rm x\")'", "less '+!rm x' f", "vim -c ':!rm x' f", "LESSOPEN='|rm x' less f", "VISUAL='rm x' crontab -e", "GIT_SSH_COMMAND='rm x' git fetch", "man -P 'rm x' ls", "git grep -O'rm x' y", "sort --compress-program='rm x' f"],
)  # fmt: skip
def test_a_command_that_code_spells_is_judged_and_the_line_is_held(facts, text):
    (unit,) = facts(text).units
    assert "rm" in unit.programs
    assert not unit.understood


def test_zsh_repeat_is_no_program(facts):
    assert facts("repeat 2 rm x", "zsh").units[0].programs == ("rm",)
