"""What people and agents read: one line for people, one JSON line for agents."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bastion.model.principal import Kind
from bastion.model.refusal import EXIT_DENIED, EXIT_FAULT, EXIT_NOT_UNDERSTOOD, EXIT_PENDING, Refusal
from bastion.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent can act on; every member but `v` and `status` may be empty."""

    status: str
    id: str = ""
    rule: str = ""
    reason: str = ""
    expires: int = 0
    retry: str = ""
    hint: str = ""

    def line(self) -> str:
        """`bastion: {"v":1,…}` without a line end."""
        members: dict[str, str | int] = {"v": 1, "status": self.status}
        for name in ("id", "rule", "reason", "expires", "retry", "hint"):
            value = getattr(self, name)
            if value:
                members[name] = value
        return "bastion: " + json.dumps(members, separators=(",", ":"), ensure_ascii=True)


def plain(text: str) -> str:
    """One line of characters that can be seen: what drives a terminal or hides is written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def typed_ahead(count: int) -> str:
    """The one notice for keys that nobody read: they are never run."""
    return f"bastion: {count} typed bytes were dropped: nothing read them, and what is typed ahead never runs"


def refused(kind: Kind, refusal: Refusal, rule: str = "") -> str:
    """A refusal, for whoever reads it."""
    if kind is Kind.AGENT:
        status = {EXIT_NOT_UNDERSTOOD: "not_understood", EXIT_FAULT: "failed"}.get(refusal.status, "denied")
        return Answer(status, rule=rule, reason=refusal.text, hint=refusal.hint).line()
    return refusal.line()


def denial(verdict: Verdict) -> Refusal:
    """The refusal that a denying verdict amounts to."""
    reasons = "; ".join(verdict.reasons) or "no rule allows it"
    if verdict.rule == NOT_UNDERSTOOD:
        return Refusal(
            "not-understood",
            f"{reasons}; so it does not run",
            "write it plainly: literal program names and arguments, one step a line",
            EXIT_NOT_UNDERSTOOD,
        )
    by = f" by rule {verdict.rule}" if verdict.rule else ""
    return Refusal(
        "denied", f"denied{by}: {reasons}", "ask the owners of the policy if you need this", EXIT_DENIED
    )


SECRET_IN_COMMAND = Refusal(
    "secret-in-command",
    "secret in command: it holds a secret, which the cluster's audit log would keep",
    "read the value from a file or a variable inside the pod instead",
    EXIT_NOT_UNDERSTOOD,
)
NOT_UNDERSTOOD = "default:not-understood"
NOT_CARRIED = "run it with the commands that need it, in one line: ssh target 'a; b'"


def secret_in_environment(name: str, *, forgotten: bool = False) -> Refusal:
    """A value that would stand on an exec argv holds a secret; `forgotten` says that it is unset now."""
    return Refusal(
        "secret-in-environment",
        f"the value of {name} holds a secret, which the cluster's audit log would keep",
        ("it is unset now; " if forgotten else "") + "read it from a file inside the pod instead",
        EXIT_NOT_UNDERSTOOD,
    )


def waiting(kind: Kind, approval: str, verdict: Verdict, *, expires: int, clock: str, host: str) -> str:
    """What the requester reads while an approval is pending; `clock` is the expiry as people read it."""
    terms = verdict.terms
    groups = ", ".join(sorted(terms.groups)) if terms else ""
    peers = terms.peers if terms else 0
    if kind is Kind.AGENT:
        return Answer(
            "pending",
            approval,
            verdict.rule,
            "; ".join(verdict.reasons),
            expires,
            f"ssh approvals@{host} wait {approval}",
            f"awaits {peers} of {groups}; after approval: ssh approvals@{host} run {approval}",
        ).line()
    return (
        f"bastion: rule {verdict.rule} asks for {peers} approval(s) from {groups}; waiting until {clock}. "
        f"^C withdraws. Forward this line: ssh approvals@{host} approve {approval}"
    )


def settled(kind: Kind, approval: str, state: str, reason: str, rule: str) -> tuple[str, int]:
    """(line, exit status) for an approval that ended without being approved."""
    status = EXIT_PENDING if state == "expired" else EXIT_DENIED
    words = {
        "denied": "denied by a colleague",
        "expired": "nobody approved in time, so it is denied",
        "withdrawn": "withdrawn",
        "void": "void: what was approved is no longer what would run",
    }
    text = words[state] + (f": {reason}" if reason else "")
    if kind is Kind.AGENT:
        return Answer(state, approval, rule, text).line(), status
    return f"bastion: approval {approval}: {text}", status
