"""Container logs: lines, tails, limits, following."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta

import pytest

from bastion.demo import clock
from bastion.demo.podlogs import ContainerLog, LogOptions


@pytest.fixture
async def log():
    made = ContainerLog()
    yield made
    made.close()


async def read(log: ContainerLog, **options) -> bytes:
    return b"".join([line async for line in log.read(LogOptions(**options))])


async def test_lines_come_through_the_pipe_whole_and_tails_are_cut(log):
    os.write(log.writer, b"one\ntw")
    await asyncio.sleep(0.05)
    os.write(log.writer, b"o\nthree\n")
    await asyncio.sleep(0.05)
    assert await read(log) == b"one\ntwo\nthree\n"
    assert await read(log, tail=1) == b"three\n"
    assert await read(log, tail=0) == b""
    assert await read(log, limit=6) == b"one\ntw"
    assert await read(log, since=clock.now() + timedelta(hours=1)) == b""
    assert (await read(log, timestamps=True, tail=1)).endswith(b"Z three\n")


async def test_the_list_is_bounded_and_long_lines_are_cut(log):
    log.add(b"x" * 40_000)
    log.add(b"\n" * 6000)
    found = await read(log)
    assert found.count(b"\n") == 5000
    log.add(b"y" * 20_000 + b"\n")
    assert max(len(line) for line in (await read(log, tail=2)).splitlines()) <= 20_000


async def test_following_goes_on_until_the_container_is_gone(log):
    log.add(b"old\n")
    seen = []

    async def follow() -> None:
        seen.extend([line async for line in log.read(LogOptions(follow=True, tail=0))])

    task = asyncio.ensure_future(follow())
    await asyncio.sleep(0)
    log.add(b"new\n")
    await asyncio.sleep(0)
    assert not task.done()
    log.close()
    async with asyncio.timeout(5):
        await task
    assert seen == [b"new\n"]
