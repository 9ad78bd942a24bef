"""Who the cluster is told is acting: impersonation headers and the marks of a session.

Impersonation (Kubernetes authentication reference, "User impersonation") makes the cluster's own
RBAC and audit log see the person. What is sent is the grant's user and groups behind a prefix, so
that no identity provider can produce a name of the cluster's own (`system:masters`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from bastion.model.grant import Grant
from bastion.model.refusal import Refusal

MAX_GROUPS = 256
MAX_NAME = 1024
RESERVED = "system:"
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SESSION = re.compile(r"[A-Za-z0-9._-]{1,64}")

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Whether to impersonate, and the issuer's prefixes."""

    enabled: bool = False
    user_prefix: str = "oidc:"
    group_prefix: str = "oidc:"


def headers(grant: Grant, impersonation: Impersonation) -> Headers | Refusal:
    """The headers that go with every exec of the grant; a Refusal if a name may not be sent.

    `Audit-ID` joins the cluster's audit events to the session; the extra does the same where the
    API server does not take an audit id from a client.
    """
    if not _SESSION.fullmatch(grant.session):
        return _refuse("the session id cannot be sent to the cluster")
    marks = (("User-Agent", f"bastion/{_version()} session/{grant.session}"), ("Audit-ID", grant.session))
    if not impersonation.enabled:
        return marks
    if not grant.user:
        return _refuse("the user has no name to give to the cluster")
    if len(grant.groups) > MAX_GROUPS:
        return _refuse(f"the user is in more than {MAX_GROUPS} groups")
    user = impersonation.user_prefix + grant.user
    groups = tuple(impersonation.group_prefix + group for group in grant.groups)
    if not all(_sendable(name) for name in (user, *groups)):
        return _refuse("the user's name or a group's name may not be given to the cluster")
    return (
        *marks,
        ("Impersonate-User", user),
        *(("Impersonate-Group", group) for group in groups),
        ("Impersonate-Extra-bastion-session", grant.session),
    )


def _sendable(name: str) -> bool:
    """No name of the cluster's own, in any spelling that a lenient reader could take for one."""
    plain = name.strip()
    return (
        plain == name
        and 0 < len(name) <= MAX_NAME
        and not _UNPRINTABLE.search(name)
        and not name.casefold().startswith(RESERVED)
    )


def _refuse(text: str) -> Refusal:
    return Refusal("bad-identity", text, "an administrator checks the issuer's claims and the prefixes")


@cache
def _version() -> str:
    try:
        return version("pod-bastion")
    except PackageNotFoundError:
        return "0"
