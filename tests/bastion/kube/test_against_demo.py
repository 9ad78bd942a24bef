"""The whole room against the demo cluster: TLS, RBAC, both protocols, real sandboxed processes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import tracemalloc
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from bastion.demo.cluster import DemoCluster
from bastion.kube.cluster import KubeCluster
from bastion.kube.identity import Impersonation
from bastion.kube.settings import KubeSettings
from bastion.model.events import PodExited, PodFailed, PodSent
from bastion.model.grant import Grant
from bastion.model.refusal import Refusal
from bastion.model.request import Size
from bastion.model.target import parse

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@asynccontextmanager
async def bastion_at(folder, *, user="bastion", subprotocols=(V5, V4), **settings):
    """A demo cluster and the room's view of it; both are ended."""
    demo = await DemoCluster.start(Path(folder) / secrets.token_hex(4), subprotocols=subprotocols)
    cluster = KubeCluster(KubeSettings("demo", str(demo.kubeconfig(user)), **settings))
    try:
        yield demo, cluster
    finally:
        await cluster.close()
        await demo.close()


@pytest.fixture
async def here(tmp_path):
    async with bastion_at(tmp_path) as both:
        yield both


async def start(cluster, line, *, login="shop/web-0", size=None, **fields):
    """Open `sh -c line` as the core would, with a mark of its own."""
    pod = await cluster.resolve(parse(login))
    assert not isinstance(pod, Refusal), pod
    unit = secrets.token_hex(16)
    values = {
        "session": "s-1",
        "unit": unit,
        "pod": pod,
        "argv": ("env", f"BASTION_UNIT={unit}", "TERM=xterm", "sh", "-c", line),
        "tty": False,
        "stdin": False,
        "identity": "iss|alice",
        "user": "alice",
        "groups": ("dev",),
        "rule": "r",
    }
    return await cluster.open(Grant(**{**values, **fields}), size)


async def finish(stream):
    """(stdout, stderr, last event); gives up after 30 s."""
    out = {"out": bytearray(), "err": bytearray()}
    async with asyncio.timeout(30):
        while isinstance(event := await stream.receive(), PodSent):
            out[event.stream] += event.data
    return bytes(out["out"]), bytes(out["err"]), event


async def run(cluster, line, **fields):
    stream = await start(cluster, line, **fields)
    assert not isinstance(stream, Refusal), stream
    return await finish(stream)


async def until(stream, text):
    """Read stdout until `text` stands in it."""
    seen = b""
    async with asyncio.timeout(20):
        while text not in seen:
            event = await stream.receive()
            assert isinstance(event, PodSent), (event, seen)
            seen += event.data
    return seen


async def alive(cluster, word):
    """How many processes of the pod have `word` in their command line; the probe's own does not."""
    probe = (
        f"cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -c '^{word[0]}[{word[1]}]{word[2:]}$'"
    )
    return int((await run(cluster, probe))[0])


@pytest.mark.parametrize("loop", LOOPS)
def test_codes_streams_and_signals_are_the_programs_own_on_both_loops(tmp_path, loop):
    async def scenario():
        async with bastion_at(tmp_path) as (_, cluster):
            for code in (0, 1, 3, 137, 255):
                out, err, last = await run(cluster, f"echo out; echo err >&2; exit {code}")
                assert (out, err) == (b"out\n", b"err\n")
                assert isinstance(last, PodExited)
                assert last.code == code
            assert (await run(cluster, "kill -9 $$"))[2].code == 137
            stream = await start(cluster, "cat; echo end", stdin=True)
            await stream.send(b"a" * 100_000)
            await stream.end_input()
            assert (await finish(stream))[0] == b"a" * 100_000 + b"end\n"
            stream = await start(cluster, "sleep 4321", tty=True)
            await stream.kill()
            assert stream.survivors == 0
            assert await alive(cluster, "4321") == 0

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(scenario())


async def test_a_terminal_has_its_size_from_the_start_and_takes_resizes(here):
    stream = await start(here[1], "stty size; read x; stty size", tty=True, size=Size(132, 43))
    assert b"43 132" in await until(stream, b"\n")
    await stream.resize(Size(100, 70_000))
    await stream.resize(Size(90, 30))
    await stream.send(b"go\n")
    out, _, last = await finish(stream)
    assert b"30 90" in out
    assert last.code == 0


@pytest.mark.parametrize("line", [b"line\n", b"half a line"])
async def test_the_end_of_input_ends_a_program_on_a_terminal(here, line):
    stream = await start(here[1], "stty -echo; echo up; cat", tty=True)
    await until(stream, b"up")
    await stream.send(line)
    await stream.end_input()
    out, _, last = await finish(stream)
    assert line.strip() in out
    assert last.code == 0


@pytest.mark.parametrize("subprotocols", [(V5, V4), (V4,)], ids=["v5", "v4"])
@pytest.mark.parametrize("tty", [False, True], ids=["pipe", "tty"])
async def test_kill_leaves_nothing_running(tmp_path, subprotocols, tty):
    line = "trap '' HUP TERM; sleep 4321 & setsid sleep 4321 & env -i sleep 4321 & echo up; wait; sleep 4321"
    async with bastion_at(tmp_path, subprotocols=subprotocols) as (_, cluster):
        bystander = await start(cluster, "echo up; sleep 5432")
        await until(bystander, b"up")
        stream = await start(cluster, line, tty=tty)
        await until(stream, b"up")
        await stream.kill()
        assert stream.survivors == 0
        assert await alive(cluster, "4321") == 0
        assert await alive(cluster, "5432") == 1
        assert not isinstance(await stream.receive(), PodSent)


async def test_a_stream_that_is_dropped_is_255_and_what_it_ran_is_ended(here):
    demo, cluster = here
    stream = await start(cluster, "echo up; sleep 4321", tty=True)
    await until(stream, b"up")
    assert demo.faults.drop_execs() == 1
    last = (await finish(stream))[2]
    assert isinstance(last, PodFailed)
    assert (last.refusal.code, last.refusal.status) == ("pod-lost", 255)
    await stream.kill()
    assert stream.survivors == 0
    assert await alive(cluster, "4321") == 0


async def test_a_v4_cluster_runs_commands_and_never_hangs_for_the_end_of_input(tmp_path):
    async with bastion_at(tmp_path, subprotocols=(V4,), input_grace=0.5) as (_, cluster):
        assert (await run(cluster, "echo hi; exit 3"))[::2][1].code == 3
        stream = await start(cluster, "cat", stdin=True)
        assert stream.protocol == V4
        await stream.send(b"data\n")
        await stream.end_input()
        out, _, last = await finish(stream)
        assert out == b"data\n"
        assert last.refusal.code == "no-half-close"


async def test_a_program_or_shell_that_is_missing_is_told_as_such(here):
    _, cluster = here
    stream = await start(cluster, "", argv=("/no/such/program",))
    last = (await finish(stream))[2]
    assert (last.refusal.code, last.refusal.status) == ("no-such-command", 127)
    stream = await start(cluster, "true", login="shop/pause-0")
    assert (await finish(stream))[2].refusal.code == "no-shell"


@pytest.mark.parametrize("user", ["carol", "dave"])
async def test_an_exec_takes_both_rights(tmp_path, user):
    async with bastion_at(tmp_path, user=user) as (_, cluster):
        refusal = await start(cluster, "true")
        assert refusal.code == "forbidden"
        assert "get and create" in refusal.line()


async def test_the_person_is_impersonated_and_judged_by_the_clusters_own_rules(tmp_path):
    on = Impersonation(enabled=True)
    async with bastion_at(tmp_path, impersonation=on) as (demo, cluster):
        assert (await run(cluster, "echo hi"))[0] == b"hi\n"
        assert (await start(cluster, "true", user="eve", groups=())).code == "forbidden"
        lines = [json.loads(line) for line in demo.audit_file.read_text().splitlines()]
        mine = [line for line in lines if line.get("impersonatedUser", {}).get("username") == "oidc:alice"]
        assert mine
        assert mine[0]["impersonatedUser"]["groups"][0] == "oidc:dev"
        assert mine[0]["impersonatedUser"]["extra"] == {"bastion-session": ["s-1"]}
        assert mine[0]["auditID"] == "s-1"


async def test_a_rejected_credential_is_read_again_and_open_sessions_go_on(here):
    demo, cluster = here
    stream = await start(cluster, "read x; echo $x", stdin=True)
    demo.faults.rotate_token()
    assert await cluster.reload() is None
    assert (await run(cluster, "echo new"))[0] == b"new\n"
    await stream.send(b"still here\n")
    assert (await finish(stream))[0] == b"still here\n"


async def test_a_cluster_that_is_down_is_told_and_comes_back(here):
    demo, cluster = here
    pod = await cluster.resolve(parse("shop/web-0"))
    await demo.faults.down()
    assert (await cluster.resolve(parse("shop/web-0"))).code == "cluster-down"
    assert (await cluster.secrets(pod, "pod")).code == "cluster-down"
    await demo.faults.up()
    assert (await run(cluster, "echo hi"))[0] == b"hi\n"


async def test_a_pod_of_the_same_name_is_not_the_same_pod(here):
    demo, cluster = here
    pod = await cluster.resolve(parse("shop/web-0"))
    await demo.faults.replace_pod("shop", "web-0")
    assert (await start(cluster, "true", pod=pod)).code == "not-ready"
    assert (await run(cluster, "echo hi"))[0] == b"hi\n"


async def test_targets_are_resolved_as_the_cluster_has_them(here):
    _, cluster = here
    assert (await cluster.resolve(parse("shop/deploy/web"))).name == "web-0"
    assert (await cluster.resolve(parse("shop/sts/api"))).code == "ambiguous-container"
    assert (await cluster.resolve(parse("shop/api-0/sidecar"))).workload == "statefulset/api"
    assert (await cluster.resolve(parse("shop/stuck-0"))).code == "not-ready"
    assert (await cluster.resolve(parse("bank/job/report"))).code == "not-ready"
    assert (await cluster.resolve(parse("shop/nope"))).code == "unknown-target"


async def test_the_values_that_a_pod_can_reach_are_known_and_no_others(here):
    demo, cluster = here
    reading = await cluster.secrets(await cluster.resolve(parse("shop/web-0")), "pod")
    values = {one.value for one in reading.known.values}
    reached = demo.faults.secret("shop", "web-credentials")
    assert set(reached.values()) <= values
    assert not set(demo.faults.secret("shop", "not-mounted").values()) & values
    assert not any("web" in one.ref for one in reading.known.values)
    demo.faults.remove_secret("shop", "web-credentials")
    again = await cluster.secrets(await cluster.resolve(parse("shop/web-0")), "pod")
    assert again.known.why.code == "secrets-unknown"


async def test_a_secret_that_changes_or_is_added_is_known_soon(here):
    demo, cluster = here
    pod = await cluster.resolve(parse("shop/web-0"))
    narrow, wide = await cluster.secrets(pod, "pod"), await cluster.secrets(pod, "namespace")
    await asyncio.sleep(0.5)
    demo.faults.set_secret("shop", "web-credentials", {"db-password": b"Quiet-Meadow-5812"})
    demo.faults.set_secret("shop", "another", {"key": b"nobody-mounts-this-1"})
    async with asyncio.timeout(10):
        values = {one.value for one in (await narrow.changed()).values}
        everything = set()
        while b"nobody-mounts-this-1" not in everything:
            everything = {one.value for one in (await wide.changed()).values}
    assert {b"Quiet-Meadow-5812", b"Wint3r-Harbour-77"} <= values & everything
    assert b"nobody-mounts-this-1" not in values


async def test_a_large_output_is_whole_and_a_slow_reader_costs_no_memory(here):
    _, cluster = here
    size = 48 * 1024 * 1024
    line = f"yes 0123456789abcde | head -c {size}"
    stream = await start(cluster, line)
    await stream.receive()
    tracemalloc.start()
    await asyncio.sleep(1)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < 8 * 1024 * 1024
    await stream.kill()
    out, _, last = await run(cluster, line)
    assert last.code == 0
    assert hashlib.sha256(out).digest() == hashlib.sha256(b"0123456789abcde\n" * (size // 16)).digest()


async def test_many_execs_at_once(here):
    _, cluster = here
    ends = await asyncio.gather(*(run(cluster, f"sleep 0.2; exit {code}") for code in range(30)))
    assert [last.code for _, _, last in ends] == list(range(30))
