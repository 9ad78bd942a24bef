"""`policy lint` and `policy test`: findings, failing examples and failing cases are lines and a status."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bastion.app.cli import main

PACKS = sorted((Path(__file__).parents[3] / "conf/policies").glob("*.yaml"))
POLICY = """version: 1
defaults: {approve: {peers: 1, from: [sre]}}
rules:
  - id: read
    who: {groups: [dev]}
    command: {programs: [cat]}
    effect: allow
    examples: {match: [cat x], not_match: [ls]}
"""


@pytest.fixture
def run(tmp_path):
    def run(command, *more, text=POLICY):
        (tmp_path / "p.yaml").write_text(text)
        return CliRunner().invoke(main, ["policy", command, str(tmp_path / "p.yaml"), *more])

    return run


@pytest.fixture
def cases(tmp_path):
    def write(*rows):
        path = tmp_path / "cases.jsonl"
        path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
        return ["--cases", str(path)]

    return write


def test_nothing_suspicious_is_0_and_a_finding_is_1_with_file_and_line(run):
    assert run("lint").exit_code == 0
    done = run("lint", text=POLICY.replace("[cat]", "[cat, catt]"))
    assert done.exit_code == 1
    assert "p.yaml:4: rule read: catt is not a program" in done.output


@pytest.mark.parametrize("text", ["rules: [", POLICY.replace("[cat x]", "[ls]")])
def test_lint_refuses_what_does_not_load(run, text):
    assert run("lint", text=text).exit_code == 78


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_lint_finds_nothing_in_the_policies_that_come_along(path):
    done = CliRunner().invoke(main, ["policy", "lint", str(path)])
    assert (done.exit_code, done.output.count("\n")) == (0, 1), done.output


def test_every_failing_example_is_named(run):
    done = run("test", text=POLICY.replace("[cat x], not_match: [ls]", "[cat x, ls], not_match: [cat y]"))
    assert done.exit_code == 1
    assert "'ls' is not matched" in done.output
    assert "'cat y' is matched" in done.output
    assert "3 examples of 1 rules, 0 cases: 2 fail" in done.output


def test_cases_say_what_to_expect_of_whom_and_where(run, cases):
    done = run("test", *cases({"line": "cat x", "expect": "allow"}, {"line": "cat x", "as": "bob=ops", "expect": "deny"}, {"line": "$X", "expect": "approve-peer"}))  # fmt: skip
    assert (done.exit_code, done.output) == (0, "2 examples of 1 rules, 3 cases: 0 fail\n")


@pytest.mark.parametrize(
    ("row", "said"),
    [({"line": "cat x", "expect": "deny"}, '"cat x" is allow by read, not deny'), ({"line": "cat x"}, "must say what to expect"), ({"line": "ls", "expect": "deny", "at": "@"}, "does not name a pod")],
)  # fmt: skip
def test_a_case_that_fails_is_named_with_its_line(run, cases, row, said):
    done = run("test", *cases({"line": "ls", "expect": "deny"}, row))
    assert done.exit_code == 1
    assert "cases.jsonl:2: " in done.output
    assert said in done.output


@pytest.mark.parametrize("row", ["{", '{"line": "ls", "expect": "permit"}', '{"line": 1}'])
def test_a_file_of_cases_that_cannot_be_read_is_78_with_its_line(run, cases, row):
    done = run("test", *cases({"line": "ls", "expect": "deny"}, row))
    assert done.exit_code == 78
    assert "cases.jsonl:2: " in done.output
