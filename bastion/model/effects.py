"""What to do, in imperatives. Each effect is in the ledger or the recording before it is performed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bastion.model.approval import Asked
from bastion.model.events import Stream
from bastion.model.grant import Grant
from bastion.model.request import Size
from bastion.model.target import Target

Fact = str | int | bool | list[str] | None


@dataclass(frozen=True, slots=True)
class Note:
    """A leaf: `kind` is its type (`session.started`, `verdict`, …), `fields` its own members."""

    kind: str
    fields: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker in the recording, for players; the same fact also stands in a leaf."""

    label: str


@dataclass(frozen=True, slots=True)
class Resolve:
    """Find the container and the values that must never leave it."""

    target: Target
    known_values: Literal["required", "preferred", "off"]
    scope: Literal["namespace", "pod"] = "pod"


@dataclass(frozen=True, slots=True)
class Parse:
    """Have shfmt parse a text."""

    text: bytes
    dialect: str


@dataclass(frozen=True, slots=True)
class OpenPod:
    """Open the exec that the grant allows; `check_uid` looks first whether the pod is still the same."""

    grant: Grant
    size: Size | None
    check_uid: bool = False


@dataclass(frozen=True, slots=True)
class SendPod:
    """Send the client's bytes to the running program."""

    data: bytes


@dataclass(frozen=True, slots=True)
class EndPodInput:
    """Half-close the running program's standard input."""


@dataclass(frozen=True, slots=True)
class ResizePod:
    """Tell the running program's terminal its new size; record it."""

    size: Size


@dataclass(frozen=True, slots=True)
class ResizeEditor:
    """Tell the line editor the new size; record it."""

    size: Size


@dataclass(frozen=True, slots=True)
class KillPod:
    """End the running unit's processes and close its exec."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Write masked bytes to the client."""

    stream: Stream
    data: bytes


@dataclass(frozen=True, slots=True)
class Edit:
    """Start the line editor."""

    prompt: str
    multiline: str = ""


@dataclass(frozen=True, slots=True)
class AskCode:
    """Ask for a one-time code without echo and have it checked for this approval."""

    id: str
    prompt: str


@dataclass(frozen=True, slots=True)
class FileApproval:
    """Store a request for approval and watch it."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class WithdrawApproval:
    """Withdraw a request that is still pending."""

    id: str


@dataclass(frozen=True, slots=True)
class ConsumeApproval:
    """Consume an approval: one atomic step that succeeds once."""

    id: str


@dataclass(frozen=True, slots=True)
class Exit:
    """Send the exit status (or, with `signal`, exit-signal), then EOF and close. The last effect."""

    status: int
    signal: str = ""
    message: str = ""


Effect = (
    Note
    | Mark
    | Resolve
    | Parse
    | OpenPod
    | SendPod
    | EndPodInput
    | ResizePod
    | ResizeEditor
    | KillPod
    | Deliver
    | Edit
    | AskCode
    | FileApproval
    | WithdrawApproval
    | ConsumeApproval
    | Exit
)
