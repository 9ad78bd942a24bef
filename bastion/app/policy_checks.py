"""`bastion policy lint` and `test`: what is suspicious in a policy, and whether its cases hold."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from bastion.app.config import ConfigError
from bastion.app.policies import failing_examples, parts_of, policy_text, read_policy
from bastion.app.policy_trials import Case, CaseError, judge, read_case, read_line, scope
from bastion.core.policy import Policy
from bastion.core.policy_lint import findings
from bastion.core.policy_text import example_texts
from bastion.core.texts import plain
from bastion.relay.ports import Syntax
from bastion.syntax.shfmt import Shfmt

MAX_CASE = 1024 * 1024


async def lint(path: Path) -> int:
    """Print what is suspicious, `file:line: text`; 1 where there is something. Raises ConfigError."""
    policy = read_policy(path)
    async with Shfmt() as syntax:
        problems = await failing_examples(policy, syntax)
    if problems:
        raise ConfigError("\n".join(f"{path.name}: {problem}" for problem in problems))
    text = policy_text(path)
    found = findings(policy, text, parts_of(path, text))
    for problem in found:
        file = path.parent / problem.file if problem.file else path
        sys.stdout.write(plain(f"{file}:{problem.line}: {problem.text}") + "\n")
    if not found:
        sys.stdout.write(f"{path}: nothing suspicious in {len(policy.rules)} rules\n")
    return int(bool(found))


async def test(path: Path, cases: Path | None) -> int:
    """Run a policy's examples and the cases of a file; 1 where one fails. Raises ConfigError."""
    policy = read_policy(path)
    async with Shfmt() as syntax:
        failing = [f"{path.name}: {problem}" for problem in await failing_examples(policy, syntax)]
        tried = 0
        for number, case in cases_of(cases) if cases else ():
            tried += 1
            problem = await _problem(policy, syntax, case)
            failing += [f"{cases}:{number}: {problem}"] if problem else []
    for line in failing:
        sys.stdout.write(plain(line) + "\n")
    examples = len(example_texts(policy))
    sys.stdout.write(
        f"{examples} examples of {len(policy.rules)} rules, {tried} cases: {len(failing)} fail\n"
    )
    return int(bool(failing))


def cases_of(path: Path) -> Iterator[tuple[int, Case]]:
    """(line number, case) of a file of JSON lines; raises ConfigError that names the line."""
    try:
        with path.open("rb") as file:
            for number, data in enumerate(iter(lambda: file.readline(MAX_CASE + 1), b""), 1):
                if len(data) > MAX_CASE:
                    raise ConfigError(f"{path}:{number}: a case may be {MAX_CASE} bytes long")
                if data.strip():
                    yield number, _read(path, number, data)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def _read(path: Path, number: int, data: bytes) -> Case:
    try:
        return read_case(data)
    except CaseError as error:
        raise ConfigError(f"{path}:{number}: {error}") from None


async def _problem(policy: Policy, syntax: Syntax, case: Case) -> str:
    if not case.expect:
        return "a case must say what to expect"
    try:
        who, pod = scope(policy, case)
    except CaseError as error:
        return str(error)
    verdict = judge(policy, await read_line(syntax, case), who, pod)
    if verdict.effect.value == case.expect:
        return ""
    return f"{json.dumps(case.line)} is {verdict.effect} by {verdict.rule}, not {case.expect}"
