"""`bastion policy …`: judge, check, lint, test, explain, diff and replay, without a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from bastion.app.running import Group, run

Command = TypeVar("Command", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path, dir_okay=False)
_policy = click.option("--policy", "path", required=True, type=_FILE, help="The policy's file.")


def _case(command: Command) -> Command:
    """The options that say who asks, where and how."""
    for option in (
        click.option("--cwd", default="/app", show_default=True, help="The directory that it runs in."),
        click.option("--shell", default="bash", show_default=True, help="Or sh, zsh, mksh, psql, python, …"),
        click.option("--at", metavar="TARGET", help="[CLUSTER=]NS/POD[/CONTAINER] or NS/deploy/NAME"),
        click.option("--as", "who", metavar="USER", help="[human:|agent:][ISSUER|]SUBJECT[=GROUP,…]"),
    ):
        command = option(command)
    return command


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


@policy.command("explain")
@click.argument("line")
@_policy
@_case
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def explain(
    line: str, path: Path, who: str | None, at: str | None, *, shell: str, cwd: str, as_json: bool
) -> None:
    """Say why LINE is judged as it is: facts, every matched rule, the deciding one, the nearest miss.

    Without --as a human in every group that the file names; a USER without groups is in all of them
    too. Ends with 0 (allowed), 75 (needs an approval) or 77 (denied).

    \b
    Example:
      bastion policy explain 'rm -r /data/x' --as alice=dev --at shop/web-0 --policy p.yaml
    """  # noqa: D301 - click reads the escape
    from bastion.app.policy_explain import explain_line  # noqa: PLC0415 - start-up of other commands stays fast
    from bastion.app.policy_trials import Case  # noqa: PLC0415 - the same

    run(explain_line(path, Case(None, line, shell, who, at, cwd), as_json=as_json))


@policy.command("lint")
@click.argument("path", type=_FILE)
def lint(path: Path) -> None:
    """Say what is suspicious in a policy that loads; 1 where something is.

    \b
    Example:
      bastion policy lint conf/policies/operator.yaml
    """  # noqa: D301 - click reads the escape
    from bastion.app.policy_checks import lint as work  # noqa: PLC0415 - start-up of other commands stays fast

    run(work(path))


@policy.command("test")
@click.argument("path", type=_FILE)
@click.option("--cases", type=_FILE, help='JSON lines {"line","expect"[,"shell","as","at","cwd"]}.')
def test(path: Path, cases: Path | None) -> None:
    """Run a policy's examples, and the cases of a file; 1 where one fails.

    \b
    Example:
      bastion policy test policy.yaml --cases cases.jsonl
    """  # noqa: D301 - click reads the escape
    from bastion.app.policy_checks import test as work  # noqa: PLC0415 - start-up of other commands stays fast

    run(work(path, cases))


@policy.command("diff")
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option("--corpus", required=True, type=_FILE, help="JSON lines, as `judge` reads them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each line that changed.")
def diff(old: Path, new: Path, corpus: Path, *, as_json: bool) -> None:
    """Say which lines of a corpus NEW treats otherwise than OLD; 1 where some are.

    \b
    Example:
      bastion policy diff /etc/bastion/policy.yaml policy.yaml --corpus lines.jsonl
    """  # noqa: D301 - click reads the escape
    from bastion.app.policy_compare import diff as work  # noqa: PLC0415 - start-up of other commands stays fast

    run(work(old, new, corpus, as_json=as_json))


@policy.command("replay")
@_policy
@click.option(
    "--state",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The bastion's state folder.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each line that changed.")
def replay(path: Path, state: Path, *, as_json: bool) -> None:
    """Judge what the ledger recorded by a proposed policy; 1 where a verdict would be another.

    Reads leaves only, also beside a running bastion; nothing is written and nothing runs.

    \b
    Example:
      bastion policy replay --policy policy.yaml --state /var/lib/bastion
    """  # noqa: D301 - click reads the escape
    from bastion.app.policy_compare import replay as work  # noqa: PLC0415 - start-up of other commands stays fast

    run(work(state, path, as_json=as_json))
