"""A loop over words that stand still is judged word by word; anything less sure stays unknown."""

from __future__ import annotations

import pytest


def reads(facts, text, dialect="bash"):
    found = set()
    for unit in facts(text, dialect).units:
        for command in unit.commands:
            for access in command.accesses:
                found |= {"?"} if access.unknown else set(access.paths)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for f in a /etc/x; do cat $f; done", {"/app/a", "/etc/x"}),
        ('for f in a b; do cat "/v/$f.log"; done', {"/v/a.log", "/v/b.log"}),
        ("for f in /v/*.log; do wc -l $f; done", {"/v/*.log"}),
        ("for f in a; do cat < $f > /tmp/$f; done", {"/app/a", "/tmp/a"}),
        ("f=/etc/x; cat $f", {"/etc/x"}),
        ("f=/v g=x; cat $f/$g", {"/v/x"}),
        ("for i in 1 2; do cat l.$i; done", {"/app/l.1", "/app/l.2"}),
    ],
)
def test_what_a_variable_surely_holds_is_judged(facts, text, expected):
    assert reads(facts, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "for f in a b; do read f; cat $f; done", "f=a; f=b; cat $f", "cat $f; f=a", "true && f=a; cat $f", "for f in a; do for f in b; do :; done; cat $f; done", "f=a; eval f=b; cat $f",
        "f=a; . ./x; cat $f", 'for f in "a b"; do cat $f; done', "for f in $x; do cat $f; done", "f='a /b'; cat $f", "f=a; printf -v f b; cat $f", "(f=a); cat $f", "f=a & cat $f", "f=a ls; cat $f",
        "REPLY=a; read; cat $REPLY", "f=a; f+=b; cat $f", "f=a; cat ${f%x}", "for f in a; do sh -c 'cat $f'; done; sh -c 'for f in b; do for f in c; do :; done; cat $f; done'", "f=a; : ${f:=b}; cat $f",
    ],
)  # fmt: skip
def test_what_is_less_than_sure_stays_unknown(facts, text):
    assert "?" in reads(facts, text) or not all(unit.understood for unit in facts(text).units)


def test_zsh_binds_nothing(facts):
    assert reads(facts, "for f in a; do cat $f; done", "zsh") == {"?"}


@pytest.mark.parametrize("text", ["c=rm; $c x", "for c in rm; do $c x; done", 'c="rm x"; sh -c "$c"', "c=x; eval $c", "p=1; awk $p f"])  # fmt: skip
def test_a_program_or_code_in_a_variable_is_never_known(facts, text):
    assert not all(unit.understood for unit in facts(text).units)


def test_a_variable_judged_as_one_word_is_written_as_one_word(facts):
    (unit,) = facts("for f in /v/*.log; do wc -l $f; done").units
    assert b'"${f}"' in unit.emitted


@pytest.mark.parametrize(("text", "written"), [("wc -l *", b"'-l' -- *"), ("du -sh *", b"'-sh' -- *")])
def test_a_glob_that_might_become_an_option_is_written_after_two_dashes(facts, text, written):
    (unit,) = facts(text).units
    assert unit.understood
    assert written in unit.emitted


@pytest.mark.parametrize("text", ["wc * -l", "wc a *", "sort $x *"])
def test_a_glob_before_an_option_is_held(facts, text):
    assert not facts(text).units[0].understood
