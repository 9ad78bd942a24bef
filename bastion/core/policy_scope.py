"""Whom and where a policy is about, where nobody signed in: stand-ins to try it with.

A policy file says which groups and places it means, not who is in them. So a stand-in principal is
in every group that the file names, unless groups are given, and what a target leaves open (its
cluster, labels, workload, container) is filled in as most rules that can hold there want it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from bastion.core.policy import Policy
from bastion.core.rules import Where
from bastion.model.pod import Pod
from bastion.model.principal import Kind, Principal
from bastion.model.refusal import Refusal
from bastion.model.target import Target, parse

MAX_SEEDS = 64
ISSUER = "https://issuer.invalid"
NOBODY = "somebody"
_FIELDS = ("cluster", "namespace", "name", "container", "workload")
_USUAL = {"cluster": "cluster", "namespace": "default", "name": "pod-0", "container": "app", "workload": ""}
_WHO = re.compile(r"(?:(human|agent):)?(?:([^|\s]+)\|)?([^|=\s]{1,256})(?:=([^\s=]*))?")


class ScopeError(ValueError):
    """A principal or a place cannot be read; the text says why."""


def every_group(policy: Policy) -> frozenset[str]:
    """All groups that the file names, as who or as approvers."""
    terms = [rule.terms for rule in policy.rules] + [policy.defaults.terms]
    asking = [rule.who for rule in policy.rules] + [entry.who for entry in policy.masking]
    named = [who.groups or frozenset() for who in asking]
    return frozenset[str]().union(*named, *(each.groups for each in terms if each is not None))


def principal(policy: Policy, said: object = None) -> Principal:
    """The principal that `[human:|agent:][ISSUER|]SUBJECT[=GROUP,…]` or a mapping names.

    A mapping has `subject`, `kind`, `issuer`, `groups`, each of which may be missing. Without
    groups it is in every group that the file names; None is such a human. Raises ScopeError.
    """
    found: Mapping[str, object]
    match said:
        case None:
            found = {}
        case str():
            matched = _WHO.fullmatch(said)
            if matched is None:
                raise ScopeError("a principal is written [human:|agent:][ISSUER|]SUBJECT[=GROUP,GROUP]")
            kind, issuer, subject, groups = matched.groups()
            found = {"kind": kind or ("agent" if subject == "agent" else "human"), "subject": subject}
            found |= {"issuer": issuer} if issuer else {}
            found |= {"groups": [each for each in groups.split(",") if each]} if groups is not None else {}
        case {**members}:
            found = {str(key): value for key, value in members.items()}
        case _:
            raise ScopeError("a principal is a text or an object")
    return _principal(policy, found)


def _principal(policy: Policy, found: Mapping[str, object]) -> Principal:
    _only(found, ("kind", "subject", "issuer", "groups"), "a principal")
    issuers = sorted(frozenset[str]().union(*(rule.who.issuers or () for rule in policy.rules)))
    groups = found.get("groups")
    if groups is not None and not (isinstance(groups, list) and all(isinstance(one, str) for one in groups)):
        raise ScopeError("groups must be a list of texts")
    kind = _text(found, "kind", "human")
    if kind not in ("human", "agent"):
        raise ScopeError("kind must be human or agent")
    subject = _text(found, "subject", NOBODY)
    return Principal(
        issuer=_text(found, "issuer", issuers[0] if issuers else ISSUER),
        subject=subject,
        kind=Kind(kind),
        name=subject,
        expires=0,
        groups=every_group(policy) if groups is None else frozenset(str(one) for one in groups),
        owner=NOBODY if kind == "agent" else "",
    )


def place(policy: Policy, said: object = None) -> Pod:
    """The container that a target (`[CLUSTER=]NS/POD[/CONTAINER]`) or a mapping names.

    A mapping has `cluster`, `namespace`, `pod`, `container`, `workload` and `labels`. What is not
    said is filled in. Raises ScopeError.
    """
    match said:
        case None:
            return _fullest(policy, _Sketch())
        case str():
            return _fullest(policy, _of_target(said))
        case {**members}:
            found = {str(key): value for key, value in members.items()}
        case _:
            raise ScopeError("a target is a text or an object")
    _only(found, ("cluster", "namespace", "pod", "container", "workload", "labels"), "a target")
    labels = found.get("labels")
    if labels is not None and not (
        isinstance(labels, dict) and all(isinstance(one, str) for pair in labels.items() for one in pair)
    ):
        raise ScopeError("labels must be an object of texts")
    names = {key: _text(found, "pod" if key == "name" else key, "") for key in _FIELDS}
    given = tuple((key, value) for key, value in names.items() if value)
    return _fullest(policy, _Sketch(given, None if labels is None else tuple(sorted(labels.items()))))


@dataclass(frozen=True, slots=True)
class _Sketch:
    """A container of which some names are known; `labels` is None where they are not."""

    names: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] | None = None
    wanted: tuple[tuple[str, str], ...] = ()

    def joined(self, where: Where) -> _Sketch | None:
        """This, with what is open filled in so that `where` holds; None where it cannot."""
        names = dict(self.names)
        globs = (where.clusters, where.namespaces, where.pods, where.containers, where.workloads)
        for key, wanted in zip(_FIELDS, globs, strict=True):
            if wanted is None:
                continue
            if key not in names:
                names[key] = next((name for glob in wanted if (name := _spelt(glob, _USUAL[key]))), "")
            if not any(fnmatchcase(names[key], glob) for glob in wanted):
                return None
        labels = dict(self.wanted if self.labels is None else self.labels)
        for key, glob in where.labels:
            if self.labels is None and key not in labels:
                labels[key] = _spelt(glob, "x")
            if not fnmatchcase(labels.get(key, "\0"), glob):
                return None
        return replace(self, names=tuple(names.items()), wanted=tuple(sorted(labels.items())))

    def pod(self) -> Pod:
        names = {**_USUAL, **dict(self.names)}
        labels = self.wanted if self.labels is None else self.labels
        return Pod(
            names["cluster"], names["namespace"], names["name"], "uid", names["container"], "container",
            labels, names["workload"],
        )  # fmt: skip


def _fullest(policy: Policy, known: _Sketch) -> Pod:
    """The container in which most rules hold, of those that the places of the file lead to."""
    about = [rule.where for rule in policy.rules if rule.environment is None]
    distinct = list(dict.fromkeys(where for where in about if where != Where()))[:MAX_SEEDS]
    found = [known.pod()]
    for first in distinct:
        sketch = known.joined(first)
        if sketch is None:
            continue
        for other in distinct:
            sketch = sketch.joined(other) or sketch
        found.append(sketch.pod())
    return max(found, key=lambda pod: sum(where.holds(pod) for where in about))


def _of_target(said: str) -> _Sketch:
    target = parse(said)
    if isinstance(target, Refusal):
        raise ScopeError(target.text)
    if not isinstance(target, Target):
        raise ScopeError(f"{said[:64]!r} is no pod or workload")
    names = {"cluster": target.cluster, "namespace": target.namespace, "container": target.container}
    kinds = {"deploy": "deployment", "sts": "statefulset", "ds": "daemonset", "job": "job"}
    if target.kind == "pod":
        names["name"] = target.name
    else:
        names["workload"] = f"{kinds[target.kind]}/{target.name}"
    return _Sketch(tuple((key, value) for key, value in names.items() if value))


def _spelt(glob: str, usual: str) -> str:
    """A name that the glob matches."""
    if fnmatchcase(usual, glob) and usual:
        return usual
    name = re.sub(r"\[!?(.)[^]]*\]", r"\1", glob.replace("*", "x").replace("?", "x"))
    return name if fnmatchcase(name, glob) else ""


def _only(found: Iterable[str], known: tuple[str, ...], what: str) -> None:
    for key in found:
        if key not in known:
            raise ScopeError(f"{what} has no member {key[:40]!r}; it may have {', '.join(known)}")


def _text(found: Mapping[str, object], key: str, usual: str) -> str:
    value = found.get(key, usual)
    if not isinstance(value, str) or len(value) > 512:
        raise ScopeError(f"{key} must be a text of at most 512 characters")
    return value or usual
