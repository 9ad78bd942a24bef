"""The login `approvals`: who sees, who decides, what is said and with which status."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from rooms import Client, place
from stage import POLICY, Cluster, Writer, person, policy, recorded

from bastion.app import desk
from bastion.model.events import ClientEnded, ClientSent, LineAborted, LineEntered
from bastion.model.principal import Kind
from bastion.model.request import Pty, Size

BOT = person("bot", "agents", kind=Kind.AGENT)
BOB, CAROL, EVE = person("bob", "sre"), person("carol", "dev"), person("eve", "others")
PTY = Pty("xterm", Size())


@pytest.fixture
async def here(tmp_path):
    async with place(tmp_path, Cluster()) as made:
        made.folder = tmp_path
        await made.run(Client(BOT, b"rm -r /data/x"))
        made.id = (await made.filed()).id
        yield made


async def say(here, who, line, **more):
    return await here.run(Client(who, line.encode(), "approvals", **more))


async def test_an_approver_sees_decides_and_the_requester_reads_it(here):
    assert here.id.encode() in (await say(here, BOB, "list")).out
    assert b"rm -r /data/x" in (await say(here, BOB, f"show {here.id}")).out
    done = await say(here, BOB, f"approve {here.id}")
    assert (done.status, done.out) == (0, f"bastion: approved {here.id}\n".encode())
    waited = await say(here, BOT, f"wait {here.id}")
    assert waited.status == 0
    assert f"run {here.id}".encode() in waited.out


async def test_a_vote_is_a_leaf_before_it_counts(here):
    await say(here, BOB, f"approve {here.id}")
    voted = next(leaf for leaf in here.writer.leaves if leaf["type"] == "approval.voted")
    assert (voted["approval"], voted["by"]) == (here.id, "i|bob")


async def test_a_vote_that_cannot_be_recorded_does_not_count(here):
    here.writer.fails_at = len(here.writer.leaves) + 1
    done = await say(here, BOB, f"approve {here.id}")
    assert done.status == 255
    assert (await here.rooms.queue.row(here.id)).state.value == "requested"


@pytest.mark.parametrize("who", [CAROL, EVE])
@pytest.mark.parametrize("verb", ["show", "approve", "deny", "wait", "run"])
async def test_who_may_not_see_a_request_cannot_tell_it_from_none(here, who, verb):
    tail = " why" if verb == "deny" else ""
    real, none = (
        await say(here, who, f"{verb} {here.id}{tail}"),
        await say(here, who, f"{verb} {'f' * 32}{tail}"),
    )
    assert real.status == none.status == 77
    assert real.err == none.err
    assert here.id.encode() not in (await say(here, who, "list")).out


async def test_nobody_approves_what_they_or_their_agent_asked_for(here):
    for who in (BOT, person("alice", "sre")):
        done = await say(here, who, f"approve {here.id}")
        assert done.status == 77
    assert "approval.refused" in here.writer.types()
    assert (await here.rooms.queue.row(here.id)).state.value == "requested"


async def test_a_denial_carries_its_reason_and_drives_no_terminal(here):
    done = await say(here, BOB, f"deny {here.id} 'too \x1b[2J risky\nbastion: approved'")
    assert done.status == 0
    waited = await say(here, BOT, f"wait {here.id}")
    assert waited.status == 77
    assert b"\x1b" not in waited.err + waited.out
    assert (waited.err + waited.out).count(b"\n") == 1


async def test_the_owner_of_a_request_withdraws_it(here):
    assert b"withdrawn" in (await say(here, BOT, f"deny {here.id} changed-my-mind")).out
    assert (await say(here, BOB, f"approve {here.id}")).status == 77


@pytest.mark.parametrize(
    "line", ["", "list it", "approve", "deny x", "run", "run a b", "frobnicate", "'", "show"]
)
async def test_what_is_no_command_of_the_desk_is_told_with_64(here, line):
    done = await say(here, BOB, line)
    assert done.status in {64, 77}
    assert done.err.startswith(b"bastion: ")


async def test_machines_read_one_json_object(here):
    listed = json.loads((await say(here, BOB, "list --json")).out)
    assert (listed[0]["id"], listed[0]["v"], listed[0]["state"]) == (here.id, 1, "requested")
    refused = json.loads((await say(here, CAROL, f"approve {here.id} --json")).out)
    assert (refused["status"], refused["code"]) == ("refused", "unknown-approval")


async def test_what_the_desk_says_is_recorded_before_it_is_said(here):
    done = await say(here, BOB, "list")
    assert done.out.decode().replace("\n", "\r\n") in recorded(here.folder)
    assert here.writer.types()[-3:] == ["desk.answered", "recording.progress", "recording.sealed"]


@pytest.mark.parametrize("verb", ["list", "show"])
async def test_an_approver_sees_at_a_glance_that_a_letter_is_not_what_it_looks_like(tmp_path, verb):
    async with place(tmp_path, Cluster()) as made:
        await made.run(Client(BOT, "rm -r /data/\u0430bc".encode()))
        line = verb if verb == "list" else f"show {(await made.filed()).id}"
        seen = await say(made, BOB, line)
        assert b"rm -r /data/\\u0430bc" in seen.out
        assert b"  ! text: not what it may look like: 1 letters of CYRILLIC" in seen.out
        data = json.loads((await say(made, BOB, line + " --json")).out)
        told = data[0] if verb == "list" else data
        assert told["text"] == "rm -r /data/\u0430bc"
        assert "CYRILLIC SMALL LETTER A" in told["warnings"][0]


# Approvers' own codes


@pytest.fixture
async def coded(tmp_path, monkeypatch):
    rules = POLICY.replace("approver_factor: none", "approver_factor: totp")
    async with place(tmp_path, Cluster(), writer=Writer()) as made:
        from bastion.core.policy_text import load

        made.rooms.policy = load(rules, name="coded.yaml")
        assert made.rooms.policy.sha256 != policy().sha256
        await made.run(Client(BOT, b"rm -r /data/x"))
        made.id = (await made.filed()).id
        await made.rooms.codes.enrol("i|bob", "123456")
        monkeypatch.setattr(desk, "CODE_SECONDS", 0.3)
        yield made


@pytest.mark.parametrize(
    ("more", "status"),
    [({"inputs": [ClientSent(0.0, b"1234"), ClientSent(0.0, b"56\n")]}, 0), ({"inputs": [ClientSent(0.0, b"000000\n")]}, 77),
     ({"inputs": [ClientEnded(0.0)]}, 77), ({"inputs": []}, 77), ({"inputs": [ClientSent(0.0, b"\xff" * 99)]}, 77),
     ({"pty": PTY, "inputs": [LineEntered(0.0, "123456")]}, 0), ({"pty": PTY, "inputs": [LineAborted(0.0, "interrupt")]}, 77)],
)  # fmt: skip
async def test_an_approver_who_owes_a_code_gives_it_or_does_not_count(coded, more, status):
    done = await say(coded, BOB, f"approve {coded.id}", **more)
    assert done.status == status
    state = (await coded.rooms.queue.row(coded.id)).state.value
    assert state == ("approved" if status == 0 else "requested")
    assert not any("123456" in str(leaf) for leaf in coded.writer.leaves)
    if more.get("pty"):
        assert done.edits[0][1] is True


async def test_a_code_counts_for_one_approval(coded):
    line = [ClientSent(0.0, b"123456\n")]
    assert (await say(coded, BOB, f"approve {coded.id}", inputs=line)).status == 0
    await coded.run(Client(BOT, b"rm -r /data/y"))
    rows = await coded.rooms.queue.pending()
    other = next(row.id for row in rows if row.id != coded.id)
    await asyncio.sleep(0)
    assert (await say(coded, BOB, f"approve {other}", inputs=line)).status == 77


async def test_a_reason_that_holds_a_secret_is_not_taken_and_stands_nowhere(here):
    done = await say(here, BOB, f"deny {here.id} 'no: password=Harbour-77-Qx'")
    assert done.status == 65
    assert (await here.rooms.queue.row(here.id)).state.value == "requested"
    assert "Harbour-77" not in str(here.writer.leaves)


@pytest.mark.parametrize("line", ["password=Harbour-77-Qx list", "show AKIADL6X5MXUOOF2PTBB"])
async def test_what_is_no_verb_and_no_id_is_not_kept(here, line):
    await say(here, BOB, line)
    asked = [leaf for leaf in here.writer.leaves if leaf["type"] == "desk.asked"][-1]
    assert (asked["verb"], asked["approval"]) in {("?", ""), ("show", "")}
