"""awk and jq programs: what they open and run is known, or they are not understood."""

from __future__ import annotations

import pytest


def only(facts, text):
    (unit,) = facts(text).units
    return unit


@pytest.mark.parametrize(
    "program",
    [
        'BEGIN{ARGV[1]="/etc/x";ARGC=2}1', "BEGIN{ARGC=2}1", 'function f(a){a[1]="/etc/x"} BEGIN{f(ARGV)}', 'BEGIN{SYMTAB["x"]=1}',
        'BEGIN{getline x < ENVIRON["F"]}', "{getline x < $1}", '{getline x < "/etc/" y}', '{getline x < ("/etc/" y)}', "{print > $1}", '{print > "a" "b"}',
    ],
)  # fmt: skip
def test_an_awk_program_that_chooses_its_files_is_not_understood(facts, program):
    assert not only(facts, f"awk '{program}' f").understood


@pytest.mark.parametrize(
    "program",
    [
        '{"touch /etc/x;" "ls" | getline}', '{x "ls" | getline}', '{(x) "ls" | getline}', '{print | "ls" ";touch /etc/x"}', '{print | "ls" x}',
        'BEGIN{x=5system("touch /etc/x")}', 'BEGIN{x=.5system("touch /etc/x")}', 'BEGIN{x=1e5system("id")}', "/[/]/{print}", 'BEGIN{ENVIRON["PATH"]="/x";system("ls")}', "{print é}",
    ],
)  # fmt: skip
def test_an_awk_program_that_runs_what_is_joined_or_hidden_is_not_understood(facts, program):
    assert not only(facts, f"awk '{program}' f").understood


@pytest.mark.parametrize(
    "program",
    [
        '{print 1,\n2 > "/etc/x"}',
        '{print 1, # c\n\n2 > "/etc/x"}',
        '{print 1 &&\n2 > "/etc/x"}',
        '{print(1)(2) > "/etc/x"}',
    ],
)
def test_a_redirection_on_a_later_line_of_print_is_seen(facts, program):
    (command,) = only(facts, f"awk '{program}' f").commands
    assert any(access.use == "write" and access.paths == ("/etc/x",) for access in command.accesses)


@pytest.mark.parametrize(
    "program",
    ['{"ls" | getline x; print x}', '{while (("ls" | getline x) > 0) print x}', '{print | "ls"}', 'BEGIN{system("ls")}', '{printf "%s\\n", $1 | "ls"; next}'],
)  # fmt: skip
def test_literal_commands_of_awk_are_judged(facts, program):
    unit = only(facts, f"awk '{program}' f")
    assert unit.understood
    assert unit.programs == ("awk", "ls")


@pytest.mark.parametrize(
    "program",
    ["{print $1}", "$3 >= 1000 {print $1}", "/a[bc]\\/d/ {n++} END{print n/2}", "{s+=$5} END{print s, 1.5e3, .5}", 'ENVIRON["A"]{nextfile}', "NR>1 {\n a[$1]+=2\n}\nEND {for (k in a) print k, a[k]}"],
)  # fmt: skip
def test_ordinary_awk_programs_are_understood(facts, program):
    assert only(facts, f"awk '{program}' f").understood


@pytest.mark.parametrize("option", ["slurpfile", "rawfile", "argfile"])
def test_a_file_that_jq_takes_as_a_variable_is_read(facts, option):
    (command,) = only(facts, f"jq -n --{option} a /etc/x '$a'").commands
    assert any(access.use == "read" and access.paths == ("/etc/x",) for access in command.accesses)


@pytest.mark.parametrize(
    "text",
    [
        "jq -L /etc . f", "jq -f p f", "jq --from-file p f", "jq -nf p", "jq 'import \"x\" as $d; .' f", "jq 'include \"x\"; .' f", "jq '# c\ninclude \"x\"; .' f",
        'jq "$x" f', 'jq "inc$x" f', "jq -n '\"x\" | modulemeta'", "jq --arg a $x . f", "jq --library-path x . f",
    ],
)  # fmt: skip
def test_a_jq_program_that_may_load_files_is_not_understood(facts, text):
    assert not only(facts, text).understood


@pytest.mark.parametrize("text", ["jq . f", "jq -r '.items[].name' f", "jq -c 'keys' f", 'jq ".a[] | select(.n == \\"$i\\")" f', "jq --arg a b '.x == $a' f", "jq '.include' f"])  # fmt: skip
def test_ordinary_jq_programs_are_understood(facts, text):
    assert only(facts, text).understood
