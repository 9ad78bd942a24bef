"""What stands between a parsed text and its run: secrets, carrying, policy, and what to ask for."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bastion.core import texts
from bastion.core.argv import Carried
from bastion.core.frame import Frame
from bastion.core.masking.scan import Span, find
from bastion.core.opening import Place, Stdin
from bastion.core.policy import Policy
from bastion.core.shell.facts import Line, Unit
from bastion.core.shell.literals import veil
from bastion.model.approval import Asked
from bastion.model.effects import Fact
from bastion.model.principal import Kind, Principal
from bastion.model.refusal import EXIT_NOT_UNDERSTOOD, Refusal
from bastion.model.request import Mode
from bastion.model.verdict import Verdict

MAX_SHOWN = 2048
WITHHELD = "(withheld: it holds a secret)"
DIRECTORY, PREVIOUS = "PWD", "OLDPWD"
_OPTIONS = frozenset(
    (
        *("-e", "+e", "-u", "+u", "-f", "+f", "-x", "+x", "-eu", "-ue", "-ex", "-eux"),
        *("-o", "+o", "-euo", "-euxo", "pipefail", "errexit", "nounset", "noglob", "xtrace"),
    )
)


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that a verdict on `text` depends on, at one moment."""

    mode: Mode
    text: bytes
    line: Line
    place: Place
    carried: Carried
    policy: Policy
    stdin: Stdin
    stored: Asked | None = None
    can_ask: bool = False
    tree: Mapping[str, Any] | None = field(default=None, repr=False)

    def allowed_text(self) -> bytes:
        """What runs when nobody has to approve: regenerated from the tree."""
        return b"\n".join(unit.emitted for unit in self.line.units)

    def options(self) -> tuple[str, ...]:
        """The `set` command of this unit, when it is one that later units can be given."""
        words = _set_words(self.line.units)
        return (" ".join(words),) if words else ()

    def tracks_state(self) -> bool:
        """Whether the unit may leave something that the next unit has to see."""
        if self.mode is Mode.EXEC:
            return False
        units = self.line.units
        return bool(self.carried.options) or any(u.changes_state or u.may_end for u in units)

    def assigns(self) -> bool:
        """Whether plain assignments, loop variables and the like must be exported to be carried."""
        return self.mode is not Mode.EXEC and any(u.changes_state and u.carries for u in self.line.units)


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, the refusal that it amounts to (if any), and how it stands in the evidence.

    `carried` is what the next text begins with: a variable that held a secret is no longer in it.
    """

    verdict: Verdict
    refusal: Refusal | None
    facts: Mapping[str, Fact]
    label: str
    carried: Carried


def judge(now: Situation, who: Principal) -> Judged:
    """Judge a text. Whatever is refused before the policy speaks has a verdict too: deny.

    Everything that would stand on the exec's argv is searched for secrets: the text as it was
    typed and as it would be written anew, the directory, and each variable with its name.
    """
    spans = find(now.place.patterns, now.text)
    secret = bool(spans or find(now.place.patterns, now.allowed_text()))
    leaks = _leaks(now)
    verdict = now.policy.judge_line(who, now.place.pod, now.line)
    refusal = (
        (texts.SECRET_IN_COMMAND if secret else None)
        or (texts.secret_in_environment(leaks[0], forgotten=True) if leaks else None)
        or _not_carried(now)
        or _denied(verdict)
    )
    programs = {command.program for unit in now.line.units for command in unit.commands if command.program}
    shown = _veiled(now, spans) if secret else now.text.decode("utf-8", "backslashreplace")
    quiet = refusal is not None and (secret or not verdict.reasons)
    facts: dict[str, Fact] = {
        "text": shown[:MAX_SHOWN],
        "bytes": len(now.text),
        "effect": "deny" if refusal else verdict.effect.value,
        "rule": verdict.rule,
        "matched": list(verdict.matched[:32]),
        "reasons": [refusal.code] if refusal and quiet else list(verdict.reasons[:16]),
        "refused": refusal.code if refusal else "",
        "understood": verdict.understood,
        "programs": [] if shown == WITHHELD else sorted(programs)[:64],
        "cwd": WITHHELD if DIRECTORY in leaks else now.carried.cwd,
        "dialect": now.place.dialect,
        "policy": verdict.policy,
    }
    word = "denied" if refusal else verdict.effect.value
    label = f"{word}: {' '.join(shown.split())[:120]}"
    return Judged(verdict, refusal, facts, label, _without(now, leaks))


def ask(frame: Frame, now: Situation, judged: Judged) -> Asked | Refusal:
    """The request for approval that a verdict calls for, or why none can be made."""
    who, terms = frame.who, judged.verdict.terms
    if terms is None:
        return texts.denial(judged.verdict)
    if terms.totp and who.kind is Kind.AGENT:
        return Refusal(
            "code-needs-a-person",
            f"rule {judged.verdict.rule} asks for a one-time code, and an agent holds none",
            "ask the agent's owner to run it",
        )
    if terms.totp and not (now.can_ask and now.place.approvals == "wait"):
        return Refusal(
            "code-needs-a-terminal",
            f"rule {judged.verdict.rule} asks for a one-time code, and nobody waits at a terminal to give it",
            "use ssh -t, without BASTION_APPROVAL=async",
        )
    owner = f"{who.issuer}|{who.owner}" if who.owner else ""
    return Asked(
        id=frame.fresh(), session=frame.session, identity=who.key, name=who.name, kind=who.kind.value,
        owner=owner, person=who.person, owner_person=owner, pod=now.place.pod, cwd=now.carried.cwd,
        dialect=now.place.dialect, text=now.text,
        environment=now.carried.environment(), policy=judged.verdict.policy, rule=judged.verdict.rule,
        reasons=judged.verdict.reasons, terms=terms, waits=now.place.approvals == "wait", nonce=frame.fresh(),
    )  # fmt: skip


def _veiled(now: Situation, spans: Sequence[Span]) -> str:
    """A text that holds a secret as the evidence may keep it: masks over literal characters only.

    A known value is masked from its first character on here: nobody waits for the rest of it.
    """
    patterns = now.place.patterns
    known = [value for span in spans if (value := patterns.value_of(span.source)) is not None]
    found = find(patterns.stricter(list(dict.fromkeys(known))), now.text) if known else spans
    commands = [command for unit in now.line.units for command in unit.commands]
    names = [name for command in commands for name in (command.written, command.program) if name]
    shown = veil(now.text, now.tree, [(span.start, span.end) for span in found], names) if found else None
    return WITHHELD if shown is None or find(patterns, shown.encode()) else shown


def _leaks(now: Situation) -> list[str]:
    """What earlier commands left behind that holds a secret, by name."""
    carried, patterns = now.carried, now.place.patterns
    values = {**dict(sorted(carried.exports.items())), DIRECTORY: carried.cwd, PREVIOUS: carried.previous}
    return [
        name
        for name, value in values.items()
        if find(patterns, value.encode()) or find(patterns, f"{name}={value}".encode())
    ]


def _without(now: Situation, leaks: list[str]) -> Carried:
    carried = now.carried
    if not leaks:
        return carried
    return replace(
        carried,
        cwd=now.place.start if DIRECTORY in leaks else carried.cwd,
        previous="" if PREVIOUS in leaks else carried.previous,
        exports={name: value for name, value in carried.exports.items() if name not in leaks},
        removed=carried.removed | (set(leaks) - {DIRECTORY, PREVIOUS}),
    )


def _denied(verdict: Verdict) -> Refusal | None:
    return texts.denial(verdict) if verdict.effect.value == "deny" else None


def _not_carried(now: Situation) -> Refusal | None:
    if now.mode is Mode.EXEC:
        return None
    for unit in now.line.units:
        if unit.background:
            why = "a background job would outlive its exec"
        elif unit.changes_state and not unit.carries and not _set_words(now.line.units):
            why = "what it changes in the shell cannot be carried to the next command"
        else:
            continue
        return Refusal("not-carried", why, texts.NOT_CARRIED, EXIT_NOT_UNDERSTOOD)
    return None


def _set_words(units: tuple[Unit, ...]) -> tuple[str, ...]:
    if len(units) != 1 or len(units[0].commands) != 1 or units[0].commands[0].program != "set":
        return ()
    try:
        words = tuple(shlex.split(units[0].text.decode()))
    except ValueError:
        return ()
    return words if len(words) > 1 and words[0] == "set" and set(words[1:]) <= _OPTIONS else ()
