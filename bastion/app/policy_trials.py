"""A line tried against a policy: no pod, no server; parsed, understood and judged as it would be."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from bastion.core import fact_sheet
from bastion.core.policy import NOT_UNDERSTOOD, Policy
from bastion.core.policy_scope import ScopeError, place, principal
from bastion.core.shell.facts import Line
from bastion.core.shell.paths import normalise
from bastion.core.shell.scene import Stdin
from bastion.core.shell.understand import understand
from bastion.model.pod import Pod
from bastion.model.principal import Principal
from bastion.model.verdict import Effect, Terms, Verdict
from bastion.relay.ports import Syntax

CWD = "/app"
DIALECTS = {
    "bash": "bash", "sh": "posix", "dash": "posix", "ash": "posix", "busybox": "posix", "posix": "posix",
    "zsh": "zsh", "mksh": "mksh", "ksh": "mksh",
}  # fmt: skip


def _argument(*client: str) -> Callable[[str], str]:
    return lambda text: shlex.join([*client, text])


def _words(*client: str) -> Callable[[str], str]:
    return lambda text: shlex.join([*client, *shlex.split(text)])


# What is typed at the prompt of such a program is judged as the argument that says the same.
CLIENTS: dict[str, Callable[[str], str]] = {
    "psql": _argument("psql", "-c"),
    "mysql": _argument("mysql", "-e"),
    "mariadb": _argument("mariadb", "-e"),
    "sqlite3": _argument("sqlite3", "app.db"),
    "redis-cli": _words("redis-cli"),
    "python": _argument("python3", "-c"),
    "python3": _argument("python3", "-c"),
    "node": _argument("node", "-e"),
}


class CaseError(ValueError):
    """An input line is no case; `id` is its id where that could be read."""

    def __init__(self, text: str, id: object = None) -> None:  # noqa: A002 - the member's own name
        super().__init__(text)
        self.id = id


@dataclass(frozen=True, slots=True)
class Case:
    """One line to try. `who` and `at` are as in the input, None where it does not say.

    `expect` is an effect to compare with, or empty; `stdin` is what its programs inherit.
    """

    id: object
    line: str
    shell: str = "bash"
    who: object = None
    at: object = None
    cwd: str = CWD
    expect: str = ""
    stdin: Stdin = "client"


@dataclass(frozen=True, slots=True)
class Read:
    """The facts of a case; `line` is None, and `problem` says why, where it is no text of its shell."""

    line: Line | None
    problem: str = ""
    client: bool = False

    @property
    def programs(self) -> list[str]:
        """What would run, by basename; the client at whose prompt it was typed does not count."""
        found = fact_sheet.programs(self.line) if self.line else []
        return found[1:] if self.client else found

    @property
    def understood(self) -> bool:
        """Whether everything that would run is known."""
        return self.line is not None and fact_sheet.understood(self.line)


def read_case(data: bytes) -> Case:
    """A case out of a JSON line `{"id","line","shell"[,"as","at","cwd","expect"]}`; raises CaseError."""
    try:
        found = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        said = str(error) if isinstance(error, json.JSONDecodeError) else "it cannot be read"
        raise CaseError(f"this is not JSON: {said}") from None
    if not isinstance(found, dict):
        raise CaseError("a case is an object")
    name = found.get("id")
    if not isinstance(name, str | int | float | None) or name in (math.inf, -math.inf):
        raise CaseError("id must be a text or a number")
    for key, needed in (("line", True), ("shell", False), ("cwd", False), ("expect", False)):
        value = found.get(key)
        if not isinstance(value, str) and (needed or value is not None):
            raise CaseError(f"{key} must be a text", name)
    cwd = directory(found.get("cwd") or CWD, name)
    effect = found.get("expect") or ""
    if effect and effect not in tuple(Effect):
        raise CaseError(f"expect must be one of {', '.join(Effect)}", name)
    shell, who, at = found.get("shell") or "bash", found.get("as"), found.get("at")
    return Case(name, found["line"], shell, who, at, cwd, effect)


def directory(cwd: str, name: object = None) -> str:
    """The directory of a case, normalised; raises CaseError where it is no absolute path."""
    if not cwd.startswith("/") or len(cwd) > 4096 or "\0" in cwd:
        raise CaseError("cwd must be an absolute path", name)
    return normalise(cwd)


def _no_constant(name: str) -> object:
    raise ValueError(name)


async def read_line(syntax: Syntax, case: Case) -> Read:
    """Parse a case and make its facts. Never raises for what stands in it."""
    text, client = case.line, case.shell in CLIENTS
    dialect = "posix" if client else DIALECTS.get(case.shell, "")
    if not dialect:
        return Read(None, f"there are no rules for the shell {case.shell[:40]!r}")
    if client:
        try:
            text = CLIENTS[case.shell](text)
        except ValueError:
            return Read(None, f"these are no words of {case.shell}")
    parsed = await syntax.parse(text.encode("utf-8", "surrogatepass"), dialect)
    if parsed.tree is None:
        return Read(None, parsed.message or parsed.problem, client=client)
    line = understand(parsed.tree, parsed.text, cwds=(case.cwd,), dialect=dialect, stdin=case.stdin)
    return Read(line, client=client)


def scope(policy: Policy, case: Case) -> tuple[Principal, Pod]:
    """Who asks and where; raises CaseError where the case says it in a way that cannot be read."""
    try:
        return principal(policy, case.who), place(policy, case.at)
    except ScopeError as error:
        raise CaseError(str(error), case.id) from None


def judge(policy: Policy, read: Read, who: Principal, pod: Pod) -> Verdict:
    """The verdict on what was read; what is no text of its shell is denied, as it is in a session."""
    if read.line is None:
        reasons = (f"not understood: {read.problem}",)
        return Verdict(Effect.DENY, NOT_UNDERSTOOD, reasons, policy.sha256, understood=False)
    return policy.judge_line(who, pod, read.line)


def terms_sheet(terms: Terms | None) -> dict[str, object]:
    """The parameters of an effect, to stand beside its name."""
    if terms is None:
        return {}
    peers: dict[str, object] = {"peers": terms.peers, "from": sorted(terms.groups)} if terms.peers else {}
    factor = {"approver_factor": terms.approver_factor} if terms.peers else {}
    return {"approve": {**peers, "totp": terms.totp, **factor, "ttl": f"{terms.ttl}s", "scope": "once"}}


def who_sheet(who: Principal) -> dict[str, object]:
    """A principal as a policy sees it."""
    groups = sorted(who.groups)
    return {"subject": who.subject, "kind": who.kind.value, "issuer": who.issuer, "groups": groups}


def where_sheet(pod: Pod) -> dict[str, object]:
    """A container as a policy sees it."""
    rest = {"labels": dict(pod.labels), "workload": pod.workload}
    return {"target": str(pod), **{key: value for key, value in rest.items() if value}}
