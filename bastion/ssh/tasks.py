"""The door's own tasks: started by name, cancelled and awaited when the door closes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Tasks:
    """Owns every task that it starts; `close` cancels and awaits them all."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None], name: str) -> None:
        """Run `work`; a fault in it reaches the loop's exception handler when it ends."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self, seconds: float) -> None:
        """Wait until nothing runs, `seconds` at most."""
        if self._running:
            await asyncio.wait(list(self._running), timeout=seconds)

    async def close(self) -> None:
        """Cancel what still runs and wait for its end."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
