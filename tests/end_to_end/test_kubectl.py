"""A real kubectl against the demo cluster: get, exec, logs, auth can-i."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import shutil
import struct
import termios
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bastion.demo.cluster import DemoCluster

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECONDS = 60


class Kubectl:
    """kubectl as one of the cluster's users."""

    def __init__(self, cluster: DemoCluster, home: Path) -> None:
        program = shutil.which("kubectl")
        assert program, "kubectl is not on PATH: this test needs it (`.ci/run` installs it)"
        self.cluster = cluster
        self.program = program
        self.home = home

    def env(self, user: str) -> dict[str, str]:
        return {"KUBECONFIG": str(self.cluster.kubeconfig(user)), "HOME": str(self.home), "PATH": os.defpath}

    async def __call__(
        self, *words: str, user: str = "bastion", stdin: bytes | None = None
    ) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            self.program,
            *words,
            env=self.env(user),
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(SECONDS):
            out, err = await process.communicate(stdin)
        return process.returncode or 0, out.decode(), err.decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kubectl(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kubectl]:
    folder = tmp_path_factory.mktemp("kubectl")
    cluster = await DemoCluster.start(folder / "cluster")
    try:
        yield Kubectl(cluster, folder)
    finally:
        await cluster.close()


async def test_get_shows_pods_workloads_and_secrets_in_every_form(kubectl):
    code, out, err = await kubectl("get", "pods")
    assert (code, err) == (0, "")
    rows = {line.split()[0]: line.split()[1:3] for line in out.splitlines()[1:]}
    assert rows == {
        "api-0": ["2/2", "Running"],
        "pause-0": ["1/1", "Running"],
        "stuck-0": ["0/1", "Pending"],
        "web-0": ["1/1", "Running"],
    }
    assert "demo-node" in (await kubectl("get", "po", "-o", "wide"))[1]
    found = json.loads((await kubectl("get", "pod", "web-0", "-o", "json"))[1])
    assert (found["kind"], found["metadata"]["name"]) == ("Pod", "web-0")
    assert "secretName: web-credentials" in (await kubectl("get", "pod", "web-0", "-o", "yaml"))[1]
    code, out, _ = await kubectl("get", "ns,deploy,rs,sts,ds,job,secret,cm,sa", "-A")
    assert code == 0
    for name in ("namespace/bank", "deployment.apps/web", "job.batch/report", "secret/web-credentials"):
        assert name in out
    code, out, _ = await kubectl("get", "pods", "-A", "-l", "tier=web", "-o", "name")
    assert out.split() == ["pod/web-0"]


async def test_what_is_not_there_or_not_allowed_is_told(kubectl):
    code, _, err = await kubectl("get", "pod", "nope")
    assert (code, err.strip()) == (1, 'Error from server (NotFound): pods "nope" not found')
    code, _, err = await kubectl("get", "secrets", user="alice")
    assert code == 1
    assert 'User "alice" cannot list resource "secrets" in API group "" in the namespace "shop"' in err


@pytest.mark.parametrize("code", [0, 1, 3, 137, 255])
async def test_exec_ends_with_the_commands_code(kubectl, code):
    assert (await kubectl("exec", "web-0", "--", "sh", "-c", f"exit {code}"))[0] == code


async def test_exec_keeps_streams_apart_and_passes_stdin(kubectl):
    code, out, err = await kubectl("exec", "web-0", "--", "sh", "-c", "echo out; echo err >&2")
    assert (code, out, err) == (0, "out\n", "err\n")
    text = b"line\n" * 100_000
    code, out, _ = await kubectl("exec", "-i", "web-0", "--", "cat", stdin=text)
    assert (code, out.encode() == text) == (0, True)
    code, out, _ = await kubectl("exec", "deploy/web", "--", "hostname")
    assert (code, out) == (0, "web-0\n")


@pytest.mark.parametrize(
    ("words", "user", "said"),
    [
        (("web-0", "--", "nope"), "bastion", 'exec: "nope": executable file not found in $PATH'),
        (("pause-0", "--", "sh"), "bastion", 'exec: "sh": executable file not found in $PATH'),
        (("api-0", "-c", "nope", "--", "ls"), "bastion", "container nope is not valid for pod api-0"),
        (("stuck-0", "--", "ls"), "bastion", 'container not found ("app")'),
        (("web-0", "--", "ls"), "carol", "this cluster speaks WebSocket only"),
        (("web-0", "--", "ls"), "dave", 'pods "web-0" is forbidden'),
    ],
)
async def test_a_refused_exec_says_why(kubectl, words, user, said):
    code, _, err = await kubectl("exec", *words, user=user)
    assert code == 1
    assert said in err


async def test_exec_with_a_terminal_has_its_size_and_echoes(kubectl):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
    process = await asyncio.create_subprocess_exec(
        kubectl.program,
        "exec",
        "-it",
        "web-0",
        "--",
        "bash",
        env=kubectl.env("bastion"),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    os.set_blocking(master, False)
    seen = b""

    async def until(wanted: bytes) -> None:
        nonlocal seen
        async with asyncio.timeout(SECONDS):
            while wanted not in seen:
                await asyncio.sleep(0.02)
                try:
                    seen += os.read(master, 65536)
                except BlockingIOError:
                    continue

    await until(b"web-0:")
    os.write(master, b"stty size; tty\r")
    await until(b"33 101")
    await until(b"/dev/pts/")
    os.write(master, b"exit 7\r")
    async with asyncio.timeout(SECONDS):
        while process.returncode is None:
            await asyncio.sleep(0.02)
            try:
                os.read(master, 65536)
            except OSError:
                continue
    os.close(master)
    assert process.returncode == 7


async def test_logs_are_shown_tailed_and_followed(kubectl):
    code, out, _ = await kubectl("logs", "web-0")
    assert (code, out.splitlines()[0]) == (0, "web-0: listening on :8080")
    assert len((await kubectl("logs", "web-0", "--tail=1"))[1].splitlines()) == 1
    assert (await kubectl("logs", "api-0", "-c", "sidecar"))[1].startswith("api-0: listening")
    code, _, err = await kubectl("logs", "web-0", "--previous")
    assert code == 1
    assert "previous terminated container" in err
    process = await asyncio.create_subprocess_exec(
        kubectl.program,
        "logs",
        "-f",
        "--tail=0",
        "web-0",
        env=kubectl.env("bastion"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    async with asyncio.timeout(SECONDS):
        waiting = asyncio.ensure_future(process.stdout.readline())
        while not waiting.done():
            await kubectl("exec", "web-0", "--", "sh", "-c", "echo followed > /proc/1/fd/1")
            await asyncio.sleep(0.1)
    assert b"followed" in waiting.result() or b"heartbeat" in waiting.result()
    process.terminate()
    await process.wait()


@pytest.mark.parametrize(
    ("words", "user", "answer"),
    [
        (("create", "pods", "--subresource=exec"), "alice", "yes"),
        (("get", "pods", "--subresource=exec"), "alice", "yes"),
        (("create", "pods/exec"), "alice", "no"),
        (("get", "pods", "--subresource=exec"), "carol", "no"),
        (("create", "pods", "--subresource=exec"), "dave", "no"),
        (("get", "secrets"), "bastion", "yes"),
        (("delete", "pods"), "bastion", "no"),
        (("*", "*"), "admin", "yes"),
    ],
)
async def test_auth_can_i_answers_by_rbac(kubectl, words, user, answer):
    code, out, _ = await kubectl("auth", "can-i", *words, user=user)
    assert (out.strip(), code) == (answer, 0 if answer == "yes" else 1)


async def test_impersonation_and_tokens(kubectl):
    words = ("--as", "oidc:alice", "--as-group", "oidc:dev")
    assert (await kubectl(*words, "exec", "web-0", "--", "true"))[0] == 0
    code, _, err = await kubectl("--as", "bob", "get", "pods")
    assert code == 1
    assert 'cannot impersonate resource "users"' in err
    code, out, _ = await kubectl("create", "token", "web", "--duration=10m", user="admin")
    assert (code, out.count(".")) == (0, 2)
    code, out, _ = await kubectl("auth", "whoami", user="alice")
    assert (code, "alice" in out) == (0, True)
