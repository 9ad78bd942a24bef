"""How a session opens: what the target turned out to be, the client's environment, the probe."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bastion.core import argv, texts
from bastion.core.environment import choose
from bastion.core.frame import Frame
from bastion.core.masking.grid import MAX_COLS, MAX_ROWS
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.scan import find
from bastion.core.modes import stty
from bastion.core.policy import Policy
from bastion.core.rules import Knowing
from bastion.model.approval import Asked
from bastion.model.effects import Deliver, Effect, Exit, Fact, Mark, Note
from bastion.model.events import Resolved, SecretsAdded
from bastion.model.grant import Grant
from bastion.model.pod import Pod
from bastion.model.principal import Kind
from bastion.model.refusal import EXIT_FAULT, EXIT_NOT_UNDERSTOOD, Refusal
from bastion.model.request import Mode, Request, Size
from bastion.model.target import Target
from bastion.model.verdict import Effect as Says

Stdin = Literal["null", "client", "tty"]
MAX_PROBE = 8 * 1024
MAX_REFS = 64
ENDING_SIGNALS = frozenset({"INT", "TERM", "HUP", "QUIT", "KILL", "BREAK", "ABRT", "PIPE"})
_TELLING = frozenset({"ambiguous-container", "not-ready"})
SIGNAL_KEYS = {"INT": b"\x03", "BREAK": b"\x03", "QUIT": b"\x1c", "TSTP": b"\x1a"}
NO_SHELL = Refusal(
    "no-shell",
    "the container has no usable shell (sh, printf and pwd), so nothing can be judged and run in it",
    "choose another container",
    EXIT_FAULT,
)
TOO_LONG = Refusal("too-long", "one command may be 64 KiB long", "put it in a file", EXIT_NOT_UNDERSTOOD)
TERMINAL_TOO_LARGE = Refusal(
    "terminal-too-large",
    f"a terminal may have {MAX_ROWS} rows and {MAX_COLS} columns, the most that is masked",
    "make the window smaller",
    EXIT_NOT_UNDERSTOOD,
)
_TERM = re.compile(r"[A-Za-z0-9._+-]{1,64}")


@dataclass(frozen=True, slots=True)
class Place:
    """A container made ready for work: what the client's requests came to there."""

    pod: Pod
    patterns: Patterns
    environment: tuple[tuple[str, str], ...]
    term: str
    setup: str
    approvals: Literal["wait", "async"]
    dry_run: bool
    notices: tuple[str, ...]
    dialect: str = "posix"
    start: str = "/"


def too_large(size: Size) -> bool:
    """Whether a terminal has cells that the masker's screen has not, where a secret could be put together."""
    return size.cols > MAX_COLS or size.rows > MAX_ROWS


def unknown(target: Target) -> Refusal:
    """The one answer for a pod that is not there and a pod that one may not know of."""
    return Refusal(
        "unknown-target", f"there is no {target} that you may reach", "check the name and your groups", 77
    )


def told(refusal: Refusal, frame: Frame, policy: Policy) -> Refusal:
    """What the user may be told of a door's refusal: not that a pod exists which they may not reach."""
    hidden = refusal.code in _TELLING and not policy.surely_reaches(frame.who, frame.target)
    return unknown(frame.target) if refusal.code == "unknown-target" or hidden else refusal


def settle(
    frame: Frame, request: Request, policy: Policy, event: Resolved, stored: Asked | None
) -> Place | Refusal:
    """Check the resolved pod against the policy, and filter what the client asked to set."""
    who, pod = frame.who, event.pod
    if not policy.reaches(who, pod):
        return unknown(frame.target)
    if stored and (pod.uid, pod.container_id) != (stored.pod.uid, stored.pod.container_id):
        return Refusal("approval-void", "the pod was replaced since the approval was asked for", "ask again")
    kept = choose(
        request.env,
        allowed=lambda name, value: policy.judge_environment(who, pod, name, value).effect is Says.ALLOW,
        is_secret=lambda value: bool(find(event.patterns, value.encode())),
    )
    if kept.secret or (request.pty and find(event.patterns, request.pty.term.encode())):
        return texts.secret_in_environment(kept.secret or "TERM")
    if kept.unknown_mode:
        return Refusal(
            "bad-approval-mode",
            f"BASTION_APPROVAL={kept.unknown_mode} is not known",
            "use wait, async or dry-run",
            EXIT_NOT_UNDERSTOOD,
        )
    notices = [f"bastion: {frame.target} is {pod.namespace}/{pod.name}"] if frame.target.kind != "pod" else []
    if kept.dropped:
        notices.append(f"bastion: dropped from the environment: {', '.join(kept.dropped[:8])}")
    environment = dict(kept.values)
    term = environment.pop("TERM", "")
    pty = request.pty
    if pty:
        term = pty.term if _TERM.fullmatch(pty.term) else "xterm"
    mode = kept.mode or ("async" if who.kind is Kind.AGENT else "wait")
    return Place(
        pod=pod,
        patterns=event.patterns,
        environment=tuple(sorted(environment.items())),
        term=term if _TERM.fullmatch(term) else "",
        setup=stty(pty.modes) if pty else "",
        approvals="async" if mode == "async" else "wait",
        dry_run=mode == "dry-run",
        notices=tuple(notices),
    )


def probe(frame: Frame, pod: Pod) -> Grant:
    """The bastion's own first exec: which shell `sh` is, and where it starts."""
    unit = frame.fresh()
    words = ("env", f"BASTION_UNIT={unit}", "sh", "-c", argv.PROBE)
    return Grant(
        session=frame.session, unit=unit, pod=pod, argv=words,
        tty=False, stdin=False, identity=frame.who.key, user=frame.user, groups=frame.groups,
        rule="bastion:probe",
    )  # fmt: skip


def stdin(request: Request, stored: Asked | None) -> Stdin:
    """What a text's programs inherit as standard input, for the judge."""
    if request.pty:
        return "tty"
    return "client" if request.mode is Mode.EXEC and not stored else "null"


def prompt(frame: Frame, place: Place | None, cwd: str) -> str:
    """What stands before the cursor; the pod chose the directory's name, so it is made visible."""
    where = f"{place.pod.namespace}/{place.pod.name}" if place else ""
    return texts.plain(f"{frame.who.name}@{where}:{cwd}$ ")


def malformed(problem: str, message: str, text: bytes = b"", patterns: Patterns | None = None) -> Refusal:
    """What shfmt could not read never runs. Its message may quote the text, so it may hold a secret."""
    what = "ends too early" if problem == "incomplete" else "is not understood"
    quiet = not message or (patterns is not None and find(patterns, text))
    said = f"the command {what}" + ("" if quiet else f": {texts.plain(message)}")
    return Refusal("syntax", said, "nothing after it runs", EXIT_NOT_UNDERSTOOD)


def not_passed_on(name: str) -> str:
    """The line for a signal that a pod cannot be sent."""
    return (
        f"bastion: signal {name[:16]!a} is not passed on; {', '.join(sorted(ENDING_SIGNALS))} end the command"
    )


def facts(frame: Frame, request: Request) -> dict[str, Fact]:
    """What `session.started` says."""
    who = frame.who
    return {
        "identity": who.key,
        "name": who.name,
        "kind": who.kind.value,
        "owner": who.owner,
        "groups": sorted(who.groups)[:64],
        "factors": sorted(who.factors),
        "source": frame.source,
        "connection": frame.connection,
        "login": frame.login[:256],
        "mode": request.mode.value,
        "tty": request.pty is not None,
    }


def pod_facts(event: Resolved) -> dict[str, Fact]:
    """What `pod.resolved` says."""
    pod = event.pod
    return {
        "cluster": pod.cluster,
        "namespace": pod.namespace,
        "pod": pod.name,
        "uid": pod.uid,
        "container": pod.container,
        "container_id": pod.container_id,
        "known_values": event.known,
        "uncovered_values": len(event.weak),
    }


def unmasked(event: Resolved, knowing: Knowing, *, terminal: bool) -> str:
    """The one line that says what is not masked by value; it names no Secret. Empty: all of it is.

    Weak values are told where a person reads: on a terminal.
    """
    if knowing.values == "off":
        return "bastion: the values of this pod's Secrets are not known here, so they are not masked (policy)"
    parts = []
    if event.why:
        some = f"{event.unread} of {event.secrets} Secrets" if event.unread else "its Secrets"
        parts.append(f"{some} (could not be read)")
    if event.weak and terminal:
        parts.append(f"{len(event.weak)} of its Secrets' values (too short or too common)")
    return f"bastion: not masked by value in this pod: {' and '.join(parts)}" if parts else ""


def uncovered(event: Resolved, knowing: Knowing) -> list[Effect]:
    """The leaf that says what is not masked by value; none where all of it is."""
    if knowing.values != "off" and not event.weak and not event.why:
        return []
    facts: dict[str, Fact] = {
        "known_values": knowing.values,
        "secrets_scope": knowing.scope,
        "secrets": event.secrets,
        "unread": event.unread,
        "why": event.why.code if event.why else None,
        "weak": list(event.weak[:MAX_REFS]),
        "weak_count": len(event.weak),
    }
    return [Note("secrets.uncovered", facts)]


def added(event: SecretsAdded) -> Note:
    """The leaf that says how much is known from here on."""
    facts: dict[str, Fact] = {"known_values": event.known, "uncovered_values": len(event.weak)}
    return Note("secrets.added", {**facts, "weak": list(event.weak[:MAX_REFS])})


def last_line(line: str, request: Request, status: int, code: str) -> list[Effect]:
    """Refused where there is no masker: the bastion's own line and the exit."""
    text = texts.plain(line).encode()
    data = Deliver("out", text + b"\r\n") if request.pty else Deliver("err", text + b"\n")
    ended = Note("session.ended", {"why": code, "status": status})
    return [Mark(f"refused: {code}"), data, ended, Exit(status)]
