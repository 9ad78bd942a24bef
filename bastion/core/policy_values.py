"""The parts of a policy's rules, read from nodes: who, where, command, effect, examples."""

from __future__ import annotations

import re

import yaml

from bastion.core.policy_nodes import Nodes
from bastion.core.rules import ALL_CAPABILITIES, Choice, Example, Files, What, Where, Who
from bastion.core.shell.paths import normalise
from bastion.model.verdict import Effect, Terms

_PATTERN = re.compile(r"(?:/|\*\*/|[^/~$.]|\.[^./]).*", re.DOTALL)
_PATHS = ("within", "outside", "any", "none")
_LATER_EFFECTS = ("reason", "mask", "notify")


def read_effect(nodes: Nodes, node: yaml.Node) -> tuple[Effect, Terms | None]:
    """`allow`, `deny` or `{approve: …}`, with the terms of an approval."""
    if isinstance(node, yaml.MappingNode):
        found = nodes.mapping(node, "effect", ("approve",))
        terms = read_terms(nodes, found["approve"], "approve") if "approve" in found else Terms(peers=1)
        return (Effect.APPROVE_PEER if terms.peers else Effect.APPROVE_TOTP), terms
    name = nodes.text(node, "effect")
    if name in _LATER_EFFECTS:
        nodes.wrong(node, f"the effect {name} is not supported by this version")
    elif name in ("approve-peer", "approve-totp", "approve"):
        nodes.wrong(node, "write {approve: {peers: 1, from: [GROUP], totp: false, ttl: 10m}}")
    elif name not in ("allow", "deny"):
        nodes.wrong(node, "effect must be allow, deny or {approve: {…}}")
    return (Effect.ALLOW if name == "allow" else Effect.DENY), None


def read_terms(nodes: Nodes, node: yaml.Node, what: str) -> Terms:
    """The terms of an approval."""
    found = nodes.mapping(node, what, ("peers", "from", "totp", "approver_factor", "ttl", "scope"))
    peers = nodes.number(found["peers"], "peers", 0, 20) if "peers" in found else 0
    totp = nodes.truth(found["totp"], "totp") if "totp" in found else False
    groups = nodes.strings(found["from"], "from") if "from" in found else ()
    factor = (
        nodes.choice(found["approver_factor"], "approver_factor", ("totp", "none"))
        if "approver_factor" in found
        else None
    )
    if "scope" in found:
        nodes.choice(found["scope"], "scope", ("once",))
    if not peers and not totp:
        nodes.wrong(node, f"{what} must ask for peers, for totp or for both")
    if bool(peers) != bool(groups):
        nodes.wrong(node, f"{what}: peers and from go together")
    ttl = nodes.seconds(found["ttl"], "ttl") if "ttl" in found else 600
    return Terms(peers, frozenset(groups), totp, "none" if factor == "none" else "totp", ttl)


def read_who(nodes: Nodes, node: yaml.Node | None) -> Who:
    """A `who:` mapping; absent, everybody."""
    if node is None:
        return Who()
    found = nodes.mapping(node, "who", ("groups", "kinds", "subjects", "issuers"))
    values = {key: frozenset(nodes.strings(value, key)) for key, value in found.items()}
    for kind in values.get("kinds", frozenset()) - {"human", "agent"}:
        nodes.wrong(found["kinds"], f"{kind[:40]} is no kind; there are human and agent")
    return Who(values.get("groups"), values.get("kinds"), values.get("subjects"), values.get("issuers"))


def read_where(nodes: Nodes, node: yaml.Node | None) -> Where:
    """A `where:` mapping; absent, everywhere."""
    if node is None:
        return Where()
    names = ("clusters", "namespaces", "pods", "containers", "workloads")
    found = nodes.mapping(node, "where", (*names, "labels"))
    labels = nodes.mapping(found["labels"], "labels", None) if "labels" in found else {}
    pairs = tuple((key, nodes.text(value, f"the label {key}") or "") for key, value in labels.items())
    listed = {key: nodes.strings(found[key], key) for key in names if key in found}
    return Where(
        listed.get("clusters"),
        listed.get("namespaces"),
        listed.get("pods"),
        listed.get("containers"),
        listed.get("workloads"),
        pairs,
    )


def read_what(nodes: Nodes, node: yaml.Node) -> What:
    """A `command:` mapping."""
    files = ("paths", "reads", "writes")
    found = nodes.mapping(node, "command", ("program", "programs", "flags", "capabilities", "hosts", *files))
    programs = None
    if "program" in found and "programs" in found:
        nodes.wrong(node, "command must have program or programs, not both")
    if "program" in found:
        programs = frozenset([nodes.text(found["program"], "program") or ""])
    elif "programs" in found:
        value = found["programs"]
        if isinstance(value, yaml.MappingNode):
            only = nodes.mapping(value, "programs", ("only",))
            value = only.get("only", value)
        programs = frozenset(nodes.strings(value, "programs"))
    capabilities = _choice(nodes, found["capabilities"], "capabilities") if "capabilities" in found else None
    for each in (
        (capabilities.only, capabilities.any, capabilities.all, capabilities.none) if capabilities else ()
    ):
        for unknown in (each or frozenset()) - ALL_CAPABILITIES:
            nodes.wrong(
                found["capabilities"],
                f"{unknown[:40]} is no capability; there are {', '.join(sorted(ALL_CAPABILITIES))}",
            )
    anything = (
        "writes" in found and isinstance(found["writes"], yaml.ScalarNode) and found["writes"].value == "any"
    )
    each_files = {key: _files(nodes, found[key], key) for key in (*files, "hosts") if key in found}
    return What(
        programs=programs,
        flags=_choice(nodes, found["flags"], "flags") if "flags" in found else None,
        paths=each_files.get("paths"),
        reads=each_files.get("reads"),
        writes=None if anything else each_files.get("writes"),
        hosts=each_files.get("hosts"),
        capabilities=capabilities,
        anything_written=anything,
    )


def _choice(nodes: Nodes, node: yaml.Node, what: str) -> Choice:
    found = nodes.mapping(node, what, ("only", "any", "all", "none"))
    values = {key: frozenset(nodes.strings(value, f"{what}.{key}")) for key, value in found.items()}
    return Choice(values.get("only"), values.get("any"), values.get("all"), values.get("none"))


def _files(nodes: Nodes, node: yaml.Node, what: str) -> Files:
    if isinstance(node, yaml.ScalarNode) and node.value in ("none", "any"):
        return Files(forbidden=node.value == "none")
    found = nodes.mapping(node, what, _PATHS if what != "hosts" else ("only", "outside"))
    values = {key: nodes.strings(value, f"{what}.{key}") for key, value in found.items()}
    for key, patterns in values.items():
        for pattern in patterns if what != "hosts" else ():
            if not _PATTERN.fullmatch(pattern) or "/../" in f"{pattern}/":
                nodes.wrong(
                    found[key], f"{pattern[:60]} is no path pattern; write /dir, /dir/**, **/name or a name"
                )
            if key in ("within", "outside") and not pattern.startswith("/"):
                nodes.wrong(found[key], f"{what}.{key} takes absolute paths")
    if what == "hosts":
        return Files(values.get("only"), values.get("outside"))
    plain = {key: tuple(_normal(pattern) for pattern in patterns) for key, patterns in values.items()}
    return Files(plain.get("within"), plain.get("outside"), plain.get("any"), plain.get("none"))


def _normal(pattern: str) -> str:
    return normalise(pattern) if pattern.startswith("/") else pattern


def read_examples(nodes: Nodes, node: yaml.Node, rule: str) -> tuple[Example, ...]:
    """The examples of a rule, with their lines."""
    found = nodes.mapping(node, "examples", ("match", "not_match"))
    return tuple(
        Example(
            rule, nodes.text(each, "an example") or "", key == "match", each.start_mark.line + 1, nodes.file
        )
        for key, value in found.items()
        for each in nodes.items(value, f"examples.{key}")
    )
