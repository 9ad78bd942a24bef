"""`bastion policy explain`: the same verdict as the judge's, with its reasons; bad input is one line."""

import json

import pytest
from click.testing import CliRunner

from bastion.app.cli import main

POLICY = """version: 1
rules:
  - {id: read, who: {groups: [dev]}, command: {programs: [cat, env]}, effect: allow}
  - {id: remove, command: {program: rm}, effect: {approve: {totp: true}}}
"""


@pytest.fixture
def explain(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(POLICY)
    return lambda *words: CliRunner().invoke(main, ["policy", "explain", *words, "--policy", str(path)])


@pytest.mark.parametrize(
    ("line", "status"), [("cat x", 0), ("rm x", 75), ("ls", 77), ("cat '", 77), ("cat x; ls", 77)]
)
def test_the_status_is_that_of_the_verdict(explain, line, status):
    assert explain(line).exit_code == status


def test_people_read_verdict_facts_matches_and_the_nearest_miss(explain):
    done = explain("env cat x; cat x > y", "--as", "alice=dev", "--at", "shop/web-0")
    for part in (
        "human alice in dev", "cluster=shop/web-0/app", "verdict   deny, decided by default: no rule allows it",
        "1. env: allow, decided by rule read (line 3)", "2. cat: allow", "3. cat: deny", "/app/x", "nearest miss read (line 3, allow), but",
        "permits no write, and /app/y is written",
    ):  # fmt: skip
        assert part in done.output


def test_machines_read_the_same(explain):
    found = json.loads(explain("env rm x", "--json", "--as", "agent:bot").output)
    assert (found["effect"], found["rule"], found["rule_line"], found["programs"]) == ("approve-totp", "remove", 4, ["env", "rm"])  # fmt: skip
    assert found["as"]["kind"] == "agent"
    assert [one["effect"] for one in found["commands"]] == ["allow", "approve-totp"]
    assert found["commands"][1]["matched"][0]["rule"] == "remove"


def test_what_drives_a_terminal_is_shown_as_an_escape(explain):
    assert "\x1b" not in explain("cat \x1b[2J").output


@pytest.mark.parametrize("words", [("ls", "--as", "a b"), ("ls", "--at", "@"), ("ls", "--cwd", "here")])
def test_a_principal_target_or_directory_that_cannot_be_read_is_78(explain, words):
    done = explain(*words)
    assert done.exit_code == 78
    assert "Traceback" not in done.output
