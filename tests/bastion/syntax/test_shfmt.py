"""The door to shfmt: whole texts become trees, all else a problem; nothing raises, nothing is left."""

from __future__ import annotations

import asyncio
import os
import time

import pytest
import uvloop

from bastion.core.shell.nested import key
from bastion.syntax.shfmt import MAX_TEXT, Shfmt

INCOMPLETE = [
    "echo 'a", 'echo "a', "echo `a", "echo $(a", "echo ${a", "echo $((1+", "(a", "{ a;", "a &&", "a ||", "a |", "a |&",
    "a \\", "a \\\n", "if", "if true", "if true; then", "if true; then a", "if a; then b; else", "while a", "while a; do",
    "until a; do b", "for i", "for i in 1 2", "for i in 1; do", "case x in", "case x in a)", "case x in a) b;;", "f()", "f() {",
    "[[ a", "[[ a &&", "((1", "a=(1", "cat <<E", "cat <<E\nx", "cat <<E\nx\nE x", "cat <<'E'\nE\\", "cat <<A <<B\nx\nA\n",
    "cat <<-E\n\tx\n E", 'echo "$(cat <<E\nx', "echo $'a", "a && # c",
]  # fmt: skip
MALFORMED = [
    "fi", "done", ")", "}", "a ;; b", "| a", "&& a", "if; then a; fi", "if a\nfi", "a &&\n)", "for", "echo )", "esac", "a >", "cat <<",
    "a # c \\\nrm x", "# c \\", "case x in a) b;; )", "if a; then b; done",
]  # fmt: skip


@pytest.fixture
async def syntax():
    async with Shfmt(time.monotonic) as door:
        yield door


@pytest.mark.parametrize("text", INCOMPLETE)
async def test_a_text_that_more_lines_could_complete_is_incomplete(syntax, text):
    parsed = await syntax.parse(text.encode(), "bash")
    assert (parsed.problem, parsed.tree) == ("incomplete", None), parsed.message


@pytest.mark.parametrize("text", MALFORMED)
async def test_a_text_that_nothing_could_complete_is_malformed(syntax, text):
    parsed = await syntax.parse(text.encode(), "bash")
    assert (parsed.problem, parsed.tree) == ("malformed", None)
    assert parsed.message


@pytest.mark.parametrize(
    "text", ["", "\n", "# c", "ls", "ls \\\\", "echo 'a\\'", "cat <<E\nx\nE", "cat <<E\nx\nE\n", "a; b &\n"]
)
async def test_a_whole_text_has_a_tree(syntax, text):
    parsed = await syntax.parse(text.encode(), "bash")
    assert parsed.problem == ""
    assert parsed.tree is not None
    assert parsed.text == text.encode()


async def test_the_caps_fall_to_malformed(syntax):
    for text in (b"x" * (MAX_TEXT + 1), b"a;" * 20_000, b"$(" * 300 + b")" * 300, b"a\0b"):
        parsed = await syntax.parse(text, "bash")
        assert (parsed.problem, parsed.tree) == ("malformed", None)


async def test_the_dialect_decides(syntax):
    assert (await syntax.parse(b"a=(1 2)", "bash")).problem == ""
    assert (await syntax.parse(b"a=(1 2)", "posix")).problem == "malformed"
    assert (await syntax.parse(b"ls", "fish")).problem == "malformed"


async def test_code_inside_code_is_parsed_to_any_depth_and_its_fault_is_kept(syntax):
    parsed = await syntax.parse(b"""bash -c 'sh -c "rm x"'; sh -c 'if'""", "bash")
    nested = parsed.tree["Nested"]
    assert nested[key("bash", b'sh -c "rm x"')] is not None
    assert nested[key("posix", b"rm x")] is not None
    assert nested[key("posix", b"if")] is None


async def test_a_parser_that_is_missing_or_hangs_or_talks_nonsense_is_a_problem_not_a_crash(tmp_path):
    for name, body in {
        "hangs": "exec sleep 60",
        "lies": "echo nonsense",
        "fails": "exit 3",
        "floods": "exec yes",
    }.items():
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\n{body}\n")
        script.chmod(0o700)
        async with Shfmt(time.monotonic, program=str(script), seconds=0.5) as door:
            parsed = await door.parse(b"ls", "bash")
            assert (parsed.problem, parsed.tree) == ("malformed", None), name
    door = Shfmt(time.monotonic, program=str(tmp_path / "none"), ready=())
    assert (await door.parse(b"ls", "bash")).problem == "malformed"
    await door.close()


async def test_many_at_once_keep_their_own_answers(syntax):
    texts = [f"echo {number}".encode() for number in range(40)]
    parsed = await asyncio.gather(*(syntax.parse(text, "bash") for text in texts))
    assert [each.text for each in parsed] == texts
    assert all(str(number) in str(each.tree) for number, each in enumerate(parsed))


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_close_ends_every_process_on_both_loops(run):
    pids: list[int] = []

    async def use() -> None:
        async with Shfmt(time.monotonic, ready=("bash", "posix", "mksh"), spare=3) as door:
            assert (await door.parse(b"ls", "bash")).tree is not None
            pids.extend(process.pid for queue in door._waiting.values() for process in queue)
            assert len(pids) >= 8

    run(use())
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_a_spare_process_that_died_is_not_used(syntax):
    for process in syntax._waiting["bash"]:
        process.kill()
        await process.wait()
    assert (await syntax.parse(b"ls", "bash")).tree is not None
