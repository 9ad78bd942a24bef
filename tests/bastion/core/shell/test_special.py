"""Programs that start others: what they write themselves."""

from __future__ import annotations

import pytest

OUT = {"/app/nohup.out", "/root/nohup.out"}


def written(facts, text, stdin):
    commands = [command for unit in facts(text, stdin=stdin).units for command in unit.commands]
    accesses = [
        access
        for command in commands
        if command.program == "nohup"
        for access in command.accesses
        if access.use == "write"
    ]
    return {path for access in accesses for path in access.paths} | {
        "?" for access in accesses if access.unknown
    }


@pytest.mark.parametrize(
    "text",
    [
        "nohup ls", "nohup ls &", "env nohup ls", "busybox nohup ls", "nohup ls 2>/dev/null", "nohup ls >/dev/tty", "nohup ls >/dev/stderr", "{ nohup ls >&2; } >f", "nohup ls | cat; nohup ls", "ls | nohup cat",
        "nohup ls >$x", "nohup ls 1>&2", "(exec >/dev/tty; nohup ls) >/dev/null", "nohup ls >&2 | cat",
    ],
)  # fmt: skip
def test_nohup_on_a_terminal_writes_its_own_file(facts, text):
    assert written(facts, text, "tty") >= OUT


def test_nohup_writes_in_every_directory_that_may_be_current(facts):
    assert written(facts, "cd /etc; nohup ls", "tty") == OUT | {"/etc/nohup.out"}
    assert "?" in written(facts, "cd $x; nohup ls", "tty")


@pytest.mark.parametrize(
    "text", ["nohup ls >/dev/null", "nohup ls &>/dev/null &", "{ nohup ls; } >/dev/null", "nohup ls | cat"]
)
def test_nohup_with_a_redirected_output_writes_nothing_of_its_own(facts, text):
    assert written(facts, text, "tty") <= {"/dev/null"}


def test_nohup_without_a_terminal_writes_nothing_of_its_own(facts):
    assert written(facts, "nohup ls", "client") == written(facts, "nohup ls", "null") == set()


@pytest.mark.parametrize(
    "text",
    ["date -s 0", "date -s0", "date --set=0", "date --se 0", "date -us 0", "date 0101", "date -u 0101"],
)
def test_setting_the_clock_is_a_privilege(facts, text):
    (command,) = facts(text).units[0].commands
    assert "privilege" in command.capabilities
    assert command.verb == "set"
    assert any(access.use == "write" and access.paths == ("/dev/rtc",) for access in command.accesses)


@pytest.mark.parametrize("option", ["-a /etc/x", "--arg-file=/etc/x", "--arg-file /etc/x", "--arg=/etc/x"])
def test_xargs_on_a_file_reads_it_and_is_not_understood(facts, option):
    (unit,) = facts(f"xargs {option} ls").units
    assert not unit.understood
    assert any(access.use == "read" and access.paths == ("/etc/x",) for access in unit.commands[0].accesses)
