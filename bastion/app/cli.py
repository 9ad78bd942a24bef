"""The command line: `bastion demo | serve | replay | sessions | policy | detectors | …`, see `--help`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from bastion.app import logs
from bastion.app.config import ConfigError
from bastion.app.policy_cli import policy
from bastion.app.running import Group, fail, run

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pod-bastion")
def main() -> None:
    """One SSH gate between people, AI agents and production pods.

    \b
    Examples:
      bastion demo                              try it on this machine
      bastion serve --config conf/bastion.toml  run it before a real cluster
      bastion replay 3f2a                       watch a recorded session
      eval "$(_BASTION_COMPLETE=bash_source bastion)"   completion for bash
    """  # noqa: D301 - click looks for the control character \\b; a raw docstring has none


@main.command()
@click.option("--port", default=2222, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path, file_okay=False), help="Keep everything here."
)
def demo(port: int, folder: Path | None) -> None:
    """Start the bastion before an embedded demo cluster and issuer.

    Without --dir it uses a directory of its own and removes it at the end.

    \b
    Example:
      bastion demo --port 2222 --dir /tmp/bastion-demo
    """  # noqa: D301 - click looks for the control character \\b; a raw docstring has none
    if folder and (folder / ".bastion-demo").exists():
        (folder / "demo.json").unlink(
            missing_ok=True
        )  # at once: whoever waits for it must not find the old one
    from bastion.app.demo import demo as start  # noqa: PLC0415 - the demo's imports are heavy

    logs.configure("warning", "text")
    run(start(port, folder))


@main.command()
@click.option("--config", "path", required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--check", is_flag=True, help="Check configuration and policy, then stop.")
def serve(path: Path, *, check: bool) -> None:
    """Run the bastion. SIGHUP reloads policy and credentials; SIGTERM ends it.

    \b
    Example:
      bastion serve --config /etc/bastion/bastion.toml
    """  # noqa: D301 - click looks for the control character \\b; a raw docstring has none
    from bastion.app import config  # noqa: PLC0415 - start-up of other commands stays fast
    from bastion.app import serve as server  # noqa: PLC0415 - start-up of other commands stays fast

    try:
        loaded = config.load(path)
    except ConfigError as error:
        fail(error)
    logs.configure(loaded.log.level, loaded.log.format)
    run(server.check(path) if check else server.serve(path))


def _state(*, exists: bool) -> Callable[[Command], Command]:
    return click.option(
        "--state",
        type=click.Path(path_type=Path, exists=exists, file_okay=False),
        default="/var/lib/bastion",
        show_default=True,
        envvar="BASTION_STATE",
        show_envvar=True,
        help="The bastion's state folder.",
    )


@main.command()
@click.argument("session")
@_state(exists=False)
@click.option("--speed", type=float, default=1.0, show_default=True)
@click.option("--idle-limit", type=float, help="Shorten pauses to this many seconds.")
def replay(session: str, state: Path, speed: float, idle_limit: float | None) -> None:
    """Watch a recorded session; SESSION is the start of its id, or a path.

    \b
    Example:
      bastion replay 3f2a --state /var/lib/bastion
    """  # noqa: D301 - click looks for the control character \\b; a raw docstring has none
    from bastion.app.replays import find, play  # noqa: PLC0415 - start-up of other commands stays fast

    try:
        path = find(session, state)
    except ConfigError as error:
        fail(error)
    sys.exit(play(path, speed, idle_limit))


main.add_command(policy)


@main.group(cls=Group)
def detectors() -> None:
    """Try what is masked without being known."""


@detectors.command("test")
@click.argument("source", metavar="FILE|-", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--config", "path", type=click.Path(path_type=Path, dir_okay=False), help="Its detectors too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def detectors_test(source: str, path: Path | None, *, as_json: bool) -> None:
    """Say where detectors find something in a text, never what; 1 when they find nothing.

    \b
    Example:
      bastion detectors test app.log --config /etc/bastion/bastion.toml
    """  # noqa: D301 - click looks for the control character \\b; a raw docstring has none
    from bastion.app import config  # noqa: PLC0415 - start-up of other commands stays fast
    from bastion.app.detectors import MaskingSettings, try_detectors  # noqa: PLC0415 - start-up of other commands stays fast

    try:
        settings = config.load(path).masking if path else MaskingSettings()
    except ConfigError as error:
        fail(error)
    sys.exit(try_detectors(source, settings, as_json=as_json))


@main.command()
@_state(exists=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def sessions(state: Path, *, as_json: bool) -> None:
    """List the newest sessions.

    \b
    Example:
      bastion sessions --state /var/lib/bastion
    """  # noqa: D301 - click looks for the control character \\b; a raw docstring has none
    from bastion.app.offices import list_sessions  # noqa: PLC0415 - start-up of other commands stays fast

    run(list_sessions(state, as_json=as_json))


@main.command()
@_state(exists=True)
def reindex(state: Path) -> None:
    """Rebuild the index of sessions from the ledger."""
    from bastion.app.offices import rebuild_index  # noqa: PLC0415 - start-up of other commands stays fast

    run(rebuild_index(state))


@main.command()
@click.argument("serial", type=click.IntRange(0, 2**64 - 1))
@_state(exists=True)
def revoke(serial: int, state: Path) -> None:
    """Honour the SSH certificate with this SERIAL no longer (the ledger names it)."""
    from bastion.app.offices import revoke_serial  # noqa: PLC0415 - start-up of other commands stays fast

    run(revoke_serial(state, serial))


@main.command()
@click.argument("identity")
@_state(exists=True)
def enrol(identity: str, state: Path) -> None:
    """Give IDENTITY (`ISSUER|SUBJECT`) a new TOTP seed and print its otpauth URI once."""
    from bastion.app.offices import enrol_totp  # noqa: PLC0415 - start-up of other commands stays fast

    run(enrol_totp(state, identity))


@main.command("help")
@click.argument("page", required=False)
def show_help(page: str | None) -> None:
    """Show a page of the documentation."""
    from bastion.app.pages import page_text  # noqa: PLC0415 - start-up of other commands stays fast

    try:
        click.echo_via_pager(page_text(page))
    except ConfigError as error:
        fail(error)
