"""Where a path or a URL may lead is known, or said to be unknown."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat /proc/self/root/../etc/x", "/etc/x"), ("cat /var/run/../etc/x", "/etc/x"), ("cat /bin/../etc/x", "/usr/etc/x"), ("cat /a/../b", "/b"), ("cat /proc/self/cwd/../x", "?"), ("cat /proc/7/fd/3/../x", "?"), ("cat /proc/7/fd/3/x", "?"),
    ],
)  # fmt: skip
def test_dots_leave_what_a_well_known_link_leads_to(facts, text, expected):
    (access,) = facts(text).units[0].commands[0].accesses
    assert expected in (("?",) if access.unknown else access.paths)


@pytest.mark.parametrize(
    ("text", "hosts"),
    [("curl http://localhost:1/_x?y=*", ("localhost",)), ("curl http://ev*l.example/", ("?",)), ("curl [::1]:80/", ("::1",)), ("for p in 1 2; do curl localhost:$p/x; done", ("localhost",)), ("curl $x/localhost", ("?",)), ("curl localhost$x", ("?",))],
)  # fmt: skip
def test_a_host_is_what_the_line_spells(facts, text, hosts):
    commands = [command for command in facts(text).units[0].commands if command.program == "curl"]
    assert {command.hosts for command in commands} == {hosts}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat /proc/self/ro?t/etc/x", "?"), ("cat /???c/1/r*t/x", "?"), ("cat /proc/1/task/*/cw?/x", "?"), ("cat */../../x", "?"), ("cat /var/ru?/x", "/run/x"), ("cat /dev/f?/3", "/proc/self/fd/3"), ("cat /b*/x", "/usr/bin/x"), ("cat /var/log/*.log", "/var/log/*.log"),
    ],
)  # fmt: skip
def test_a_glob_may_find_a_well_known_link(facts, text, expected):
    (access,) = facts(text).units[0].commands[0].accesses
    assert expected in (("?",) if access.unknown else access.paths)
