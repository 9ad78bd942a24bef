"""`bastion serve` before a cluster, with an issuer that is not the demo's: ready, reloads, ends."""

import asyncio
import os
import signal
import socket
import subprocess
import sys

import asyncssh
import pytest

from bastion.app.demo import POLICY
from bastion.demo import issuer as demo_issuer
from bastion.demo.cluster import DemoCluster

CONFIG = """
state = "state"
public_name = "127.0.0.1"
[ssh]
port = {port}
[policy]
file = "policy.yaml"
[log]
format = "text"
[[issuers]]
name = "corp"
issuer_url = "{issuer}"
audiences = ["bastion"]
clients = {{ {clients} }}
[[clusters]]
name = "prod"
kubeconfig = "{kubeconfig}"
"""


class Served:
    """`bastion serve` as a process, and what systemd would hear from it."""

    def __init__(self, folder, cluster, issuer):
        self.folder, self.issuer = folder, issuer
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(str(folder / "notify"))
        self.notices.settimeout(30)
        (folder / "policy.yaml").write_text(POLICY.read_text())
        self.kubeconfig = str(cluster.kubeconfig("bastion"))
        self.configure()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bastion", "serve", "--config", str(folder / "bastion.toml")],
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify")}, stderr=(folder / "log").open("wb"),
        )  # fmt: skip

    def configure(self, clients='bastion-cli = "human", bastion-agent = "agent"', more=""):
        text = CONFIG.format(
            port=self.port, issuer=self.issuer.url, clients=clients, kubeconfig=self.kubeconfig
        )
        (self.folder / "bastion.toml").write_text(more + text)

    async def heard(self, word):
        while word not in (got := (await asyncio.to_thread(self.notices.recv, 4096)).decode()):
            assert got

    async def reload(self):
        self.process.send_signal(signal.SIGHUP)
        await self.heard("RELOADING=1")
        await self.heard("READY=1")

    async def run(self, line, user="alice"):
        async with asyncssh.connect(
            "127.0.0.1", self.port, username="shop/web-0", password=self.issuer.mint(user), known_hosts=None,
            client_keys=None, agent_path=None,
        ) as connection:  # fmt: skip
            return await connection.run(line, timeout=30)


@pytest.fixture
async def served(tmp_path, monkeypatch):
    monkeypatch.setattr(demo_issuer, "PATH", "/realm")
    cluster = await DemoCluster.start(tmp_path / "cluster")
    issuer = await demo_issuer.DemoIssuer.start()
    one = Served(tmp_path, cluster, issuer)
    yield one
    if one.process.poll() is None:
        one.process.kill()
    one.process.wait(10)
    one.notices.close()
    await issuer.close()
    await cluster.close()


async def test_it_tells_when_it_is_ready_reloads_what_it_may_and_ends(served):
    await served.heard("READY=1")
    assert (await served.run("echo hi")).stdout == "hi\n"

    policy = served.folder / "policy.yaml"
    good = policy.read_text()
    policy.write_text(good.replace("rules:", "rulez:"))
    await served.reload()
    assert "rulez" in (served.folder / "log").read_text()
    assert (await served.run("echo still")).stdout == "still\n"

    policy.write_text(good.replace("id: no-writes-under-etc", "id: another-name"))
    served.configure(clients='bastion-agent = "agent"')
    await served.reload()
    with pytest.raises(asyncssh.PermissionDenied):
        await served.run("echo hi")
    assert "another-name" in (await served.run("touch /etc/x", "agent-refactor")).stderr

    served.configure(more='node = "moved"\n')
    await served.reload()
    assert "node" in (served.folder / "log").read_text()
    with pytest.raises(asyncssh.PermissionDenied):
        await served.run("echo hi")

    served.process.send_signal(signal.SIGTERM)
    await served.heard("STOPPING=1")
    assert await asyncio.to_thread(served.process.wait, 30) == 0
