"""Facts + principal + container → verdict. Default deny; the strictest effect wins; errors deny.

For one command: a rule *permits* when it surely holds for all of it and its effect is not deny; a
rule *restricts* when it may hold for a part of it. Nothing permits → deny. Otherwise the strictest
effect of all rules that permit or restrict is the command's, and the strictest of all commands is
the unit's. A deny that only *may* hold counts as not understood. What an allowing rule does not
say it does not give: without `writes:` it permits no write.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Literal

from bastion.core.conditions import YES, Answer, holds, writes_nothing
from bastion.core.rules import KNOWN_VALUES, SCOPES, Defaults, Knowing, Masking, Rule
from bastion.core.shell.facts import Command, Line, Unit
from bastion.core.shell.paths import Match
from bastion.core.shell.variables import assignment
from bastion.model.pod import Pod
from bastion.model.principal import Kind, Principal
from bastion.model.target import Target
from bastion.model.verdict import STRICTNESS, Effect, Terms, Verdict

APPROVALS = frozenset((Effect.APPROVE_PEER, Effect.APPROVE_TOTP))
NEVER, DEFAULT, NOT_UNDERSTOOD = "builtin:never", "default", "default:not-understood"
_LAST = {NOT_UNDERSTOOD: 1, DEFAULT: 2}


@dataclass(frozen=True, slots=True)
class _Finding:
    """One effect that one source (a rule or a default) has on one command."""

    effect: Effect
    rule: str
    reason: str = ""
    terms: Terms | None = None
    understood: bool = True
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A loaded policy. `sha256` is that of its canonical text, in hex."""

    sha256: str
    rules: tuple[Rule, ...]
    defaults: Defaults = field(default_factory=Defaults)
    masking: tuple[Masking, ...] = ()
    name: str = ""

    def judge(self, principal: Principal, pod: Pod, unit: Unit) -> Verdict:
        """The verdict on one unit: the strictest over all its commands."""
        return self._verdict(self._unit(principal, pod, unit))

    def judge_line(self, principal: Principal, pod: Pod, line: Line) -> Verdict:
        """The verdict on several units that run as one text; a text without units is denied."""
        findings = [finding for unit in line.units for finding in self._unit(principal, pod, unit)]
        return self._verdict(findings)

    def judge_command(self, principal: Principal, pod: Pod, command: Command) -> Verdict:
        """The verdict that one simple command would have by itself."""
        rules = [rule for rule in self._standing(principal, pod) if rule.environment is None]
        return self._verdict(self._command(rules, principal, command))

    def judge_environment(self, principal: Principal, pod: Pod, name: str, value: str) -> Verdict:
        """The verdict on a variable that the client sends: judged as an assignment, by rules with
        `environment`. Names that change what programs do (LD_*, PATH, BASH_ENV, …) are never allowed.
        """
        facts = assignment(name, value)
        if facts.never:
            return self._verdict([_Finding(Effect.DENY, NEVER, facts.never)])
        findings = [
            _Finding(rule.effect, rule.id, rule.reason, rule.terms, matched=(rule.id,))
            for rule in self._standing(principal, pod)
            if rule.environment is not None and any(fnmatchcase(name, glob) for glob in rule.environment)
        ]
        return self._verdict(
            findings or [_Finding(Effect.DENY, DEFAULT, f"no rule allows the variable {name}")]
        )

    def reaches(self, principal: Principal, pod: Pod) -> bool:
        """Whether some rule other than a deny is about this principal in this container."""
        return any(
            rule.effect is not Effect.DENY and rule.environment is None
            for rule in self._standing(principal, pod)
        )

    def may_reach(self, principal: Principal, target: Target) -> bool:
        """The same before the container is known: labels and workloads count as fitting."""
        return any(
            rule.effect is not Effect.DENY
            and rule.environment is None
            and rule.who.holds(principal)
            and rule.where.may_hold(target)
            for rule in self.rules
        )

    def surely_reaches(self, principal: Principal, target: Target) -> bool:
        """The same for whatever the target turns out to be: who may not know of a pod learns nothing."""
        return any(
            rule.effect is not Effect.DENY and rule.who.holds(principal) and rule.where.surely_holds(target)
            for rule in self.rules
        )

    def knowing(self, principal: Principal, place: Pod | Target) -> Knowing:
        """What must be known of the container's Secrets before anything is shown: for each of both
        the strictest of the entries that hold, else the default. An entry that only may hold for a
        target (its labels are not known yet) can make it stricter, never looser.
        """
        fits = [rule for rule in self.masking if rule.who.holds(principal)]
        if isinstance(place, Pod):
            sure = maybe = [rule for rule in fits if rule.where.holds(place)]
        else:
            sure = [rule for rule in fits if rule.where.surely_holds(place)]
            maybe = [rule for rule in fits if rule.where.may_hold(place)]
        usual = self.defaults.knowing
        values = [rule.known_values for rule in maybe if rule.known_values]
        scopes = [rule.scope for rule in maybe if rule.scope]
        if not any(rule.known_values for rule in sure):
            values.append(usual.values)
        if not any(rule.scope for rule in sure):
            scopes.append(usual.scope)
        return Knowing(min(values, key=KNOWN_VALUES.index), min(scopes, key=SCOPES.index))

    def eligible(self, terms: Terms, principal: Principal) -> bool:
        """Whether a principal may decide on an approval with these terms (as far as groups say)."""
        return principal.kind is Kind.HUMAN and bool(terms.groups & principal.groups)

    def approval_mode(self, principal: Principal) -> Literal["wait", "async"]:
        """People wait on the line; agents get an answer and come back."""
        return "async" if principal.kind is Kind.AGENT else "wait"

    def answer(self, rule: Rule, command: Command) -> Answer:
        """Whether a rule's condition holds for a command, implied `writes: none` included."""
        said = holds(rule.what, command) if rule.what is not None else YES
        if rule.effect is Effect.DENY or rule.effect in APPROVALS:
            return said
        silent = rule.what is None or (rule.what.writes is None and not rule.what.anything_written)
        if silent and not writes_nothing(command):
            return Answer(grants=False, hits=said.hits)
        return said

    def _standing(self, principal: Principal, pod: Pod) -> list[Rule]:
        return [rule for rule in self.rules if rule.who.holds(principal) and rule.where.holds(pod)]

    def _unit(self, principal: Principal, pod: Pod, unit: Unit) -> list[_Finding]:
        rules = [rule for rule in self._standing(principal, pod) if rule.environment is None]
        findings = [found for command in unit.commands for found in self._command(rules, principal, command)]
        if not unit.understood:
            findings.append(self._not_understood(principal, unit.reasons[:1]))
        if not unit.commands and unit.understood:
            findings.append(_Finding(Effect.DENY, DEFAULT, "there is no command in it"))
        return findings

    def _command(self, rules: list[Rule], principal: Principal, command: Command) -> list[_Finding]:
        if command.never:
            return [_Finding(Effect.DENY, NEVER, command.never)]
        findings: list[_Finding] = []
        permitted = not command.understood
        for rule in rules:
            answer = self.answer(rule, command)
            restricts = answer.hits and (rule.effect is Effect.DENY or rule.effect in APPROVALS)
            if rule.effect is Effect.DENY and answer.hits is Match.MAYBE:
                why = f"it may touch what rule {rule.id} denies"
                findings.append(replace(self._not_understood(principal, (why,)), matched=(rule.id,)))
            elif restricts or (answer.grants and rule.effect is Effect.ALLOW):
                findings.append(_Finding(rule.effect, rule.id, rule.reason, rule.terms, matched=(rule.id,)))
            if answer.grants and (rule.effect is Effect.ALLOW or (restricts and rule.effect in APPROVALS)):
                permitted = True
        if not command.understood:
            findings.append(self._not_understood(principal, command.reasons[:1]))
        if not permitted:
            verb = f" {command.verb}" if command.verb else ""
            findings.append(
                _Finding(Effect.DENY, DEFAULT, f"no rule allows {command.program or 'it'}{verb} this way")
            )
        return findings

    def _not_understood(self, principal: Principal, reasons: Iterable[str]) -> _Finding:
        effect = self.defaults.agent if principal.kind is Kind.AGENT else self.defaults.human
        terms = self.defaults.terms if effect in APPROVALS else None
        if effect in APPROVALS and terms is None:
            effect = Effect.DENY
        return _Finding(
            effect, NOT_UNDERSTOOD, "not understood: " + "; ".join(reasons), terms, understood=False
        )

    def _verdict(self, findings: list[_Finding]) -> Verdict:
        if not findings:
            findings = [_Finding(Effect.DENY, DEFAULT, "there is nothing to judge")]
        # Of equally strict findings a rule's own comes first: it says most to whoever is refused.
        ordered = sorted(findings, key=lambda one: (STRICTNESS.index(one.effect), _LAST.get(one.rule, 0)))
        first = ordered[0]
        effect, terms = first.effect, None
        deciding = [
            one for one in ordered if one.effect is effect and (one.rule in _LAST) == (first.rule in _LAST)
        ]
        reasons = [finding.reason for finding in deciding if finding.reason]
        if effect in APPROVALS:
            asked = [finding.terms for finding in ordered if finding.terms is not None]
            terms = _merge(asked)
            if terms is None:
                effect = Effect.DENY
                reasons = ["the rules ask for approvers of groups that have nothing in common"]
            elif terms.peers:
                effect = Effect.APPROVE_PEER
        return Verdict(
            effect=effect,
            rule=first.rule,
            reasons=tuple(dict.fromkeys(reasons)),
            policy=self.sha256,
            understood=all(finding.understood for finding in findings),
            matched=tuple(dict.fromkeys(name for finding in ordered for name in finding.matched)),
            terms=terms,
        )


def _merge(asked: list[Terms]) -> Terms | None:
    """All terms at once: the most peers, out of groups that every one accepts, the shortest time.

    None where no group would satisfy all of them.
    """
    peers = max((terms.peers for terms in asked), default=0)
    named = [terms.groups for terms in asked if terms.peers]
    groups = frozenset.intersection(*named) if named else frozenset()
    if not asked or (peers and not groups) or (not peers and not any(terms.totp for terms in asked)):
        return None
    return Terms(
        peers=peers,
        groups=groups,
        totp=any(terms.totp for terms in asked),
        approver_factor="totp"
        if any(terms.approver_factor == "totp" for terms in asked if terms.peers)
        else "none",
        ttl=min(terms.ttl for terms in asked),
    )
