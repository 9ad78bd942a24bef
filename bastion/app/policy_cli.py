"""`bastion policy …`: judge, check, lint, test, explain, diff and replay, without a server."""

from __future__ import annotations

from pathlib import Path

import click

from bastion.app.running import Group, run

_FILE = click.Path(path_type=Path, dir_okay=False)
_policy = click.option("--policy", "path", required=True, type=_FILE, help="The policy's file.")


@click.group(cls=Group)
def policy() -> None:
    """Judge, check and compare policies; nothing runs, and no server is needed."""


@policy.command("check")
@click.argument("path", type=_FILE)
def check(path: Path) -> None:
    """Load a policy and run its examples.

    \b
    Example:
      bastion policy check conf/policies/operator.yaml
    """  # noqa: D301 - click reads the escape
    from bastion.app.offices import check_policy  # noqa: PLC0415 - start-up of other commands stays fast

    run(check_policy(path))


@policy.command("judge")
@_policy
@click.option("--jsonl", is_flag=True, help="JSON lines in and out; else plain lines of bash.")
def judge(path: Path, *, jsonl: bool) -> None:
    """Judge each line of standard input; 1 when one of them was no case.

    In: {"id","line","shell"[,"as","at","cwd"]}. Out, in order:
    {"id","effect","rule","programs","understood","facts"}.

    \b
    Example:
      echo '{"id":1,"line":"rm -r /data","shell":"bash"}' | bastion policy judge --policy p.yaml --jsonl
    """  # noqa: D301 - click reads the escape
    from bastion.app.policy_stream import judge_stream  # noqa: PLC0415 - the same

    run(judge_stream(path, jsonl=jsonl))
