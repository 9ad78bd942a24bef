"""A container cannot touch the host, in either way of making it; a command's life in it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bastion.demo import image, ways
from bastion.demo.sandbox import Box, Container, DemoUnavailable, NotStarted

ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "FROM": "the pod"}
IDLE = ("/usr/bin/sleep", "infinity")
MODES = ["unshare", "bwrap"]
Start = Callable[[str], Awaitable[Container]]


@pytest_asyncio.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    made: list[Container] = []

    async def begin(mode: str, shared: Path | None = None) -> Container:
        if mode == "bwrap" and shutil.which("bwrap") is None:
            pytest.skip("bubblewrap is not installed; pods are made by unshare(2) here")
        owner = ways.host_id() if mode == "unshare" else None
        root = tmp_path / "pods" / str(len(made))
        mounts = image.build(root, image.Image({"data/file": "x\n"}), "box-0", ["/shared"], owner)
        if shared is not None:
            mounts.append((str(shared), "/shared", False))
        container = await Container.start(Box(root, tuple(mounts), "box-0", IDLE, ENV, mode, owner), (1, 2))
        made.append(container)
        return container

    yield begin
    for container in made:
        await container.end()


async def run(container: Container, *argv: str) -> tuple[int, str]:
    """Exit code and what came on stdout and stderr."""
    process = await container.run(argv, tty=False, wanted=(False, True, True))
    async with asyncio.timeout(20):
        code = await process.exited
    out = b""
    for fd in (process.stdout, process.stderr):
        os.set_blocking(fd, True)
        while piece := os.read(fd, 65536):
            out += piece
    process.close()
    return code, out.decode()


@pytest.mark.parametrize("mode", MODES)
async def test_the_host_cannot_be_written_and_is_not_seen(start, mode, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "canary").write_text("host")
    container = await start(mode, shared)
    attempts = [
        "echo x > /usr/bin/x",
        "rm /usr/bin/env",
        "echo x > /shared/canary",
        "rm /shared/canary",
        "echo 1 > /proc/sys/kernel/panic",
        "echo x > /proc/sysrq-trigger",
        "mount -o remount,rw /usr/bin",
        "mount -o remount,bind,rw /shared",
        "mount -t tmpfs t /mnt",
        "umount /usr/bin",
        "unshare -Urm mount -o remount,bind,rw /shared",
        "chroot / true",
        "hostname other",
        f"ls {tmp_path}",
        "ls /work /root/.ssh /boot",
    ]
    for attempt in attempts:
        code, out = await run(container, "sh", "-c", attempt)
        assert code != 0, (attempt, out)
    assert (shared / "canary").read_text() == "host"


@pytest.mark.parametrize("mode", MODES)
async def test_the_pod_has_its_own_root_processes_network_and_environment(start, mode):
    container = await start(mode)
    os.environ["BASTION_TEST_LEAK"] = "leak"
    _, out = await run(container, "env")
    assert dict(line.split("=", 1) for line in out.splitlines()) == ENV
    _, out = await run(
        container,
        "sh",
        "-c",
        "ls -d /proc/[0-9]*; hostname; id -u; ls /sys/class/net 2>&1; cat /proc/net/dev",
    )
    pids = [line for line in out.splitlines() if line.startswith("/proc/")]
    assert "/proc/1" in pids
    assert len(pids) < 6
    assert "box-0" in out.splitlines()
    assert "0" in out.splitlines()
    assert "eth0" not in out
    assert await run(
        container, "sh", "-c", "touch /new /etc/new && echo 1 > /dev/null && rm -rf /data /etc && ls / "
    ) != (1, "")
    _, out = await run(container, "ls", "-a", "/")
    assert "data" not in out.split()


@pytest.mark.parametrize("mode", MODES)
async def test_no_descriptor_of_ours_reaches_a_command(start, mode):
    container = await start(mode)
    _, out = await run(container, "ls", "/proc/self/fd")
    assert out.split() == ["0", "1", "2", "3"]
    _, out = await run(container, "ls", "/proc/1/fd")
    assert set(out.split()) <= {"0", "1", "2"}


@pytest.mark.parametrize("mode", MODES)
async def test_a_command_can_open_its_own_output_again(start, mode):
    container = await start(mode)
    assert await run(container, "sh", "-c", "echo out > /dev/stdout; echo err > /dev/stderr") == (
        0,
        "out\nerr\n",
    )


@pytest.mark.parametrize("mode", MODES)
async def test_commands_see_each_other_and_can_kill_each_other(start, mode):
    container = await start(mode)
    sleeper = await container.run(["sleep", "300"], tty=False, wanted=(False, False, False))
    code, out = await run(container, "sh", "-c", 'kill -TERM $(pidof sleep | tr " " "\\n" | grep -vx 1)')
    assert code == 0, out
    async with asyncio.timeout(5):
        assert await sleeper.exited == 128 + signal.SIGTERM
    code, _ = await run(container, "sh", "-c", "kill -9 1; sleep 0.1; kill -0 1")
    assert (code, container.alive) == (0, True)


@pytest.mark.parametrize("mode", MODES)
async def test_a_tty_is_the_pods_own_and_starts_at_0x0(start, mode):
    container = await start(mode)
    process = await container.run(
        ["sh", "-c", "tty; stty size; echo $TERM > /dev/tty"], tty=True, wanted=(True,) * 3
    )
    assert await process.exited == 0
    out = os.read(process.stdout, 4096).decode().split()
    process.close()
    assert out == ["/dev/pts/0", "0", "0", "xterm"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("nope",), 'exec: "nope": executable file not found in $PATH'),
        (("/nope",), 'exec: "/nope": stat /nope: no such file or directory'),
        (("/etc",), 'exec: "/etc": permission denied'),
        (("a\0b",), 'exec: "a\0b": invalid argument'),
        (("echo", "x" * 200_000), 'exec: "echo": argument list too long'),
    ],
)
async def test_what_cannot_be_executed_is_told_in_the_runtimes_words(start, argv, words):
    container = await start("unshare")
    with pytest.raises(NotStarted) as refused:
        await container.run(argv, tty=False, wanted=(False, True, True))
    assert str(refused.value) == words


async def test_ending_a_container_ends_what_runs_in_it_with_137(start):
    container = await start("unshare")
    process = await container.run(
        ["sh", "-c", "trap '' TERM; sleep 300"], tty=False, wanted=(False, True, True)
    )
    await container.end()
    assert (await process.exited, container.alive) == (137, False)
    process.close()
    with pytest.raises(NotStarted):
        await container.run(["true"], tty=False, wanted=(False, True, True))


async def test_a_container_dies_with_its_supervisor_and_the_other_way_round(start):
    container = await start("unshare")
    process = await container.run(["sleep", "300"], tty=False, wanted=(False, False, False))
    container._program.kill()
    async with asyncio.timeout(5):
        assert await process.exited == 137
    assert not container.alive


async def test_where_no_sandbox_can_be_made_the_reason_is_told(tmp_path):
    box = Box(tmp_path / "missing", (), "x", IDLE, {}, "unshare", ways.host_id())
    with pytest.raises(DemoUnavailable, match="missing"):
        await Container.start(box, (1, 2))
