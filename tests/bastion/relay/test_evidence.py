"""Evidence: every effect has its leaf or its place in the recording before it is performed."""

import asyncio
import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stage import POD, DiskError, Writer

from bastion.model import effects as do
from bastion.model.approval import Asked
from bastion.model.grant import Grant
from bastion.model.request import Pty, Size
from bastion.model.target import Target
from bastion.model.verdict import Terms
from bastion.relay.evidence import PROGRESS_BYTES, PROGRESS_SECONDS, Evidence, leaf_of
from bastion.relay.journal import EvidenceError, Journal

GRANT = Grant(
    "s",
    "u",
    POD,
    ("env", "sh", "-c", "secret-free"),
    tty=False,
    stdin=True,
    identity="i",
    user="",
    groups=(),
    rule="r",
)
ASKED = Asked(
    "a", "s", "i|a", "a", "human", "", "", "", POD, "/", "posix", b"rm \xff", (), "p", "r", (), Terms(1, frozenset({"sre"})),
    waits=True, nonce="n",
)  # fmt: skip
# Every effect: a sample, and the leaf that stands for it (empty: the recording or nothing holds it).
TABLE = {
    do.Note: (do.Note("verdict", {"effect": "allow", "nothing": None}), "verdict"),
    do.Mark: (do.Mark("x"), ""),
    do.Resolve: (do.Resolve(Target("shop", "web-0"), "required"), "target.resolving"),
    do.Parse: (do.Parse(b"x", "posix"), ""),
    do.OpenPod: (do.OpenPod(GRANT, None), "exec.opened"),
    do.SendPod: (do.SendPod(b"typed"), ""),
    do.EndPodInput: (do.EndPodInput(), ""),
    do.ResizePod: (do.ResizePod(Size(90, 30)), ""),
    do.ResizeEditor: (do.ResizeEditor(Size(90, 30)), ""),
    do.KillPod: (do.KillPod(), "exec.killing"),
    do.Deliver: (do.Deliver("out", b"bytes"), ""),
    do.Edit: (do.Edit("$ "), ""),
    do.AskCode: (do.AskCode("a", "code"), "approval.code-asked"),
    do.FileApproval: (do.FileApproval(ASKED), "approval.requested"),
    do.WithdrawApproval: (do.WithdrawApproval("a"), "approval.withdrawn"),
    do.ConsumeApproval: (do.ConsumeApproval("a"), "approval.consuming"),
    do.Exit: (do.Exit(0), ""),
}


@pytest.fixture
async def room(tmp_path):
    writer = Writer()
    journal = Journal(writer, faults=(DiskError,))
    committing = asyncio.ensure_future(journal.run())
    evidence = Evidence(journal, tmp_path, "5" * 32, "i|alice", "shop/web-0")
    yield evidence, writer, tmp_path
    committing.cancel()
    await asyncio.wait([committing])


def lines(folder):
    return [json.loads(line) for line in next(folder.rglob("*.cast")).read_text().splitlines()[1:]]


def test_the_table_holds_every_effect():
    assert set(TABLE) == set(get_args(do.Effect))


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.__name__)
async def test_an_effect_is_in_the_ledger_with_who_and_where(room, kind):
    evidence, writer, _ = room
    evidence.open(None, lambda: 1_700_000_000, 0.0)
    effect, leaf = TABLE[kind]
    await evidence.log([effect], 1.0)
    assert writer.types() == ([leaf] if leaf else []) + ["recording.progress"]
    if leaf:
        assert (writer.leaves[0]["session"], writer.leaves[0]["actor"], writer.leaves[0]["target"]) == (
            "5" * 32, "i|alice", "shop/web-0",
        )  # fmt: skip


def test_what_is_typed_and_what_stands_on_the_argv_is_in_no_leaf():
    assert leaf_of(TABLE[do.SendPod][0]) is None
    leaf = leaf_of(do.OpenPod(GRANT, None))
    assert "secret-free" not in json.dumps(leaf)
    assert leaf["argv_sha256"] == hashlib.sha256("\0".join(GRANT.argv).encode()).hexdigest()
    assert leaf != leaf_of(do.OpenPod(replace(GRANT, argv=("env",)), None))


async def test_bytes_marks_and_sizes_are_in_the_recording_in_order(room):
    evidence, _, folder = room
    evidence.open(Pty("xterm", Size(80, 24)), lambda: 1_700_000_000, 0.0)
    await evidence.log([do.Mark("allowed: x"), do.Deliver("out", b"hi"), do.ResizePod(Size(90, 30))], 1.0)
    assert [event[1:] for event in lines(folder)] == [["m", "allowed: x"], ["o", "hi"], ["r", "90x30"]]


async def test_a_session_without_a_recording_logs_nothing_that_could_be_performed(room):
    evidence, writer, _ = room
    with pytest.raises(EvidenceError):
        await evidence.log([do.Deliver("out", b"x")], 0.0)
    await evidence.log_only([do.Note("desk.asked", {})])
    assert writer.types() == ["desk.asked"]


async def test_the_seal_says_what_was_delivered(room):
    evidence, writer, folder = room
    evidence.open(None, lambda: 1_700_000_000, 0.0)
    await evidence.log([do.Deliver("out", b"abc"), do.Deliver("err", b"e")], 1.0)
    await evidence.seal(2.0, 3)
    leaf = writer.leaves[-1]
    path = folder / leaf["recording"]
    assert (leaf["type"], leaf["bytes"]) == ("recording.sealed", path.stat().st_size)
    assert leaf["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (leaf["out_bytes"], leaf["out_sha256"]) == (3, hashlib.sha256(b"abc").hexdigest())
    assert lines(folder)[-1][1:] == ["x", "3"]


async def test_a_growing_recording_is_referred_to(room):
    evidence, writer, _ = room
    evidence.open(None, lambda: 1_700_000_000, 0.0)
    await evidence.log([do.Deliver("out", b"x")], 1.0)
    assert writer.types() == ["recording.progress"]
    await evidence.log([do.Deliver("out", b"x")], PROGRESS_SECONDS)
    assert writer.types() == ["recording.progress"]
    await evidence.log([do.Deliver("out", b"x")], 1.0 + PROGRESS_SECONDS)
    await evidence.log([do.Deliver("out", b"x" * PROGRESS_BYTES)], PROGRESS_SECONDS + 1.1)
    assert writer.types() == ["recording.progress"] * 3


async def test_what_was_printed_before_a_long_pause_is_referred_to_without_another_effect(room):
    evidence, writer, folder = room
    evidence.open(None, lambda: 1_700_000_000, 0.0)
    assert evidence.due == PROGRESS_SECONDS
    await evidence.log([do.Deliver("out", b"first")], 1.0)
    assert evidence.due is None
    await evidence.log([do.Deliver("out", b"then nothing")], 2.0)
    assert evidence.due == 1.0 + PROGRESS_SECONDS
    evidence.progress(evidence.due)
    last = writer.leaves[-1]
    assert last["sha256"] == hashlib.sha256(next(folder.rglob("*.cast")).read_bytes()).hexdigest()
    assert evidence.due is None


async def test_a_recording_is_never_overwritten(room):
    evidence, _, folder = room
    evidence.open(None, lambda: 1_700_000_000, 0.0)
    again = Evidence(evidence._journal, folder, "5" * 32, "i|alice", "t")
    with pytest.raises(EvidenceError):
        again.open(None, lambda: 1_700_000_000, 0.0)


async def test_the_last_words_name_the_session(room):
    evidence, writer, _ = room
    writer.fails_at = 0
    assert await evidence.severed("x" * 500)
    assert (writer.words[0]["type"], writer.words[0]["session"], len(writer.words[0]["why"])) == (
        "session.severed",
        "5" * 32,
        200,
    )


async def test_a_fault_is_a_leaf_while_the_ledger_lives(room):
    evidence, writer, _ = room
    assert await evidence.severed("KeyError")
    assert (writer.words, writer.leaves[-1]["type"], writer.leaves[-1]["why"]) == (
        [],
        "session.severed",
        "KeyError",
    )
