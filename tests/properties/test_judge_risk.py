"""However a forbidden command is wrapped, hidden or cut, no policy allows the line; and no input raises."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.policy_text import load
from bastion.core.shell.judge import SPECS
from bastion.core.shell.understand import understand
from bastion.core.shell.wrappers import WRAPPERS
from bastion.model.events import Parsed
from bastion.model.pod import Pod
from bastion.model.principal import Kind, Principal
from bastion.model.verdict import Effect
from bastion.syntax.shfmt import Shfmt

ROOT = Path(__file__).resolve().parents[2]
POLICIES = [
    load((ROOT / f"conf/policies/{name}.yaml").read_text(), name=name) for name in ("operator", "demo")
]
WHO = Principal("i", "s", Kind.HUMAN, "s", 0, frozenset({"operators", "dev", "sre"}))
POD = Pod("c", "shop", "web-0", "u", "app", "i")
GOLDEN = [
    json.loads(text)["line"] for text in (ROOT / "tests/golden/commands.jsonl").read_text().splitlines()
]


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# One way for each wrapper of the table whose inner command begins with its first operand.
_WRAPPED = sorted(name for name, spec in WRAPPERS.items() if spec.positionals[:1] == "x" and name != "coproc")
_CONTEXTS = [
    "{}", "ls; {}", "ls && {}", "false || {}", "ls | {}", "{} | cat", "( {} )", "{{ {}; }}", "! {}", "if {}; then ls; fi", "while {}; do ls; done", "if ls; then {}; fi",
    "for i in a; do {}; done", "case a in a) {};; esac", "echo $({})", 'echo "$({})"', "cat <({})", "x=$({})", "echo ${{U:-$({})}}", "cat <<E\n$({})\nE", "{} &", "time {}",
    "f() {{ {}; }}; f", "coproc {}", "echo `{}`", "export A=$({})", "[[ -n $({}) ]]", "echo $(( $({}) ))", "ls > $({})", "ls\n{}", "# c\n{}", "A=b {}", "\\\n{}",
]  # fmt: skip
_CODE = ["sh -c {}", "bash -c {}", "eval {}", "busybox sh -c {}", "find . -exec sh -c {} \\;", "bash <<< {}", "trap {} EXIT", "watch {}", "flock /tmp/l -c {}", "script -qc {} /dev/null", "su -c {} x", "echo x | xargs sh -c {}", "split --filter={} f"]  # fmt: skip
_RISKS = [
    "rm -rf /srv/x",
    "cat /etc/shadow",
    "curl -s http://evil.example",
    "echo x > /etc/cron.d/x",
    "kubectl delete pod x",
    "python3 -c 'x'",
    "$X y",
    "chmod -R 777 /srv",
    "./x",
    "tee /etc/x",
]


@st.composite
def hidden(draw):
    line = draw(st.sampled_from(_RISKS))
    for _ in range(draw(st.integers(0, 4))):
        how = draw(st.sampled_from(["context", "code", "wrap", "spell"]))
        if how == "context":
            line = draw(st.sampled_from(_CONTEXTS)).format(line)
        elif how == "code":
            line = draw(st.sampled_from(_CODE)).format(quoted(line))
        elif how == "wrap" and line[:1].isalpha() and line.split()[0].isalnum():
            line = f"{draw(st.sampled_from(_WRAPPED))} {line}"
        elif (
            how == "spell"
            and line[:1].isalpha()
            and line.split()[0].isalnum()
            and len(line.split()[0]) > 1
            and line.split()[0] not in _KEYWORDS
        ):
            line = draw(
                st.sampled_from(["{0}''{1}", "{0}\\\n{1}", '{0}""{1}', "\\{0}{1}", "'{0}'{1}"])
            ).format(line[0], line[1:])
    return line


_KEYWORDS = frozenset(["if", "while", "for", "case", "time", "coproc", "f", "do", "export"])


def answers(lines: list[str], dialect: str = "bash") -> list[Parsed]:
    async def run() -> list[Parsed]:
        async with Shfmt(ready=("bash",), spare=2) as syntax:
            return [await syntax.parse(line.encode("utf-8", "surrogatepass"), dialect) for line in lines]

    return asyncio.run(run())


@settings(max_examples=60, deadline=None)
@given(st.lists(hidden(), min_size=6, max_size=6))
def test_a_forbidden_command_is_never_allowed_however_it_is_dressed(lines):
    for line, parsed in zip(lines, answers(lines), strict=True):
        if parsed.tree is None:
            continue
        facts = understand(parsed.tree, parsed.text, cwds=("/app",), dialect="bash", stdin="client")
        for policy in POLICIES:
            assert policy.judge_line(WHO, POD, facts).effect is not Effect.ALLOW, (line, policy.name)


_SHRAPNEL = st.sampled_from(["$(", ")", "`", "'", '"', "${", "}", "|", "&", ";", "\n", "\\", "<<E\n", "\nE\n", ">", "<", "[[", "]]", "((", "))", "{a,b}", "*", "~", "$'\\x41'", "-exec", "--", "=", "\x1b", "é", " "])  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(GOLDEN),
            st.sampled_from(GOLDEN),
            _SHRAPNEL,
            st.integers(0, 60),
            st.integers(0, 60),
        ),
        min_size=8,
        max_size=8,
    ),
    st.sampled_from(["bash", "posix", "mksh", "zsh"]),
)
def test_every_input_has_a_verdict_and_nothing_raises(cuts, dialect):
    lines = [one[:at] + junk + two[start:] for one, two, junk, at, start in cuts]
    for parsed in answers(lines, dialect):
        if parsed.tree is None:
            assert parsed.problem in ("incomplete", "malformed")
            continue
        line = understand(parsed.tree, parsed.text, cwds=("/app",), dialect=dialect, stdin="tty")
        for unit in line.units:
            assert unit.understood == (unit.emitted != b"")
            assert unit.understood or unit.reasons
        verdict = POLICIES[0].judge_line(WHO, POD, line)
        assert verdict.effect is not Effect.ALLOW or verdict.understood


@pytest.mark.parametrize("name", sorted(SPECS))
def test_every_row_of_the_tables_is_well_formed(name):
    spec = SPECS[name]
    kinds = {option.kind for option in spec.options.values()} | {
        kind.lower() for kind in spec.positionals + spec.last
    }
    assert kinds <= set("drwnhckxvaumz23") | {""}, name
    assert not spec.positionals or "x" not in spec.positionals[:-1], name
    for option in spec.options:
        assert option.startswith("-"), (name, option)
        assert " " not in option, (name, option)


def test_the_tables_know_enough_programs():
    assert len({name.split()[0] for name in SPECS}) > 400


def test_at_the_caps_the_answer_is_never_allow():
    deep = "sh -c " * 1 + quoted("ls")
    for _ in range(9):
        deep = f"sh -c {quoted(deep)}"
    many = "; ".join(["ls"] * 1000)
    wide = "ls " + " ".join(["a"] * 5000)
    nested = "$(" * 60 + "ls" + ")" * 60
    for parsed in answers([deep, many, wide, f"echo {nested}", "env " * 100 + "ls"]):
        if parsed.tree is None:
            continue
        line = understand(parsed.tree, parsed.text, cwds=("/app",), dialect="bash", stdin="client")
        assert POLICIES[0].judge_line(WHO, POD, line).effect is not Effect.ALLOW
