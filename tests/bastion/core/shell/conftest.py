"""Facts of a line, through the real parser."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from bastion.core.shell.facts import Line
from bastion.core.shell.understand import understand
from bastion.syntax.shfmt import Shfmt

Facts = Callable[..., Line]


@pytest.fixture(scope="session")
def facts() -> Facts:
    """`facts(text, dialect="bash", cwds=("/app",), stdin="client")`."""

    async def parse(text: bytes, dialect: str):
        syntax = Shfmt(time.monotonic, spare=0, ready=())
        try:
            return await syntax.parse(text, dialect)
        finally:
            await syntax.close()

    def look(
        text: str | bytes, dialect: str = "bash", cwds: tuple[str, ...] = ("/app",), stdin: str = "client"
    ) -> Line:
        raw = text if isinstance(text, bytes) else text.encode()
        parsed = asyncio.run(parse(raw, dialect))
        assert parsed.tree is not None, (text, parsed.problem, parsed.message)
        return understand(parsed.tree, raw, cwds=cwds, dialect=dialect, stdin=stdin)

    return look
