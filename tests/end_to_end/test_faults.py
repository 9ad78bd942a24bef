"""The cluster breaks under the bastion: a clear line, the right status, nothing lost, nothing left."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import asyncssh
import pytest

from bastion.app.config import Certificates, Config, PolicySettings
from bastion.app.demo import POLICY
from bastion.app.wiring import start
from bastion.demo.cluster import DemoCluster
from bastion.demo.issuer import AUDIENCE, CLIENTS, DemoIssuer
from bastion.idp.issuer import Issuer
from bastion.kube.settings import KubeSettings
from bastion.ssh.settings import SshSettings
from recorder.reader import entries
from recorder.verify import verify


class House:
    def __init__(self, folder, cluster, issuer, running):
        self.folder, self.cluster, self.issuer, self.running = folder, cluster, issuer, running

    async def connect(self, user="alice", login="shop/web-0"):
        return await asyncssh.connect(
            "127.0.0.1", self.running.server.port, username=login, password=self.issuer.mint(user), known_hosts=None,
            client_keys=None, agent_path=None,
        )  # fmt: skip

    async def run(self, line, user="alice"):
        async with await self.connect(user) as connection:
            return await connection.run(line, timeout=30)

    def leaves(self):
        return [
            entry.leaf.body for year in (self.folder / "state/ledger").iterdir() for entry in entries(year)
        ]


@asynccontextmanager
async def house(folder, **kube):
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        folder.mkdir(mode=0o700)
        cluster = await DemoCluster.start(folder / "cluster")
        stack.push_async_callback(cluster.close)
        issuer = await DemoIssuer.start()
        stack.push_async_callback(issuer.close)
        config = Config(
            state="state", issuers=(Issuer("demo", issuer.url, (AUDIENCE,), CLIENTS),),
            clusters=(KubeSettings("demo", str(cluster.kubeconfig("bastion")), **{"request_timeout": 3.0, **kube}),),
            ssh=SshSettings(port=0), certificates=Certificates(), policy=PolicySettings(str(POLICY)),
        )  # fmt: skip
        running = await start(config, folder, stack, group)
        yield House(folder, cluster, issuer, running)
        await running.house.close(2.0)


@pytest.fixture
async def broken(tmp_path):
    """A house to break. Its tasks live in the fixture's own task."""
    ready, over, made = asyncio.Event(), asyncio.Event(), []

    async def live():
        async with house(tmp_path / "dir") as one:
            made.append(one)
            ready.set()
            await over.wait()

    task = asyncio.ensure_future(live())
    await asyncio.wait([task, asyncio.ensure_future(ready.wait())], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    yield made[0]
    over.set()
    await task


async def test_a_websocket_that_drops_in_mid_stream_is_never_a_success(broken):
    async with await broken.connect() as connection:
        process = await connection.create_process(
            "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; sleep 0.3; done"
        )
        assert await process.stdout.readline() == "line 1\n"
        assert broken.cluster.faults.drop_execs() >= 1
        done = await process.wait(timeout=30)
    assert done.exit_status == 255
    assert "bastion: " in done.stderr
    assert "Traceback" not in done.stderr
    assert verify(
        broken.folder / "state/ledger" / next(iter((broken.folder / "state/ledger").iterdir())).name
    )


async def test_a_cluster_that_is_down_is_one_line_and_comes_back(broken):
    await broken.cluster.faults.down()
    done = await broken.run("echo hi")
    assert done.exit_status == 255
    assert done.stderr.startswith("bastion: ")
    assert done.stderr.count("\n") == 1
    await broken.cluster.faults.up()
    assert (await broken.run("echo hi")).stdout == "hi\n"


async def test_a_rotated_credential_takes_effect_at_a_reload(broken):
    broken.cluster.faults.rotate_token("bastion")
    for cluster in broken.running.clusters:
        await cluster.reload()
    assert (await broken.run("echo hi")).stdout == "hi\n"


async def test_secrets_that_cannot_be_read_mean_no_session(broken):
    broken.cluster.faults.remove_secret("shop", "web-credentials")
    done = await broken.run("echo hi")
    assert done.exit_status != 0
    assert done.stdout == ""
    assert "web-credentials" not in done.stderr


async def test_a_pod_that_was_replaced_voids_its_approvals(broken):
    done = await broken.run("rm -r /data/old", "agent-refactor")
    assert done.exit_status == 75
    row = (await broken.running.rooms.queue.pending())[0]
    async with await broken.connect("bob", "approvals") as connection:
        assert (await connection.run(f"approve {row.id}", timeout=30)).exit_status == 0
    await broken.cluster.faults.replace_pod("shop", "web-0")
    async with await broken.connect("agent-refactor", "approvals") as connection:
        ran = await connection.run(f"run {row.id}", timeout=30)
    assert ran.exit_status == 77
    assert "replaced" in ran.stderr
    assert not [
        leaf for leaf in broken.leaves() if leaf.get("type") == "exec.opened" and leaf.get("approval")
    ]


async def test_what_a_lost_client_started_is_ended(broken):
    connection = await broken.connect()
    process = await connection.create_process("sleep 987")
    await asyncio.sleep(1.5)
    connection.abort()
    del process
    for _ in range(60):
        listed = await broken.run("ps -e -o args=")
        if "sleep 987" not in listed.stdout:
            return
        await asyncio.sleep(0.2)
    raise AssertionError("it still runs")
