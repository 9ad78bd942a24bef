"""Each fault does what it says."""

from __future__ import annotations

import asyncio

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_dropped_execs_end_without_status_or_close_and_the_process_stays(fresh):
    made = await fresh()
    for protocol in ("v5.channel.k8s.io", "v4.channel.k8s.io"):
        session = await made.open(
            "bash", "-c", f"exec -a drop-{protocol[:2]} sleep 300", protocols=(protocol,)
        )
        assert await made.eventually(f"drop-{protocol[:2]}", 1) == 1
        assert made.cluster.faults.drop_execs() >= 1
        done = await session.end()
        assert (done.status, done.closes) == (None, [])
    assert (await made.count("drop-v5"), await made.count("drop-v4")) == (1, 1)


async def test_down_refuses_and_up_is_back_on_the_same_port(fresh):
    made = await fresh()
    url = made.cluster.url
    await made.cluster.faults.down()
    with pytest.raises(OSError):  # noqa: PT011 - refused or reset, by the platform
        await made.call("/version")
    await made.cluster.faults.up()
    assert made.cluster.url == url
    assert (await made.run("true")).code == 0


async def test_a_hanging_server_answers_later(fresh):
    made = await fresh()
    session = await made.open("cat", streams="stdin,stdout")
    made.cluster.faults.hang()
    waiting = asyncio.ensure_future(made.call("/version"))
    session.send(0, b"open ones go on\n")
    await session.until(b"go on\n")
    await asyncio.sleep(0.2)
    assert not waiting.done()
    made.cluster.faults.answer()
    assert (await waiting).code == 200
    session.cut()


async def test_a_rotated_token_replaces_the_old_one(fresh):
    made = await fresh()
    before = made.cluster.kubeconfig()
    text = before.read_text()
    assert (await made.run("true", user="bastion")).code == 0
    after = made.cluster.faults.rotate_token()
    assert (after, after.read_text() == text) == (before, False)
    assert (await made.refused("true", user="bastion")).code == 401
    made._tokens.clear()
    assert (await made.run("true", user="bastion")).code == 0


async def test_a_changed_secret_reaches_the_pods_volume(fresh):
    made = await fresh()
    old = made.cluster.faults.secret("shop", "web-credentials")
    assert (await made.run("cat", "/etc/secrets/db-password")).channel(1) == old["db-password"]
    made.cluster.faults.set_secret("shop", "web-credentials", {"db-password": b"fresh-one"})
    assert (await made.run("cat", "/etc/secrets/db-password")).channel(1) == b"fresh-one"
    assert (await made.run("cat", "/etc/secrets/api-token")).code == 1


async def test_a_replaced_pod_has_a_new_uid_and_new_files_and_its_execs_end_with_137(fresh):
    made = await fresh()
    path = "/api/v1/namespaces/shop/pods/web-0"
    before = (await made.call(path)).json
    sessions = [
        await made.open("sleep", "300", protocols=(name,))
        for name in ("v5.channel.k8s.io", "v4.channel.k8s.io")
    ]
    await made.run("touch", "/data/mine")
    uid = await made.cluster.faults.replace_pod("shop", "web-0")
    for session in sessions:
        done = await session.end()
        assert (done.code, done.closes) == (137, [b"\x03\xe8"])
    after = (await made.call(path)).json
    assert after["metadata"]["uid"] == uid != before["metadata"]["uid"]
    ids = [pod["status"]["containerStatuses"][0]["containerID"] for pod in (before, after)]
    assert ids[0] != ids[1]
    assert (await made.run("ls", "/data/mine")).code == 2
    await made.cluster.faults.remove_pod("shop", "web-0")
    assert (await made.refused("true")).code == 404
