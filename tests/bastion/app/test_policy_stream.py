"""Judging a stream: an answer for every line, in order, whatever stands in it."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bastion.app import policy_stream
from bastion.app.policy_stream import Stream
from bastion.core.policy_text import load
from bastion.model.verdict import Effect
from bastion.syntax.shfmt import Shfmt

ROOT = Path(__file__).parents[3]
POLICY = """
version: 1
defaults: {not_understood: {human: approve-peer, agent: deny}, approve: {peers: 2, from: [sre], ttl: 5m}}
rules:
  - {id: read, who: {groups: [dev]}, where: {namespaces: [shop]}, command: {programs: [cat, ls, env, awk, sudo, rm]}, effect: allow}
  - {id: remove, command: {program: rm}, effect: {approve: {totp: true, ttl: 90s}}}
  - {id: etc, command: {writes: {within: [/etc]}}, effect: deny, reason: "not there"}
"""
# Asked of the checker, not of the code: an answer has these members and no other effect name.
MEMBERS = ["id", "effect", "rule", "programs", "understood", "facts"]


@pytest.fixture
async def ask():
    async with Shfmt(ready=("bash",)) as syntax:

        async def answers(*lines, jsonl=True):
            data = b"".join(
                (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines
            )
            sink = io.StringIO()
            stream = Stream(load(POLICY, name="p"), syntax, jsonl=jsonl)
            status = await stream.run(io.BytesIO(data), sink)
            written = sink.getvalue().splitlines()
            return status, [
                json.loads(line, parse_constant=pytest.fail) for line in written
            ] if jsonl else written

        yield answers


async def test_each_line_has_one_answer_in_order_with_the_members_in_order(ask):
    status, answers = await ask(*({"id": f"i{n}", "line": "ls", "shell": "bash"} for n in range(5)))
    assert status == 0
    assert [one["id"] for one in answers] == [f"i{n}" for n in range(5)]
    assert all(list(one)[:6] == MEMBERS for one in answers)


@pytest.mark.parametrize(
    ("case", "expected"),
    [({"line": "cat /x"}, ("allow", "read", ["cat"], True)), ({"line": "env rm x; ls; rm y"}, ("approve-totp", "remove", ["env", "rm", "ls"], True)),
     ({"line": "awk 'BEGIN{system(\"rm x\")}'"}, ("approve-totp", "remove", ["awk", "rm"], True)), ({"line": "rm /etc/x"}, ("deny", "etc", ["rm"], True)),
     ({"line": "$X"}, ("approve-peer", "default:not-understood", [], False)), ({"line": "$X", "as": "agent:bot"}, ("deny", "default:not-understood", [], False)),
     ({"line": "cat /x", "as": "alice=ops"}, ("deny", "default", ["cat"], True)), ({"line": "cat /x", "at": "bank/db-0"}, ("deny", "default", ["cat"], True)),
     ({"line": "cat '"}, ("deny", "default:not-understood", [], False)), ({"line": "rm x", "cwd": "/etc"}, ("deny", "etc", ["rm"], True)),
     ({"line": "ls", "shell": "fish"}, ("deny", "default:not-understood", [], False)), ({"line": "\\! rm x", "shell": "psql"}, ("approve-peer", "default:not-understood", ["rm"], False))],
)  # fmt: skip
async def test_the_answer_is_the_verdict(ask, case, expected):
    _status, [answer] = await ask({"id": 1, "shell": "bash", **case})
    assert tuple(answer[name] for name in ("effect", "rule", "programs", "understood")) == expected


async def test_parameters_stand_beside_the_effect(ask):
    _status, answers = await ask({"id": 1, "line": "rm x"}, {"id": 2, "line": "$X"}, {"id": 3, "line": "ls"})
    assert answers[0]["approve"] == {"totp": True, "ttl": "90s", "scope": "once"}
    assert (answers[1]["approve"]["peers"], answers[1]["approve"]["from"]) == (2, ["sre"])
    assert "approve" not in answers[2]


async def test_facts_name_whom_where_and_what_each_command_touches(ask):
    _status, [answer] = await ask({"id": 1, "line": "cat a > /tmp/b", "as": "alice=dev", "at": "shop/web-0"})
    facts = answer["facts"]
    assert (facts["as"]["subject"], facts["as"]["groups"]) == ("alice", ["dev"])
    assert facts["at"]["target"] == "cluster=shop/web-0/app"
    assert facts["commands"][0]["reads"] == ["/app/a"]
    assert facts["commands"][0]["writes"] == ["/tmp/b"]


@pytest.mark.parametrize(
    "line",
    [b"nonsense", b"[]", b'"x"', b"{}", b'{"line": 5}', b'{"line": "ls", "shell": []}', b'{"line": "ls", "cwd": "app"}', b'{"line": "ls", "as": 5}', b'{"line": "ls", "at": "@"}',
     b'{"id": NaN, "line": "ls"}', b'{"id": 1e999, "line": "ls"}', b'{"id": {}, "line": "ls"}', b"[" * 100_000, b'{"line": "ls", "as": ' + b"[" * 2000 + b"]" * 2000 + b"}", b"\xff\xfe", b'{"line": ' + b"9" * 10_000 + b"}"],
)  # fmt: skip
async def test_a_line_that_is_no_case_is_denied_and_named_and_the_next_is_judged(ask, line):
    status, [wrong, right] = await ask(line, {"id": 7, "line": "ls"})
    assert status == 1
    assert (wrong["effect"], wrong["understood"], wrong["number"], bool(wrong["error"])) == (
        "deny",
        False,
        1,
        True,
    )
    assert (right["id"], right["effect"]) == (7, "allow")


async def test_an_input_line_without_end_is_forgotten_piece_by_piece(ask, monkeypatch):
    monkeypatch.setattr(policy_stream, "MAX_LINE", 1000)
    status, answers = await ask(b'{"line": "' + b"a" * 10_500 + b'"}', {"id": 7, "line": "ls"})
    assert status == 1
    assert [one["id"] for one in answers] == [None, 7]
    assert "1000 bytes" in answers[0]["error"]


async def test_plain_lines_are_answered_for_people(ask):
    status, answers = await ask(b"ls", b"rm /etc/x", b"ls \x1b[2J\xff", b"", jsonl=False)
    assert status == 0
    assert answers[0] == "1: allow by read"
    assert answers[1].startswith("2: deny by etc: not there")
    assert all(line.isprintable() for line in answers)


TEXTS = st.text(max_size=60) | st.text(alphabet="rm -/|;&$(){}<>`'\"\\\n*?[]!#=~ ls", max_size=60)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(TEXTS, min_size=1, max_size=8), shell=st.sampled_from(["bash", "sh", "zsh", "mksh", "psql", "redis-cli", "python", "no"]))  # fmt: skip
async def test_every_text_has_a_verdict(ask, data, shell):
    status, answers = await ask(*({"id": n, "line": text, "shell": shell} for n, text in enumerate(data)))
    assert status == 0
    assert [one["id"] for one in answers] == list(range(len(data)))
    assert (
        {one["effect"] for one in answers} <= {"deny", "approve-peer", "approve-totp", "allow"} <= set(Effect)
    )
    assert not [one for one in answers if one["effect"] == "allow" and not one["understood"]]


def bastion(*words, data=b""):
    command = [sys.executable, "-m", "bastion", "policy", "judge", *words]
    return subprocess.run(command, input=data, capture_output=True, timeout=60, check=False, cwd="/")


def test_the_command_needs_a_policy_and_nothing_else(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(POLICY)
    done = bastion("--policy", str(path), "--jsonl", data=b'{"id":1,"line":"ls","shell":"bash"}\n{')
    assert done.returncode == 1
    assert [json.loads(line)["effect"] for line in done.stdout.splitlines()] == ["allow", "deny"]
    path.write_text("rules: [")
    done = bastion("--policy", str(path), "--jsonl", data=b"{}")
    assert done.returncode == 78
    assert b"Traceback" not in done.stderr


def test_an_answer_comes_before_the_next_line_is_asked(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(POLICY)
    command = [sys.executable, "-m", "bastion", "policy", "judge", "--policy", str(path), "--jsonl"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for name in (1, 2):
            process.stdin.write(json.dumps({"id": name, "line": "ls"}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == name
        process.stdin.close()
        assert process.wait(20) == 0
