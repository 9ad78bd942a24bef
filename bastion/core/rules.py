"""What a policy is made of: rules with who, where and what, as read from the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from bastion.core.shell.facts import Capability
from bastion.model.pod import Pod
from bastion.model.principal import Principal
from bastion.model.target import Target
from bastion.model.verdict import Effect, Terms

KnownValues = Literal["required", "preferred", "off"]
KNOWN_VALUES: tuple[KnownValues, ...] = ("required", "preferred", "off")
Scope = Literal["namespace", "pod"]
SCOPES: tuple[Scope, ...] = ("namespace", "pod")
"""Both from the strictest on."""


@dataclass(frozen=True, slots=True)
class Knowing:
    """What must be known before anything is shown: the values of which Secrets, and whether at all."""

    values: KnownValues = "required"
    scope: Scope = "pod"

    def stricter(self, other: Knowing) -> bool:
        """Whether this asks for something that `other` does not."""
        wider = self.values != "off" and SCOPES.index(self.scope) < SCOPES.index(other.scope)
        return wider or KNOWN_VALUES.index(self.values) < KNOWN_VALUES.index(other.values)


@dataclass(frozen=True, slots=True)
class Who:
    """Principals: every key that is given must hold; an absent one holds for everybody."""

    groups: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    subjects: frozenset[str] | None = None
    issuers: frozenset[str] | None = None

    def holds(self, principal: Principal) -> bool:
        """Whether the principal is one of those."""
        return (
            (self.groups is None or bool(self.groups & principal.groups))
            and (self.kinds is None or principal.kind.value in self.kinds)
            and (self.subjects is None or principal.subject in self.subjects)
            and (self.issuers is None or principal.issuer in self.issuers)
        )


@dataclass(frozen=True, slots=True)
class Where:
    """Containers: names are globs (`*` and `?`); labels must all be there with these values."""

    clusters: tuple[str, ...] | None = None
    namespaces: tuple[str, ...] | None = None
    pods: tuple[str, ...] | None = None
    containers: tuple[str, ...] | None = None
    workloads: tuple[str, ...] | None = None
    labels: tuple[tuple[str, str], ...] = ()

    def holds(self, pod: Pod) -> bool:
        """Whether the container is one of those."""
        labels = dict(pod.labels)
        return (
            fits(pod.cluster, self.clusters)
            and fits(pod.namespace, self.namespaces)
            and fits(pod.name, self.pods)
            and fits(pod.container, self.containers)
            and fits(pod.workload, self.workloads)
            and all(key in labels and fnmatchcase(labels[key], value) for key, value in self.labels)
        )

    def may_hold(self, target: Target) -> bool:
        """Whether a container that the target names could be one of those; labels are not known yet."""
        return (
            (not target.cluster or fits(target.cluster, self.clusters))
            and fits(target.namespace, self.namespaces)
            and (target.kind != "pod" or fits(target.name, self.pods))
            and (not target.container or fits(target.container, self.containers))
        )

    def surely_holds(self, target: Target) -> bool:
        """Whether every container that the target can name is one of those."""
        return (
            self.may_hold(target)
            and not self.labels
            and self.workloads is None
            and (self.pods is None or target.kind == "pod")
            and (self.containers is None or bool(target.container))
            and (self.clusters is None or bool(target.cluster))
        )


def fits(name: str, globs: tuple[str, ...] | None) -> bool:
    """Whether a name is one of those that the globs mean; None means any."""
    return globs is None or any(fnmatchcase(name, glob) for glob in globs)


@dataclass(frozen=True, slots=True)
class Files:
    """A condition on files. `forbidden` is `none`: there must be no such file at all."""

    within: tuple[str, ...] | None = None
    outside: tuple[str, ...] | None = None
    any: tuple[str, ...] | None = None
    none: tuple[str, ...] | None = None
    forbidden: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A condition on names: `only` these, at least one of `any`, all of `all`, `none` of them."""

    only: frozenset[str] | None = None
    any: frozenset[str] | None = None
    all: frozenset[str] | None = None
    none: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class What:
    """A condition on one simple command; an absent key holds for every command.

    `programs` holds names ("rm") and names with verbs ("git status"). An allowing rule without
    `writes` allows no write.
    """

    programs: frozenset[str] | None = None
    flags: Choice | None = None
    paths: Files | None = None
    reads: Files | None = None
    writes: Files | None = None
    hosts: Files | None = None
    capabilities: Choice | None = None
    anything_written: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A line that a rule must match (`expected`) or must not; `line` is its place in the file.

    `file` is the included one that it stands in, or empty.
    """

    rule: str
    text: str
    expected: bool
    line: int
    file: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `environment` holds globs of variable names, for rules about what clients send.

    It stands in `line` of `file`, which is empty for the policy's own.
    """

    id: str
    line: int
    effect: Effect
    who: Who = field(default_factory=Who)
    where: Where = field(default_factory=Where)
    what: What | None = None
    terms: Terms | None = None
    reason: str = ""
    environment: tuple[str, ...] | None = None
    examples: tuple[Example, ...] = ()
    file: str = ""

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.file} line {self.line}" if self.file else f"line {self.line}"


@dataclass(frozen=True, slots=True)
class Masking:
    """What of `Knowing` is another in these containers; None: as elsewhere."""

    known_values: KnownValues | None = None
    scope: Scope | None = None
    who: Who = field(default_factory=Who)
    where: Where = field(default_factory=Where)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where no rule does; `terms` are those of approvals that no rule describes."""

    human: Effect = Effect.APPROVE_PEER
    agent: Effect = Effect.DENY
    terms: Terms | None = None
    knowing: Knowing = field(default_factory=Knowing)


ALL_CAPABILITIES: frozenset[Capability] = frozenset(
    ("runs-code", "reads-file", "writes-file", "network", "privilege")
)
