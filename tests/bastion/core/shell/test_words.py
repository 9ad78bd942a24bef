"""Words: pieces, braces, ANSI-C strings, variables; and how emit and emit_words write them again."""

from __future__ import annotations

import pytest

from bastion.core.shell.emit import quote
from bastion.core.shell.variables import hazard
from bastion.core.shell.words import ansi_c


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("echo a'b'\"c\"\\d", ["abcd"]), ('echo "a\\$b\\c"', ["a$b\\c"]), ('echo "a\\\\\nb"', ["a\\\nb"]), ("echo a\\\nb", ["ab"]), ("echo {a,b}{1,2}", ["a1", "a2", "b1", "b2"]),
        ("echo {1..3}", ["1", "2", "3"]), ("echo {3..1}x", ["3x", "2x", "1x"]), ("echo {}", ["{}"]), ("echo {a}", ["{a}"]), ("echo '{a,b}'", ["{a,b}"]), ("echo \\{a,b}", ["{a,b}"]), ("echo x{,.bak}", ["x", "x.bak"]),
        ("echo $'a\\tb\\x41\\101\\u00e9'", ["a\tbAA\u00e9"]), ("echo \"\" ''", ["", ""]), ('echo a$x "$y"', [None, None]), ("echo $1", [None]),
    ],
)  # fmt: skip
def test_what_a_word_means(facts, text, argv):
    assert list(facts(text).units[0].commands[0].argv) == argv


@pytest.mark.parametrize(
    "text", ["echo {a,{b,c}}", "echo {1..9999}", "echo $'\\x80'", "echo $'\\0'", 'echo $"x"']
)
def test_a_word_that_nobody_can_be_sure_of_is_a_problem(facts, text):
    assert not facts(text).units[0].understood


@pytest.mark.parametrize("text", ["echo $'a'", "echo {a,b}"])
def test_what_posix_shells_read_differently_is_not_understood(facts, text):
    assert not facts(text, dialect="posix").units[0].understood


def test_ansi_c_strings():
    assert ansi_c("\\n\\\\\\'\\e\\cA\\q") == "\n\\'\x1b\x01\\q"
    for bad in ("\\x00", "\\xff", "\\ud800", "\\U00110000"):
        assert ansi_c(bad) is None


@pytest.mark.parametrize(
    ("text", "emitted"),
    [
        ("ls -l *.log ~/x", "'ls' '-l' *'.log' ~/'x'"), ("r''m x", "'r''''m' 'x'"), ('echo "$a" $b ${c:-d}', "'echo' \"${a}\" ${b} ${c:-d}"), ("A=$x ls", "A=\"${x}\" 'ls'"),
        ("export A=$x", "'export' A=\"${x}\""), ("a && b | c &", "'a' && 'b' | 'c' &"), ("cat <<'E'\nBASTION_END\nE", "'cat' <<'BASTION_END_'\nBASTION_END\nBASTION_END_\n"),
        ("sh -c 'ls \"a\"'", "'sh' '-c' ''\\''ls'\\'' '\\''a'\\'''"), ("! ls", "! 'ls'"), ('echo "it\'s"', "'echo' 'it'\\''s'"), ("[[ a == b* ]]", "[[ 'a' == 'b'* ]]"),
    ],
)  # fmt: skip
def test_what_is_written_again(facts, text, emitted):
    programs_unknown = {"a", "b", "c"}
    unit = facts(text).units[0]
    if set(unit.programs) & programs_unknown:
        assert unit.emitted == b""
    else:
        assert unit.emitted.decode() == emitted


def test_inner_code_is_written_again_too(facts):
    assert facts("""bash -c 'echo "$x"; sh -c "ls \\"a b\\""'""").units[0].emitted
    for text in ("sh -c 'f() { ls; }; f'", "awk 'BEGIN{system(\"ls $x\")}'", "sh <<'E'\nls 'a'\nE"):
        assert not facts(text).units[0].understood, text


def test_quote_leaves_nothing_alive():
    assert quote("a'b $x `y`") == "'a'\\''b $x `y`'"


def test_hazards_of_variables():
    for name in ("PATH", "LD_AUDIT", "BASH_ENV", "X_OPTIONS", "MYPATH", "1x"):
        assert hazard(name, "x", exported=True), name
    assert not hazard("COUNT", "x", exported=True)
    assert not hazard("MYPATH", "x", exported=False)
