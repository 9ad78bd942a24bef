"""What happened, in participles. Each event carries `at`, seconds on a monotonic clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bastion.model.pod import Pod
from bastion.model.refusal import Refusal
from bastion.model.request import Request, Size

Stream = Literal["out", "err"]


@dataclass(frozen=True, slots=True)
class Requested:
    """A session channel asked for an exec or a shell."""

    at: float
    request: Request


@dataclass(frozen=True, slots=True)
class Resolved:
    """The target is this container; `patterns` (bastion.core.masking) hold what must never leave it.

    `known` values were found in its Secrets. `weak` are the references of those that are too short
    or too common to be masked; `unread` of `secrets` Secrets could not be read, `why` says so.
    """

    at: float
    pod: Pod
    patterns: Any
    known: int = 0
    weak: tuple[str, ...] = ()
    secrets: int = 0
    unread: int = 0
    why: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A door said no to what the session asked of it (target, secrets, approval, syntax)."""

    at: float
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Parsed:
    """shfmt's tree of a text; `problem` is "incomplete" or "malformed" where there is none."""

    at: float
    text: bytes
    tree: Mapping[str, Any] | None
    problem: Literal["", "incomplete", "malformed"] = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class ClientSent:
    """Raw bytes from the client, while the door is in raw mode."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class ClientEnded:
    """The client sent EOF on its channel (RFC 4254 §5.3)."""

    at: float


@dataclass(frozen=True, slots=True)
class ClientResized:
    """A window-change request (RFC 4254 §6.7)."""

    at: float
    size: Size


@dataclass(frozen=True, slots=True)
class ClientSignalled:
    """A signal request: `name` without SIG (RFC 4254 §6.9); a break is "BREAK" (RFC 4335)."""

    at: float
    name: str


@dataclass(frozen=True, slots=True)
class ClientGone:
    """The channel or connection is closed; nothing more can be delivered."""

    at: float
    why: str


@dataclass(frozen=True, slots=True)
class EditorDrew:
    """Bytes that the line editor wants on the client's terminal."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class LineEntered:
    """The line editor was left with a whole text (no trailing newline)."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class LineAborted:
    """The line editor was left with ^C (`why` "interrupt") or ^D on an empty line ("eof")."""

    at: float
    why: Literal["interrupt", "eof"]


@dataclass(frozen=True, slots=True)
class CodeEntered:
    """A one-time code was checked by its door; the code itself never enters the core."""

    at: float
    id: str
    accepted: bool
    message: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True)
class ApprovalFiled:
    """The store holds the request for approval; `expires_wall` is in Unix seconds."""

    at: float
    id: str
    expires_wall: int


@dataclass(frozen=True, slots=True)
class ApprovalSettled:
    """A pending approval was decided, withdrawn or expired."""

    at: float
    id: str
    state: Literal["approved", "denied", "expired", "withdrawn", "void"]
    by: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalConsumed:
    """The one atomic consumption succeeded (`ok`) or another one came first."""

    at: float
    id: str
    ok: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class PodOpened:
    """The exec stream of `unit` is up."""

    at: float
    unit: str


@dataclass(frozen=True, slots=True)
class PodSent:
    """Output of the unit, as it came, at most 32 KiB a piece."""

    at: float
    stream: Stream
    data: bytes


@dataclass(frozen=True, slots=True)
class PodExited:
    """The exec ended with a status. `code` is 0..255."""

    at: float
    code: int


@dataclass(frozen=True, slots=True)
class PodFailed:
    """The exec could not be opened or ended without a status; `refusal` says why, in one line."""

    at: float
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class SecretsAdded:
    """More values became known; the new `patterns` apply to what waits, to what is shown on a screen,
    and from the next byte on. They hold the old values too; `known` and `weak` are those of all.
    """

    at: float
    patterns: Any
    known: int = 0
    weak: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecretsLost:
    """The values cannot be kept up to date any more: what changes from here on is not known."""

    at: float
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class PolicyChanged:
    """A reload put another policy in force; what runs goes on, what is judged next is judged by it."""

    at: float
    policy: Any


@dataclass(frozen=True, slots=True)
class TimePassed:
    """A deadline that the session named may have passed."""

    at: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The house ends the session (shutdown, expired identity, an administrator)."""

    at: float
    refusal: Refusal


Event = (
    Requested
    | Resolved
    | Refused
    | Parsed
    | ClientSent
    | ClientEnded
    | ClientResized
    | ClientSignalled
    | ClientGone
    | EditorDrew
    | LineEntered
    | LineAborted
    | CodeEntered
    | ApprovalFiled
    | ApprovalSettled
    | ApprovalConsumed
    | PodOpened
    | PodSent
    | PodExited
    | PodFailed
    | SecretsAdded
    | SecretsLost
    | PolicyChanged
    | TimePassed
    | Ended
)
