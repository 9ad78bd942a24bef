"""`policy diff` and `policy replay`: each line whose effect changes is named, with both rules."""

import json

import pytest
from click.testing import CliRunner

from bastion.app.cli import main
from recorder.checkpoint import SigningKey
from recorder.ledger import Ledger

OLD = """version: 1
defaults: {approve: {peers: 1, from: [sre]}}
rules:
  - {id: read, who: {groups: [dev]}, command: {programs: [cat, ls]}, effect: allow}
"""
NEW = OLD.replace("[cat, ls]", "[cat, id]").replace("read", "reads")


@pytest.fixture
def run(tmp_path):
    (tmp_path / "old.yaml").write_text(OLD)
    (tmp_path / "new.yaml").write_text(NEW)
    return lambda *words: CliRunner().invoke(
        main, ["policy", *(str(tmp_path / w) if "." in w else w for w in words)]
    )


def corpus(folder, *rows):
    (folder / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_change_names_the_line_both_effects_and_both_rules(run, tmp_path):
    corpus(tmp_path, {"line": "cat x"}, {"line": "ls"}, {"line": "id"})
    done = run("diff", "old.yaml", "new.yaml", "--corpus", "c.jsonl")
    assert done.exit_code == 1
    assert "stricter c.jsonl:2: ls\n         allow (read) → deny (default)\n" in done.output
    assert "looser   c.jsonl:3: id\n         deny (default) → allow (reads)\n" in done.output
    assert done.output.endswith("3 lines, 2 changed\n")


def test_another_rule_with_the_same_effect_is_no_change(run, tmp_path):
    corpus(tmp_path, {"line": "cat x"}, {"line": "rm x"})
    done = run("diff", "old.yaml", "new.yaml", "--corpus", "c.jsonl")
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "2 lines, 0 changed")


def test_machines_read_one_object_for_each_change(run, tmp_path):
    corpus(tmp_path, {"id": "x", "line": "ls"}, {"id": "y", "line": "cat x"})
    found = json.loads(run("diff", "old.yaml", "new.yaml", "--corpus", "c.jsonl", "--json").output)
    assert (found["id"], found["looser"], found["before"], found["after"]) == (
        "x", False, {"effect": "allow", "rule": "read"}, {"effect": "deny", "rule": "default"},
    )  # fmt: skip


@pytest.mark.parametrize("row", [{"line": 5}, {"line": "ls", "at": "@"}])
def test_a_corpus_that_cannot_be_read_is_78_with_its_line(run, tmp_path, row):
    corpus(tmp_path, row)
    done = run("diff", "old.yaml", "new.yaml", "--corpus", "c.jsonl")
    assert done.exit_code == 78
    assert "c.jsonl:1: " in done.output


def test_replay_judges_what_the_ledger_recorded_and_counts_what_it_cannot(run, tmp_path):
    ticks = iter(range(10**15, 10**15 + 10**6))
    ledger = Ledger.open(
        tmp_path / "ledger" / "2026", origin="o/2026", key=SigningKey.generate(), boot="b",
        clock=lambda: (next(ticks), next(ticks)),
    )  # fmt: skip
    verdict = {"type": "verdict", "session": "s", "refused": "", "cwd": "/app", "dialect": "bash"}
    ledger.append([
        {"type": "session.started", "session": "s", "identity": "i|alice", "kind": "human", "groups": ["dev"], "mode": "script", "tty": False},
        {"type": "pod.resolved", "session": "s", "cluster": "c", "namespace": "shop", "pod": "web-0", "container": "app"},
        {**verdict, "text": "ls", "bytes": 2, "effect": "allow", "rule": "read"},
        {**verdict, "text": "cat x", "bytes": 5, "effect": "allow", "rule": "read"},
        {**verdict, "text": "cat •", "bytes": 9, "effect": "deny", "rule": ""},
    ])  # fmt: skip
    ledger.close()
    command = ["policy", "replay", "--policy", str(tmp_path / "new.yaml"), "--state", str(tmp_path)]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 1
    assert "alice shop/web-0: ls\n         allow (read) → deny (default)\n" in done.output
    assert "1  not judged: a secret in it is masked" in done.output
    assert done.output.endswith("2 lines, 1 changed\n")


def test_a_ledger_that_was_altered_is_78_not_a_shorter_history(run, tmp_path):
    folder = tmp_path / "ledger" / "2026" / "entries"
    folder.mkdir(parents=True)
    (folder / "000000000000.log").write_bytes(b"nonsense\nnonsense\n")
    done = CliRunner().invoke(main, ["policy", "replay", "--policy", str(tmp_path / "new.yaml"), "--state", str(tmp_path)])  # fmt: skip
    assert done.exit_code == 78
    assert "cannot be read" in done.output
