"""The cluster as a whole: its files, its address, the host's safety, its end, both event loops."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import stat
import sys
from pathlib import Path

import pytest
import uvloop

from bastion.demo import sandbox
from bastion.demo.cluster import DemoCluster, DemoUnavailable

pytestmark = pytest.mark.asyncio(loop_scope="module")


def listing(folder: Path) -> dict[str, str]:
    """Path to kind, mode and content of everything below `folder`."""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            info = path.lstat()
            content = ""
            if stat.S_ISREG(info.st_mode):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            elif stat.S_ISLNK(info.st_mode):
                content = str(path.readlink())
            found[str(path)] = f"{info.st_mode:o} {info.st_uid} {content}"
    return found


@pytest.mark.parametrize(("target", "container"), [("shop/web-0", "app"), ("shop/api-0", "sidecar")])
async def test_rm_of_data_and_etc_in_a_pod_leaves_the_host_as_it_was(wire, tmp_path, target, container):
    canary = tmp_path / "canary"
    canary.write_text("alive")
    before = listing(Path("/etc"))
    assert len(before) > 20
    words = ["rm", "-rf", "/data", "/etc", str(tmp_path)]
    done = await wire.run(*words, target=target, container=container)
    mounted = done.channel(2).decode()
    assert done.code == (1 if "/etc/secrets" in mounted else 0), mounted
    left = await wire.run("sh", "-c", "ls -d /data; ls /etc", target=target, container=container)
    assert "/data" not in left.channel(1).decode().split()
    assert left.channel(1).decode().split() == (["secrets"] if mounted else [])
    assert listing(Path("/etc")) == before
    assert canary.read_text() == "alive"


async def test_the_other_containers_and_pods_keep_their_files(wire):
    for target, container, path in [
        ("bank/ledger-0", "ledger", "/data/ledger.csv"),
        ("shop/api-0", "app", "/etc/hosts"),
    ]:
        done = await wire.run("rm", "-rf", "/data", "/etc", target="shop/api-0", container="sidecar")
        assert (await wire.run("cat", path, target=target, container=container)).code == 0
        assert done.code == 0


async def test_containers_of_a_pod_share_their_empty_dir(wire):
    script = "echo shared > /shared/file"
    assert (await wire.run("sh", "-c", script, target="shop/api-0", container="app")).code == 0
    done = await wire.run("cat", "/shared/file", target="shop/api-0", container="sidecar")
    assert done.channel(1) == b"shared\n"


async def test_everything_private_is_private_and_nothing_listens_elsewhere(wire):
    cluster = wire.cluster
    folder = cluster.ca_file.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in (cluster.kubeconfig(), cluster.audit_file, folder / "server.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    port = f"{int(cluster.url.rpartition(':')[2]):04X}"
    listening = [
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(":" + port)
    ]
    assert listening == [f"0100007F:{port}"]
    config = json.loads(cluster.kubeconfig("alice").read_text())
    assert config["clusters"][0]["cluster"]["server"] == cluster.url
    with pytest.raises(KeyError):
        cluster.kubeconfig("nobody")


async def test_every_target_can_be_entered(wire):
    assert wire.cluster.targets[0] == "shop/web-0"
    for target in wire.cluster.targets:
        namespace, pod, *container = target.split("/")
        done = await wire.run("true", target=f"{namespace}/{pod}", container=(container or [""])[0])
        assert done.code == 0, target


def children() -> set[int]:
    lists = [task.read_text() for task in Path("/proc/self/task").glob("*/children")]
    return {int(pid) for text in lists for pid in text.split()}


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
async def test_it_starts_and_ends_under_both_loops_and_leaves_nothing(tmp_path, runner):
    async def life() -> None:
        before = children()
        cluster = await DemoCluster.start(tmp_path / "c")
        assert len(children() - before) >= 5
        await cluster.close()
        await cluster.close()
        assert children() - before == set()
        assert not list((tmp_path / "c").glob("pods-*"))

    fds = len(list(Path("/proc/self/fd").iterdir()))
    await asyncio.to_thread(runner, life())
    assert len(list(Path("/proc/self/fd").iterdir())) <= fds + 2


ALONE = """
import asyncio, pathlib, sys
from bastion.demo.cluster import DemoCluster
async def main():
    await DemoCluster.start(pathlib.Path(sys.argv[1]))
    tasks = pathlib.Path("/proc/self/task").glob("*/children")
    print(" ".join(task.read_text() for task in tasks), flush=True)
    await asyncio.sleep(300)
asyncio.run(main())
"""


async def test_a_kill_of_the_cluster_leaves_no_pod_behind(tmp_path):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ALONE, str(tmp_path / "c"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    async with asyncio.timeout(30):
        pids = [int(pid) for pid in (await process.stdout.readline()).split()]
    assert len(pids) >= 5
    pods = [int(pid) for pid in pids for pid in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    assert len(pods) >= 5
    process.kill()
    await process.wait()
    async with asyncio.timeout(10):
        while any(Path(f"/proc/{pid}").exists() for pid in [*pids, *pods]):
            await asyncio.sleep(0.05)


async def test_where_no_sandbox_can_be_made_it_refuses_to_start_and_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "_PROGRAM", "import sys; sys.exit(1)  # {fd}")
    before = children()
    with pytest.raises(DemoUnavailable, match=r"never run outside one .*Install bubblewrap"):
        await DemoCluster.start(tmp_path / "c")
    assert children() == before
    assert not list((tmp_path / "c").glob("pods-*"))


async def test_a_port_that_is_taken_is_an_error_and_ends_what_was_started(wire, tmp_path):
    before = children()
    with pytest.raises(OSError, match="in use"):
        await DemoCluster.start(tmp_path / "c", port=int(wire.cluster.url.rpartition(":")[2]))
    assert children() == before
