"""Loading a policy: parse, check, run its examples; one that fails is refused and the old one stays."""

from __future__ import annotations

from pathlib import Path

from bastion.app.config import ConfigError
from bastion.core.policy import Policy
from bastion.core.policy_text import PolicyProblems, check_example, example_texts, included, load
from bastion.relay.ports import Syntax

MAX_BYTES = 1024 * 1024


async def load_policy(path: Path, syntax: Syntax) -> Policy:
    """Read a policy file; raises ConfigError whose lines name file, line and problem."""
    policy = read_policy(path)
    problems = await failing_examples(policy, syntax)
    if problems:
        raise ConfigError("\n".join(f"{path.name}: {problem}" for problem in problems))
    return policy


def read_policy(path: Path) -> Policy:
    """Read a policy file without running its examples; raises ConfigError as `load_policy` does."""
    text = policy_text(path)
    policy = load(text, name=path.name, parts=parts_of(path, text))
    if isinstance(policy, PolicyProblems):
        raise ConfigError(str(policy))
    return policy


def parts_of(path: Path, text: str) -> dict[str, str]:
    """The texts of the files that a policy includes, which lie beside it; raises ConfigError."""
    return {name: policy_text(path.parent / name) for name in included(text)}


def policy_text(path: Path) -> str:
    """The text of a policy file; raises ConfigError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path}: a policy may be {MAX_BYTES} bytes long")
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8") from error


async def failing_examples(policy: Policy, syntax: Syntax) -> list[str]:
    """What is wrong with the examples of a policy, one line each."""
    problems = []
    for example in example_texts(policy):
        parsed = await syntax.parse(example.text.encode(), "bash")
        problem = check_example(policy, example, parsed)
        if problem:
            problems.append(problem)
    return problems
