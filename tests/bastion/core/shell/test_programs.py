"""Facts by the tables (programs, verbs, wrappers) and by the handlers with a language of their own.

Covers programs, verbs, wrappers, spec, options, special, searching, processes, redirects, judge
and attack: what a command reads, writes, names, reaches, and under which verb it goes.
"""

from __future__ import annotations

import pytest

from bastion.core.shell.spec import read_table

CASES = [
    ("cat a /b", "R:/app/a R:/b"), ("cat - < c", "R:/app/c"), ("grep -f p -r x", "R+:/app/p R+:/app/x"), ("grep -e p x", "R:/app/x"), ("grep p x", "R:/app/x"),
    ("sort -o out in", "W:/app/out R:/app/in"), ("sort --outp=out in", "W:/app/out R:/app/in"), ("cp a b c", "R:/app/a R:/app/b W:/app/c"), ("cp -t d a", "W:/app/d R:/app/a"),
    ("cp -r a b", "R+:/app/a W+:/app/b"), ("mv a b", "W+:/app/a W+:/app/b"), ("rm -rf a", "W+:/app/a"), ("rm a", "W:/app/a"), ("rm -- -r", "W:/app/-r"), ("tee -a f", "W:/app/f"),
    ("uniq in out", "R:/app/in W:/app/out"), ("xxd in out", "R:/app/in W:/app/out"), ("ls -R /x", "N+:/x"), ("ls ~/x", "N:/root/x|/home/*/x"), ("stat $x", "N:?"), ("cat /a/*.log", "R*:/a/*.log"),
    ("cat '/a/*.log'", "R:/a/*.log"), ("cat /a/$x", "R:?"), ("cat /a/$?", "R*:/a/[9876543210]"), ("cat .*/x", "R:?"), ("echo > a >> b 2> /c", "W:/app/a W:/app/b W:/c"), ("echo >/dev/null 2>&1", ""),
    ("cat <> a", "R:/app/a W:/app/a"), ("echo &> a", "W:/app/a"), ("> a", "W:/app/a"), ("{ ls; } > a", "W:/app/a"), ("echo >| a", "W:/app/a"), ("cat {a,b}", "R:/app/a R:/app/b"),
    ("find a -newer b", "N+:/app/a N:/app/b"), ("find a -delete", "N+:/app/a W+:/app/a"), ("find a -fprintf o %p", "N+:/app/a W:/app/o"), ("find", "N+:/app"),
    ("find a -exec cat {} \\;", "N+:/app/a R+:/app/a"), ("find a -exec cat x{} \\;", "N+:/app/a R:?"), ("ls | xargs cat", "R:?"), ("ls | xargs -I{} rm a/{}", "W:?"),
    ("tar cf o a", "R+:/app/a W:/app/o"), ("tar -xzf a -C /d", "R:/app/a W+:/d N:/d"), ("tar tf a", "R:/app/a"), ("tar xOf a", "R:/app/a"), ("dd if=a of=b bs=1", "R:/app/a W:/app/b"),
    ("sed -i s/a/b/ f", "R:/app/f W:/app/f"), ("sed 's/a/b/w o' f", "W:/app/o R:/app/f"), ("sed -n '/x/r i' f", "R:/app/i R:/app/f"), ("sed -e p -e 'w o' f", "W:/app/o R:/app/f"),
    ("awk '{print > \"o\"}' f", "W:/app/o R:/app/f"), ("awk '$1 > 3' f", "R:/app/f"), ("awk '{getline x < \"i\"}' f", "R:/app/i R:/app/f"), ("awk '{print (1 > 2)}' f", "R:/app/f"),
    ("test -f a", "N:/app/a"), ("[ -d a ]", "N:/app/a"), ("cd a", "N:/app/a"), ("env -C /x cat a", "N:/x R:/x/a"), ("wget localhost/x", "W+:/app"), ("wget -O o localhost", "W:/app/o"),
    ("curl -o o localhost", "W:/app/o"), ("curl -O localhost/x", "W+:/app"), ("curl -d @b localhost", "R:/app/b"), ("curl -F a=@b localhost", "R:/app/b"), ("curl file:///etc/x", "R:/etc/x"),
    ("git -C d log", "N:/app/d"), ("cat < <(ls)", ""), ("gzip -k a", "R:/app/a W:/app/a"), ("gzip -dc a", "R:/app/a"), ("zstd -c -o $x a", "R:/app/a W:?"), ("ln a b", "R:/app/a R+:/app/a W+:/app/a W:/app/b"), ("chmod -R 7 a", "W+:/app/a"), ("cat /proc/7/cwd/x", "R:?"),
]  # fmt: skip


def spelt(access) -> str:
    mark = (
        {"read": "R", "write": "W", "name": "N"}[access.use]
        + ("+" if access.tree and not access.unknown else "")
        + ("*" if access.glob else "")
    )
    return f"{mark}:{'?' if access.unknown else '|'.join(access.paths)}"


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_files_that_a_command_reads_writes_and_names(facts, text, expected):
    found = [
        spelt(access)
        for unit in facts(text).units
        for command in unit.commands
        for access in command.accesses
    ]
    assert sorted(dict.fromkeys(found)) == sorted(expected.split())


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("kill 1", "TERM"), ("kill -9 1", "KILL"), ("kill -s HUP 1", "HUP"), ("kill -SIGUSR1 1", "USR1"), ("kill -l", "list"), ("kill -HUP -1", "all"), ("kill -9 0", "all"), ("kill -- -5", "all"),
        ("kill -9 $$", "self"), ("kill $x", "TERM"), ("git -C x log", "log"), ("kubectl -n a get pods", "get"), ("kubectl get secrets/x", "get secrets"), ("kubectl get pods,secret", "get secrets"),
        ("kubectl get $x", "get secrets"), ("kubectl rollout restart deploy/x", "rollout restart"), ("redis-cli -h x CONFIG GET y", "config get"), ("redis-cli FlushAll", "flushall"), ("sudo -l", "list"),
        ("systemctl restart x", "restart"), ("ip -4 addr show", "addr show"), ("date 0101", "set"), ("date +%s", ""), ("sysctl a=1", "set"), ("sysctl a", ""), ("hostname x", "set"),
    ],
)  # fmt: skip
def test_verbs(facts, text, verb):
    assert facts(text).units[0].commands[0].verb == verb


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("curl http://a.b:80/x", ["a.b"]), ("curl localhost:1/x", ["localhost"]), ("curl u:p@h/", ["h"]), ("curl 'http://h\\@evil/'", ["?"]), ("curl $x", ["?"]), ("curl http://$x/", ["?"]),
        ("curl 'http://{a,b}/'", ["?"]), ("curl http://[::1]/", ["::1"]), ("curl -x p:1 http://h", ["h", "p"]), ("ping -c 1 h", ["h"]), ("curl a b", ["a", "b"]), ("curl --url a", ["a"]), ("cat < /dev/tcp/h/1", ["h"]),
    ],
)  # fmt: skip
def test_hosts(facts, text, hosts):
    assert sorted(facts(text).units[0].commands[0].hosts) == hosts


@pytest.mark.parametrize(
    ("text", "capabilities"),
    [
        ("ls", ""),
        ("cat x", "reads-file"),
        ("tee x", "writes-file"),
        ("curl h", "network"),
        ("sudo ls", "privilege"),
        ("sh -c ls", "runs-code"),
        ("hostname x", "privilege"),
        ("mkfs x", "privilege writes-file"),
    ],
)
def test_capabilities(facts, text, capabilities):
    assert facts(text).units[0].commands[0].capabilities == frozenset(capabilities.split())


def test_writing_to_a_process_is_never_allowed(facts):
    for text in (
        "echo x > /proc/7/fd/0",
        "tee /proc/7/fd/1",
        "cp a /proc/self/fd/9",
        "echo x > /dev/fd/9",
        "echo > /proc/*/fd/1",
    ):
        assert any(command.never for unit in facts(text).units for command in unit.commands), text


def test_attack_techniques_are_named(facts):
    assert "T1003.008" in facts("cat /etc/shadow").units[0].commands[0].attack
    assert "T1548.003" in facts("sudo ls").units[0].commands[0].attack


def test_a_table_line_says_what_it_says():
    table = read_table("a, b: -xy -o:w+ --out:w --z? -c:! * / dr*w @net\nc d:\n    -q / x @first\n")
    spec = table["a"]
    assert spec.options["-x"].kind == ""
    assert spec.options["-o"] == table["b"].options["-o"]
    assert (spec.options["-o"].kind, spec.options["-o"].tree) == ("w", True)
    assert (spec.options["--z"].optional, spec.options["-c"].danger, spec.any_option) == (True, True, True)
    assert [spec.positional(index, 4) for index in range(4)] == ["d", "r", "r", "w"]
    assert spec.traits == {"net"}
    assert "-q" in table["c d"].options
