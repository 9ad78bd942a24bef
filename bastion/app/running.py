"""How a command of the command line runs and ends: its loop, its errors, its exit status."""

from __future__ import annotations

import asyncio
import difflib
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn

import click
import uvloop

from bastion.app.config import ConfigError

EXIT_CONFIG = 78


class Group(click.Group):
    """Names the nearest command for an unknown one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a hint."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(error.format_message() + hint, ctx) from None


def run(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Run a coroutine and end with the status that it returns; a ConfigError is a line and 78."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            sys.exit(runner.run(work))
    except ConfigError as error:
        fail(error)
    except ExceptionGroup as group:
        known, rest = group.split(ConfigError)
        if known is None or rest is not None:
            raise
        fail(known.exceptions[0])


def fail(error: BaseException) -> NoReturn:
    """Say each line of an error on standard error and end with 78."""
    for line in str(error).splitlines():
        click.echo(f"bastion: {line}", err=True)
    sys.exit(EXIT_CONFIG)
