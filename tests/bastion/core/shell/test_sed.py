"""sed programs: a command that only some seds see never hides behind one that all see."""

from __future__ import annotations

import pytest

from bastion.core.shell.sed import plain_suffix

TOUCH = "1e touch /etc/x"


def quoted(program: str) -> str:
    return "sed '" + program.replace("'", "'\\''") + "' f"


def judged(facts, program):
    (unit,) = facts(quoted(program)).units
    return unit


def written(unit) -> set[str]:
    return {
        path
        for command in unit.commands
        for access in command.accesses
        if access.use == "write"
        for path in access.paths
    }


@pytest.mark.parametrize("command", ["a", "i", "c"])
@pytest.mark.parametrize(
    "text", ["foo\\\\", "foo\\", "\\\nfoo\\\\", "\\\nfoo\\", "f\\oo", "\\foo", "", "\\ \nfoo"]
)
def test_a_backslash_in_a_text_is_not_understood(facts, command, text):
    assert not judged(facts, f"{command} {text}\n{TOUCH}").understood


@pytest.mark.parametrize("text", [" foo", " foo; 1e touch x }", "\\\nfoo", " \\\nfoo"])
def test_a_text_ends_with_its_line_and_what_follows_is_a_command(facts, text):
    assert judged(facts, f"1a{text}").programs == ("sed",)
    assert judged(facts, f"1a{text}").understood
    assert judged(facts, f"1a{text}\n{TOUCH}").programs == ("sed", "touch")


@pytest.mark.parametrize("command", [":", "b", "t", "T"])
@pytest.mark.parametrize(
    "label", ["a 1e touch /etc/x", "a w /etc/x", " a\tw x", "a-b", "a/b", "a,1w x", "a#"]
)
def test_a_label_ends_at_a_blank_and_anything_after_it_is_not_understood(facts, command, label):
    assert not judged(facts, f"s,x,y,;{command}{label}").understood


@pytest.mark.parametrize("program", [":a;N;$!ba;s/x/y/", ": a\nn\nb a", "/x/{b};p", "tend;p;:end", "b ; p"])
def test_plain_labels_are_understood(facts, program):
    assert judged(facts, program).understood


@pytest.mark.parametrize(
    "program", [":a;w /etc/x", ":a\nw /etc/x", "b;w /etc/x", "{p};w /etc/x", "y/a/b/;w /etc/x"]
)
def test_a_command_after_a_separator_is_judged(facts, program):
    assert written(judged(facts, program)) == {"/etc/x"}


@pytest.mark.parametrize(
    "program",
    [
        "p w /etc/x", "{p} w /etc/x", "{p}w /etc/x", "y/a/b/w /etc/x", "y/a/b/ w /etc/x", "s/a/b/ w /etc/x", "s/a/b/gw", "w", "r", "s/a/b/pe", "s/a/b/ge",
        "e", "e touch\\\n/etc/x", "# x\\\nw /etc/x", "= w /etc/x", "q5 w /etc/x", "s/[]/]/g;p;#/w /etc/x", "s/[/]/b/;w x", "/[/]/p", "\\,[,],p", "sxaxbx", "sa\\b", "s a b ",
        "s/a\nb/c/", "s/a/b", "y/a", "\\é1éw x", "1,w /etc/x", "v", "R", "w a\\b", "w x ",
    ],
)  # fmt: skip
def test_what_seds_may_read_differently_is_not_understood(facts, program):
    assert not judged(facts, program).understood


@pytest.mark.parametrize(
    "program",
    [
        "s/a/b/g; /baz/d", "10,20p", "$!N", "/a/,/b/{s/x/y/;p}", "\\,/etc,d", "1~2d", "/a/I,+3 !p", "s|/a|/b|gp", "s/[^,]*,//2", "s/[[:space:]]*$//", "0,/x/s//y/", "#n\np", "p # c", "=", "$=", "q 5",
        "/^#/!{p;p}", "y/abc/xyz/;p", "s/\\/a\\//x/", "\\%x%d", ";;p;", "2q;d",
    ],
)  # fmt: skip
def test_ordinary_programs_are_understood(facts, program):
    assert judged(facts, program).understood


@pytest.mark.parametrize(
    ("program", "paths"),
    [
        ("w /etc/x", "/etc/x"),
        ("w -", "/app/-"),
        ("/a/W o", "/app/o"),
        ("s/a/b/w /etc/x;p", "/etc/x;p"),
        ("s/a/b/gw o", "/app/o"),
        ("w a }", "/app/a }"),
    ],
)
def test_the_name_of_a_written_file_is_the_rest_of_the_line(facts, program, paths):
    assert written(judged(facts, program)) == {paths}


def test_gsed_is_sed(facts):
    assert not facts("gsed 's/a/b/e' f").units[0].understood


@pytest.mark.parametrize(
    "option", ["-i'/etc/*'", "-i../x", "-i*", "-ni/x", "--in-place=/x/*", "--in=a/b", "-Ei'a b'"]
)
def test_a_suffix_that_names_another_file_is_not_understood(facts, option):
    assert not facts(f"sed {option} s/a/b/ f").units[0].understood


def test_the_copy_that_in_place_keeps_is_written(facts):
    (unit,) = facts("sed -i.bak s/a/b/ f").units
    assert unit.understood
    assert written(unit) == {"/app/f", "/app/f.bak"}
    assert plain_suffix("~")
