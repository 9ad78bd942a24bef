"""Files that no argument names plainly are facts all the same."""

from __future__ import annotations

import pytest


def spelt(facts, text):
    found = []
    for unit in facts(text).units:
        for command in unit.commands:
            for access in command.accesses:
                sign = access.use[0].upper() + "+" * access.tree
                found += [f"{sign}:{path}" for path in (("?",) if access.unknown else access.paths)]
    return set(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ps auxe", "R:/proc/*/environ"), ("ps eww 1", "R:/proc/*/environ"), ("ps -eo pid,env", "R:/proc/*/environ"), ("ps -ef", ""), ("ps aux", ""),
        ("getent shadow", "R:/etc/shadow"), ("who /x", "R:/x"), ("users -x /x", "R:/x"), ("cat -s /x", "R:/x"), ("od -s /x", "R:/x"), ("paste -s /x", "R:/x"),
        ("git diff /a /b", "R:/a R:/b"), ("git show HEAD:.env", "R:/app/.env"), ("split f", "R:/app/f W:/app/x W:/app/x*"), ("split f /p", "R:/app/f W:/p W:/p*"),
        ("mktemp", "W:/tmp/*"), ("mktemp xXXXX", "W:/app/x*"), ("mktemp -u x", ""), ("gzip a", "R:/app/a W:/app/a"), ("gzip -dc a", "R:/app/a"), ("gzip -l a", "R:/app/a"),
        ("grep -r x", "R+:/app"), ("cd /etc && grep -r x", "N:/etc R+:/etc"), ("rg x", "R+:/app"), ("grep x", ""), ("grep -d recurse x d", "R:/app/d R+:/app/d"),
        ("wc --files0-from=/x", "R:/x"), ("file -f /x", "R:/x"), ("md5sum -c /x", "R:/x"), ("cksum --check /x", "R:/x"), ("mkdir -", "W:/app/-"), ("uniq *", "R:/app/* W:/app/*"),
    ],
)  # fmt: skip
def test_files_that_no_argument_names_plainly(facts, text, expected):
    assert spelt(facts, text) == set(expected.split())


@pytest.mark.parametrize(
    "text",
    ["jcmd 1 GC.heap_dump /x", "jcmd 1 VM.set_flag X 1", "jcmd 1 JVMTI.agent_load x", "jcmd 1", "jps -J-javaagent:x", "jstat -J-agentpath:x -gc 1", "nginx -t -c /tmp/x", "haproxy -c -f x", "tree -R", "jobs -x ls"],
)  # fmt: skip
def test_what_may_load_code_is_not_understood(facts, text):
    assert not facts(text).units[0].understood


@pytest.mark.parametrize(("text", "verb"), [("mount", "show"), ("mount -t ext4", "show"), ("mount /dev/a /b", ""), ("ifconfig eth0", "show"), ("ifconfig eth0 down", ""), ("route -n", "show"), ("route add x", ""), ("nginx", "start"), ("nc -zv h 80", "show"), ("nc h 80", ""), ("git config --get x", "config get"), ("git config x y", "config")])  # fmt: skip
def test_a_verb_tells_asking_from_changing(facts, text, verb):
    assert facts(text).units[0].commands[0].verb == verb


@pytest.mark.parametrize("text", ["getent hosts $(id).x", "ping -p $(id) h", "curl h$x"])
def test_a_host_that_an_expansion_makes_is_unknown(facts, text):
    assert "?" in facts(text).units[0].commands[0].hosts
