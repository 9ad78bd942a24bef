"""The house's own lines stand in the ledger first, and what waits at the desk ends as sessions of pods do."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from rooms import Client, place
from stage import Cluster, Writer, person, recorded, sent

from bastion.app import house
from bastion.model.events import EditorDrew, LineEntered
from bastion.model.principal import Kind
from bastion.model.request import Pty, Size
from bastion.relay.unrecorded import UNRECORDED
from bastion.store.index import StoreError

BOT = replace(person("bot", "agents", kind=Kind.AGENT), serial="77")
TERMINAL = Pty("xterm", Size())
CONSTANT = UNRECORDED.line().encode() + b"\n"


@pytest.fixture
async def here(tmp_path):
    async with place(tmp_path, Cluster([sent(b"x")])) as made:
        made.folder = tmp_path
        await made.run(Client(BOT, b"rm -r /data/x"))
        made.id = (await made.filed()).id
        yield made


async def waiting(here, who=BOT):
    """A client that waits at the desk, and its task."""
    client = Client(who, f"wait {here.id}".encode(), "approvals")
    task = asyncio.ensure_future(here.run(client))
    while not here.house.live:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    return client, task


def last_refusal(here):
    return [leaf for leaf in here.writer.leaves if leaf["type"] == "session.refused"][-1]


class Watched(Client):
    """A client that notes how many leaves there were when it was written to."""

    def __init__(self, writer, *args, **more):
        super().__init__(*args, **more)
        self.writer, self.types = writer, []

    def write(self, stream, data):
        self.types.append(self.writer.types()[-1])
        super().write(stream, data)


@pytest.mark.parametrize("login", ["root", "enroll", "demo=", "other=shop/web-0"])
async def test_a_refusal_before_a_session_is_a_leaf_with_its_code_and_text_before_it_is_sent(here, login):
    client = Watched(here.writer, person(), b"x", login)
    await here.run(client)
    leaf = last_refusal(here)
    assert client.types == ["session.refused"]
    assert (leaf["actor"], leaf["target"]) == ("i|alice", login)
    assert leaf["text"].encode() in client.err


async def test_a_refusal_at_a_shutdown_is_a_leaf(here):
    await here.house.close(1.0)
    client = Watched(here.writer, person(), b"echo hi")
    await here.run(client)
    assert client.types == ["session.refused"]
    assert last_refusal(here)["code"] == "shutting-down"
    assert "bastion.stopping" in here.writer.types()


@pytest.mark.parametrize("login", ["root", "approvals", "shop/web-0"])
async def test_with_a_dead_ledger_every_login_gets_the_one_constant_line(tmp_path, login):
    async with place(tmp_path, Cluster(), writer=Writer(fails_at=0)) as made:
        client = await made.run(Client(person(), b"list", login))
        assert (client.out, client.err, client.status) == (b"", CONSTANT, 255)


async def test_who_waits_at_the_desk_is_ended_at_a_shutdown(here):
    client, task = await waiting(here)
    assert here.house.live == 1
    await here.house.close(5.0)
    await task
    assert (client.status, here.house.live) == (255, 0)
    assert b"shutting down" in client.err
    assert last_refusal(here)["target"] == "approvals"


async def test_who_waits_at_the_desk_is_ended_when_the_ledger_dies(here):
    watching = asyncio.ensure_future(here.house.watch_ledger())
    client, task = await waiting(here)
    here.writer.fails_at = 0
    assert not await here.house.note("x", {})
    await asyncio.gather(task, watching)
    assert (client.err, client.status) == (CONSTANT, 255)


async def test_who_waits_at_the_desk_is_ended_with_their_identity(here):
    who = replace(BOT, expires=1)
    client = await here.run(Client(who, f"wait {here.id}".encode(), "approvals"))
    assert client.status == 255
    assert b"expired" in client.err
    assert last_refusal(here)["code"] == "identity-expired"


async def test_a_revoked_certificate_ends_what_it_opened_and_nothing_else(here, monkeypatch):
    monkeypatch.setattr(house, "REVOKED_SECONDS", 0.02)
    watching = asyncio.ensure_future(here.house.watch_revoked())
    client, task = await waiting(here)
    pod = Client(replace(person(), serial="78"), b"sleep 9")
    running = asyncio.ensure_future(here.run(pod))
    while not pod.out:
        await asyncio.sleep(0.01)
    await here.rooms.index.revoke(77, 1)
    await task
    assert (client.status, here.house.live) == (255, 1)
    assert b"revoked" in client.err
    await here.rooms.index.revoke(78, 1)
    await running
    assert b"revoked" in pod.err
    watching.cancel()


async def test_an_end_that_comes_after_the_answer_says_nothing_more(here):
    client = await here.run(Client(person("bob", "sre"), b"list", "approvals"))
    assert client.status == 0
    assert client.err == b""


async def test_the_desks_prompt_for_a_code_is_recorded_and_shown(tmp_path):
    async with place(tmp_path, Cluster()) as made:
        from stage import POLICY

        from bastion.core.policy_text import load

        made.rooms.policy = load(
            POLICY.replace("approver_factor: none", "approver_factor: totp"), name="c.yaml"
        )
        await made.run(Client(BOT, b"rm -r /data/x"))
        row = await made.filed()
        await made.rooms.codes.enrol("i|bob", "123456")
        inputs = [EditorDrew(0.0, b"bastion: your one-time code: "), LineEntered(0.0, "123456")]
        line = f"approve {row.id}".encode()
        client = await made.run(Client(person("bob", "sre"), line, "approvals", pty=TERMINAL, inputs=inputs))
        assert client.status == 0
        assert client.out.startswith(b"bastion: your one-time code: ")
        assert "your one-time code: " in recorded(tmp_path)
        assert "123456" not in recorded(tmp_path)


async def test_a_revoked_certificate_opens_nothing_more_on_a_connection_that_is_open(here):
    await here.rooms.index.revoke(77, 1)
    for login, line in (("shop/web-0", b"echo hi"), ("approvals", b"list")):
        client = await here.run(Client(replace(BOT, serial="77"), line, login))
        assert (client.out, client.status) == (b"", 255)
        assert last_refusal(here)["code"] == "certificate-revoked"


async def test_while_nobody_knows_what_is_revoked_no_certificate_opens_anything(here, monkeypatch):
    async def gone():
        raise StoreError("gone")

    monkeypatch.setattr(here.rooms.index, "revoked", gone)
    client = await here.run(Client(replace(person(), serial="78"), b"echo hi"))
    assert (client.out, client.status) == (b"", 255)
    assert last_refusal(here)["code"] == "no-store"
