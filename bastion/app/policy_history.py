"""Recorded verdicts as cases: what was judged, for whom and where, out of the ledger's leaves.

Not every verdict can be judged anew: a text whose secret was masked, that was cut, or that was
refused for another reason than the policy is skipped, and the reason is counted. A leaf does not
say the pod's labels and workload; they are filled in as `core/policy_scope` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bastion.app.config import ConfigError
from bastion.app.policy_trials import Case
from bastion.core.judging import WITHHELD
from bastion.core.shell.literals import MASK
from bastion.core.shell.scene import Stdin
from bastion.model.verdict import Effect
from recorder.reader import entries

MAX_SESSIONS = 100_000
_BY_POLICY = frozenset(("", "denied", "not-understood"))
_ENDS = frozenset(("session.ended", "session.severed", "session.lost"))


@dataclass(frozen=True, slots=True)
class Recorded:
    """A verdict that stands in the ledger; `where` names the leaf, the person and the place."""

    where: str
    case: Case
    effect: Effect
    rule: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A verdict that cannot be judged again, and why."""

    why: str


@dataclass(slots=True)
class _Session:
    who: dict[str, object]
    stdin: Stdin
    at: dict[str, object] | None = None


def recorded(state: Path) -> Iterator[Recorded | Skipped]:
    """Every verdict of the ledgers below a state folder, in order; those after an approval are left out.

    Raises ConfigError where there is no ledger, ReaderError and OSError.
    """
    sessions: dict[str, _Session] = {}
    for folder in _ledgers(state):
        for entry in entries(folder):
            leaf, body = entry.leaf, entry.leaf.body
            match leaf.type:
                case "session.started" if len(sessions) < MAX_SESSIONS:
                    sessions[leaf.session] = _started(body)
                case "pod.resolved" if leaf.session in sessions:
                    names = ("cluster", "namespace", "pod", "container")
                    sessions[leaf.session].at = {name: body.get(name) for name in names}
                case "verdict" if body.get("again") is not True:
                    yield _verdict(f"leaf {leaf.seq}", body, sessions.get(leaf.session))
                case ended if ended in _ENDS:
                    sessions.pop(leaf.session, None)
                case _:
                    pass


def _ledgers(state: Path) -> list[Path]:
    top = state / "ledger"
    found = [top] if (top / "entries").is_dir() else sorted(top.glob("*/entries"))
    if not found:
        raise ConfigError(f"there is no ledger in {state}")
    return [each if each == top else each.parent for each in found]


def _started(body: Mapping[str, Any]) -> _Session:
    issuer, _bar, subject = str(body.get("identity", "")).partition("|")
    who = {"issuer": issuer, "subject": subject, "kind": body.get("kind"), "groups": body.get("groups")}
    stdin: Stdin = "tty" if body.get("tty") else "client" if body.get("mode") == "exec" else "null"
    return _Session(who, stdin)


def _verdict(where: str, body: Mapping[str, Any], session: _Session | None) -> Recorded | Skipped:
    text, dialect, cwd = body.get("text"), body.get("dialect"), body.get("cwd")
    if body.get("refused", "") not in _BY_POLICY:
        return Skipped("it was refused for another reason than the policy")
    if not isinstance(text, str) or not isinstance(dialect, str) or not isinstance(cwd, str):
        return Skipped("its leaf holds no text")
    if WITHHELD in (text, cwd) or MASK in text:
        return Skipped("a secret in it is masked")
    if len(text.encode("utf-8", "replace")) != body.get("bytes"):
        return Skipped("its text was cut or is not UTF-8")
    if session is None or session.at is None or not cwd.startswith("/"):
        return Skipped("the session's beginning is not in this ledger")
    effect = next((each for each in Effect if each == body.get("effect")), Effect.DENY)
    place = f"{where} {session.who['subject']} {session.at['namespace']}/{session.at['pod']}"
    case = Case(where, text, dialect, session.who, session.at, cwd, stdin=session.stdin)
    return Recorded(place, case, effect, str(body.get("rule", "")))
