"""The house: who gets in, where to, what is noted first, and that nothing outlives its reason."""

import asyncio
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from rooms import Client, place
from sqlalchemy import text
from stage import POLICY, Cluster, Writer, person, sent

from bastion.core.policy_text import load
from bastion.model.events import PodExited
from bastion.model.principal import Kind
from bastion.model.refusal import Refusal
from bastion.model.request import Pty, Size


@pytest.fixture
async def here(tmp_path):
    async with place(tmp_path, Cluster([sent(b"hi\n"), PodExited(0.0, 3)])) as made:
        yield made


async def test_a_session_runs_and_the_index_knows_its_beginning_and_its_end(here):
    client = await here.run(Client(person(), b"echo hi"))
    assert (client.out, client.status) == (b"hi\n", 3)
    found = (await here.rooms.index.find())[0]
    assert (found.identity, found.target) == ("i|alice", "shop/web-0")
    assert found.ended is not None
    assert here.house.live == 0


@pytest.mark.parametrize("login", ["", "root", "enroll", "audit", "demo=", "other=shop/web-0"])
@pytest.mark.parametrize("pty", [None, Pty("xterm", Size())])
async def test_a_login_that_leads_nowhere_is_a_leaf_one_line_and_a_status(here, login, pty):
    client = await here.run(Client(person(), b"echo hi", login, pty=pty))
    said = client.out if pty else client.err
    assert said.count(b"\n") == 1
    assert said.startswith(b"bastion: ")
    assert client.status == 77
    assert here.writer.types() == ["session.refused"]


async def test_with_several_clusters_a_target_names_its_own(tmp_path):
    cluster = Cluster()
    async with place(tmp_path, cluster, clusters={"demo": cluster, "prod": cluster}) as made:
        client = await made.run(Client(person(), b"echo hi"))
        assert b"demo, prod" in client.err
        assert (await made.run(Client(person(), b"echo hi", "prod=shop/web-0"))).status == 0


async def test_what_cannot_be_recorded_is_refused(tmp_path):
    async with place(tmp_path, Cluster(), writer=Writer(fails_at=0)) as made:
        first = await made.run(Client(person(), b"echo hi"))
        second = await made.run(Client(person(), b"echo hi"))
        assert (first.status, second.status) == (255, 255)
        assert b"recorded" in second.err
        assert not await made.house.note("ssh.refused", {"place": "x"})


async def test_a_store_that_fails_refuses_the_session_before_the_cluster_is_asked(here):
    async with here.engine.begin() as link:
        await link.execute(text("DROP TABLE session"))
    client = await here.run(Client(person(), b"echo hi"))
    assert (client.status, here.house.live, here.writer.types()) == (255, 0, ["session.refused"])
    assert client.err.count(b"\n") == 1


async def test_closing_ends_what_runs_and_refuses_what_comes(tmp_path):
    async with place(tmp_path, Cluster([sent(b"x")])) as made:
        client = Client(person(), b"sleep 9")
        running = asyncio.ensure_future(made.run(client))
        while not client.out:
            await asyncio.sleep(0.01)
        await made.house.close(5.0)
        await running
        assert (client.status, made.house.live) == (255, 0)
        assert b"shutting down" in client.err
        assert (await made.run(Client(person(), b"echo hi"))).status == 255


async def test_a_ledger_that_dies_ends_every_session(tmp_path):
    async with place(tmp_path, Cluster([sent(b"x")])) as made:
        client = Client(person(), b"sleep 9")
        watching = asyncio.ensure_future(made.house.watch_ledger())
        running = asyncio.ensure_future(made.run(client))
        while not client.out:
            await asyncio.sleep(0.01)
        made.writer.fails_at = 0
        assert not await made.house.note("x", {})
        await running
        await watching
        assert client.status == 255
        assert b"cannot be recorded" in client.err


async def test_an_identity_that_has_expired_ends_its_session(tmp_path):
    from dataclasses import replace

    async with place(tmp_path, Cluster([sent(b"x")])) as made:
        client = await made.run(Client(replace(person(), expires=1), b"sleep 9"))
        assert client.status == 255
        assert b"expired" in client.err
        assert made.writer.types()[0] == "session.started"


async def test_a_reload_reaches_live_sessions(tmp_path):
    async with place(tmp_path, Cluster()) as made:
        client = Client(person(), b"rm -r /data/x")
        running = asyncio.ensure_future(made.run(client))
        row = await made.filed()
        made.house.reload(load(POLICY.replace("sleep]", "sleep, df]"), name="new.yaml"))
        await made.rooms.queue.approve(row.id, person("bob", "sre"))
        await running
        assert client.status == 77
        assert b"void: the policy changed" in client.err


async def test_a_token_that_is_none_is_refused_and_noted(here):
    assert isinstance(await here.house.identify("x.y.z", "ip"), Refusal)
    assert isinstance(await here.house.certify(b"", b"\xff", "ip"), Refusal)
    assert isinstance(await here.house.certify(b"", b"x.y.z", "ip"), Refusal)
    assert here.writer.types()[-1] == "auth.failed"
    assert isinstance(await here.house.admit(b"junk", "127.0.0.1:5"), Refusal)


async def test_an_agents_request_runs_once_from_its_bytes(tmp_path):
    async with place(tmp_path, Cluster([PodExited(0.0, 4)])) as made:
        bot = person("bot", "agents", kind=Kind.AGENT)
        assert (await made.run(Client(bot, b"rm -r  /data/x"))).status == 75
        row = await made.filed()
        line = f"run {row.id}".encode()
        assert (await made.run(Client(bot, line, "approvals"))).status == 75
        await made.rooms.queue.approve(row.id, person("bob", "sre"))
        assert (await made.run(Client(person("eve", "agents"), line, "approvals"))).status == 77
        assert (await made.run(Client(bot, line, "approvals"))).status == 4
        assert made.house.live == 0
        assert (await made.run(Client(bot, line, "approvals"))).status == 77
        grants = [grant for grant in made.rooms.clusters["demo"].grants if grant.approval]
        assert [grant.argv[-1].splitlines()[-1] for grant in grants] == ["rm -r  /data/x"]


async def test_a_client_that_leaves_while_it_waits_for_an_approval_is_not_waited_for(tmp_path):
    async with place(tmp_path, Cluster()) as made:
        bot = person("bot", "agents", kind=Kind.AGENT)
        await made.run(Client(bot, b"rm -r /data/x"))
        row = await made.filed()
        client = Client(bot, f"wait {row.id}".encode(), "approvals")
        waiting = asyncio.ensure_future(made.run(client))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        client.leave()
        await asyncio.wait_for(waiting, 5)
        assert (client.out, client.err, client.status) == (b"", b"", None)
        assert [each.id for each in await made.rooms.queue.pending()] == [row.id]
