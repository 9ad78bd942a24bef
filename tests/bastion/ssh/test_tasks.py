"""Tasks that end with their owner."""

import asyncio

from bastion.ssh.tasks import Tasks


async def test_closing_cancels_and_awaits_what_runs():
    tasks, ended = Tasks(), []

    async def work(name):
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    for name in ("a", "b"):
        tasks.start(work(name), name)
    await asyncio.sleep(0)
    await tasks.finish(0.01)
    assert not ended
    await tasks.close()
    assert sorted(ended) == ["a", "b"]


async def test_finishing_returns_as_soon_as_nothing_runs():
    tasks = Tasks()
    tasks.start(asyncio.sleep(0), "short")
    await asyncio.wait_for(tasks.finish(3600), 5)
    await asyncio.wait_for(tasks.finish(3600), 5)
