"""From text to facts: units, their bytes, their state, and what is not understood.

Covers understand, walk, scene, builtins, evaluating, expansions, numbers, documents, nested and languages.
"""

from __future__ import annotations

import pytest

from bastion.core.shell.understand import _strange, assignment


def only(facts, text, **how):
    (unit,) = facts(text, **how).units
    return unit


@pytest.mark.parametrize(
    ("text", "programs"),
    [
        ("r''m x", "rm"), ("r\\\nm x", "rm"), ("$'\\x72m' x", "rm"), ("{rm,x}", "rm"), ("/bin/rm x", "rm"),
        ("sudo env A=b nohup timeout 3 nice -n 1 rm x", "sudo env nohup timeout nice rm"),
        ("busybox rm x", "busybox rm"), ("find . -exec rm {} +", "find rm"), ("ls | xargs -n1 rm", "ls xargs rm"),
        ("sh -c 'echo a; rm x'", "sh echo rm"), ("bash -c 'sh -c \"rm x\"'", "bash sh rm"), ("eval 'rm x'", "eval rm"),
        ("sh <<'E'\nrm x\nE", "sh rm"), ("bash <<< 'rm x'", "bash rm"), ("awk 'BEGIN{system(\"rm x\")}'", "awk rm"),
        ("sed '1e rm x' f", "sed rm"), ("echo $(rm x)", "echo rm"), ('echo "`rm x`"', "echo rm"), ("cat <(rm x)", "cat rm"),
        ("cat <<E\n$(rm x)\nE", "cat rm"), ("echo ${a:-$(rm x)}", "echo rm"), ("a=$(rm x)", "rm"), ("echo $((`rm x`))", "echo rm"),
        ("if a; then rm x; fi", "a rm"), ("while rm x; do :; done", "rm :"), ("case a in b) rm x;; esac", "rm"),
        ("(rm x)", "rm"), ("{ rm x; }", "rm"), ("! rm x", "rm"), ("time rm x", "rm"), ("coproc rm x", "rm"), ("a && b || rm x", "a b rm"),
        ("f() { rm x; }", "rm"), ("[[ $(rm x) ]]", "rm"), ("for i in $(rm x); do :; done", "rm :"), ("export A=$(rm x)", "export rm"),
        ("flock l -c 'rm x'", "flock rm"), ("watch rm x", "watch rm"), ("trap 'rm x' EXIT", "trap rm"), ("tar cf a b --checkpoint-action=exec='rm x'", "tar rm"),
    ],
)  # fmt: skip
def test_every_program_that_would_run_is_found(facts, text, programs):
    found = [name for unit in facts(text).units for name in unit.programs]
    assert list(dict.fromkeys(found)) == programs.split()


@pytest.mark.parametrize(
    "text",
    [
        "$x a", "r${x}m a", "`echo rm` a", "*sh a", "~/x", "./x", "/tmp/ls", "nosuchprogram", "sh", "bash -i", "sh x.sh", ". x", "source /dev/stdin",
        "echo x | sh", "cat f | bash", "sh < f", 'bash -c "$x"', "eval $x", "xargs ls", "xargs", "env $x", "find . $x", "find . -exec $x \\;",
        "sort $x", "sort --compress-program=x f", "sort --compress-prog=x f", "rg --pre=x y", "tar cf x y -I z", "git -c a=b log", "git nosuch",
        "python3 -c x", "python3", "perl -e x", "vim x", "less x", "psql", "redis-cli", 'awk "$x"', "awk '{system($1)}'", "awk '{print | x}'",
        "awk 'x++ /system(\"id\")/ 2'", "sed 's/a/b/e' f", "sed -f x f", "sed $x f", "echo ${!x}", "echo ${x@P}", "echo $((x))", "echo ${a[$i]}",
        "[[ $x -eq 1 ]]", 'test -v "$x"', "let x=y", 'printf -v "$x" a', "PATH=/x ls", "LD_PRELOAD=x ls", "IFS=x", "env BASH_ENV=x ls", "export PS4=x",
        "LANG=$x ls", "TZ=:/etc/shadow date", "alias a=b", "trap 'ls' EXIT", "f() { ls; }", "set -o history", "shopt -s dotglob", "coproc ls", "hash -p /x ls",
        "enable -f x y", "declare -n a=b", "sudo -i", "su", "nsenter -t 1", "ls {fd}>x", "echo -e '\\033[2J'", "printf '\\e[2J'", "read PATH", 'read "$x"',
        "unset PATH", "for PATH in a; do ls; done", "echo ${PATH:=x}", "exec 3<>/dev/tcp/a/1", "unknown=1 nosuch", "kubectl --as x get pods",
    ],
)  # fmt: skip
def test_what_cannot_be_known_is_not_understood_and_never_emitted(facts, text):
    units = facts(text).units
    bad = [unit for unit in units if not unit.understood]
    assert bad
    assert all(unit.reasons for unit in bad)
    assert all(unit.emitted == b"" for unit in bad if not unit.understood)


@pytest.mark.parametrize(
    "char",
    [
        "\x00",
        "\x1b",
        "\x07",
        "\r",
        "\x7f",
        "\x9b",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\u00ad",
        "\U000e0041",
    ],
)
def test_hidden_and_control_characters_are_not_understood(char):
    assert _strange(f"ls a{char}b".encode())
    assert not _strange("ls\ta 'é漢'\n".encode())


def test_bytes_that_are_no_utf8_are_not_understood():
    assert _strange(b"echo \xff")


def test_a_units_text_is_its_exact_source_with_its_here_documents(facts):
    text = "cat <<'A' >/tmp/x; echo  hi   &\nbody $x\nA\nls\n"
    assert [unit.text for unit in facts(text).units] == [
        b"cat <<'A' >/tmp/x\nbody $x\nA\n",
        b"echo  hi   &",
        b"ls",
    ]


def test_a_here_document_among_those_of_another_statement_never_runs(facts):
    first, second = facts("cat <<A; cat <<B\na\nA\nb\nB\n").units
    assert first.text == b"cat <<A\na\nA\n"
    assert any(command.never for command in second.commands)


def test_cd_leaves_both_directories_possible(facts):
    _cd, cat = facts("cd /etc; cat shadow").units
    (access,) = cat.commands[0].accesses
    assert access.paths == ("/app/shadow", "/etc/shadow")


def test_after_a_successful_cd_only_the_new_directory_is_current(facts):
    unit = only(facts, "cd /etc && cat shadow")
    assert unit.commands[1].accesses[0].paths == ("/etc/shadow",)
    assert unit.cwds_after == ("/app", "/etc")


@pytest.mark.parametrize("text", ["cd $x", "cd -", "popd", "cd /proc/1/cwd", "cd *"])
def test_after_an_unknown_cd_relative_paths_are_unknown(facts, text):
    unit = facts(f"{text}; cat x").units[1]
    assert unit.commands[0].accesses[0].unknown


@pytest.mark.parametrize(
    "text", ["builtin cd /etc", "command cd /etc", "eval 'cd /etc'", "{ cd /etc; }", "if a; then cd /etc; fi"]
)
def test_every_way_to_change_the_directory_is_seen(facts, text):
    assert "/etc" in facts(text).units[0].cwds_after


@pytest.mark.parametrize(
    "text", ["(cd /etc)", "cd /etc | cat", "echo $(cd /etc)", "sh -c 'cd /etc'", "cd /etc &"]
)
def test_a_subshell_leaves_the_directory(facts, text):
    assert facts(text).units[0].cwds_after == ("/app",)


@pytest.mark.parametrize(
    "text",
    [
        "cd /tmp",
        "export A=b",
        "a=1",
        "unset A",
        "read x",
        "for i in 1; do ls; done",
        "printf -v x a",
        ": ${x:=1}",
    ],
)
def test_state_that_can_be_carried(facts, text):
    unit = only(facts, text)
    assert (unit.changes_state, unit.carries) == (True, True)


@pytest.mark.parametrize("text", ["set -e", "shopt -s x", "trap ls EXIT", "alias a=b", "f() { ls; }", "umask 077", "ulimit -n 9", "a=(1)", "readonly A=b", "declare -x A=b", "shift", "pushd /tmp", "exec >/tmp/x", ". /x"])  # fmt: skip
def test_state_that_cannot_be_carried(facts, text):
    unit = only(facts, text)
    assert (unit.changes_state, unit.carries) == (True, False)
    assert unit.reasons


@pytest.mark.parametrize(
    "text", ["ls", "(a=1)", "A=1 ls", "sh -c 'export A=b'", "ls | read x", "umask", "set", "alias"]
)
def test_what_leaves_no_state(facts, text):
    assert not only(facts, text).changes_state


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("exit 3", True),
        ("exec ls", True),
        ("return", True),
        ("(exit 3)", False),
        ("sh -c 'exit 3'", False),
        ("ls && exit", True),
    ],
)
def test_what_may_end_the_shell(facts, text, ends):
    assert only(facts, text).may_end is ends


def test_a_job_in_the_background_is_marked(facts):
    assert [unit.background for unit in facts("sleep 1 & ls").units] == [True, False]


def test_an_interpreter_on_the_clients_input_is_not_understood_however_it_is_spelt(facts):
    for stdin in ("client", "tty", "null"):
        for text in ("sh", "bash -s", "sh -", "sh /dev/stdin", "python3", "psql", "cat | sh"):
            assert not only(facts, text, stdin=stdin).understood, (text, stdin)


def test_a_quoted_here_document_is_data_unless_an_interpreter_reads_it(facts):
    assert facts("cat <<'E'\nrm -r /x\nE").units[0].programs == ("cat",)
    assert facts("sh <<'E'\nrm -r /x\nE").units[0].programs == ("sh", "rm")


def test_too_many_statements_are_never_run(facts):
    (unit,) = facts("ls\n" * 300).units
    assert unit.commands[0].never


def test_a_function_in_one_statement_is_remembered_in_the_next(facts):
    define, use = facts("ls() { rm x; }; ls").units
    assert define.commands[0].never
    assert not use.understood


def test_a_variable_of_the_client_is_judged_as_an_assignment():
    for name in (
        "LD_PRELOAD",
        "PATH",
        "IFS",
        "ENV",
        "BASH_ENV",
        "PS4",
        "PROMPT_COMMAND",
        "PYTHONPATH",
        "GIT_SSH_COMMAND",
        "BASH_FUNC_ls%%",
        "http_proxy",
        "a b",
        "",
    ):
        assert assignment(name, "x").never, name
    for name, value in (("FEATURE_X", "on"), ("LANG", "en_US.UTF-8"), ("TZ", "Europe/Berlin")):
        assert not assignment(name, value).never, name
    assert assignment("FEATURE_X", "a\x1b[2J").never
    assert assignment("TZ", ":/etc/shadow").never
