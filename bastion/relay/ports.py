"""What the relay asks of the doors, and what the SSH door asks of the house (protocols only)."""

from __future__ import annotations

from typing import Literal, Protocol

from bastion.model.approval import Asked
from bastion.model.events import (
    ApprovalConsumed,
    ApprovalFiled,
    ApprovalSettled,
    ClientEnded,
    ClientGone,
    ClientResized,
    ClientSent,
    ClientSignalled,
    CodeEntered,
    EditorDrew,
    LineAborted,
    LineEntered,
    Parsed,
    PodExited,
    PodFailed,
    PodSent,
    Refused,
    Stream,
)
from bastion.model.grant import Grant
from bastion.model.masks import Known
from bastion.model.pod import Pod
from bastion.model.principal import Principal
from bastion.model.refusal import Refusal
from bastion.model.request import Request, Size
from bastion.model.target import Target


class Channel(Protocol):
    """One SSH session channel whose exec or shell request was accepted; made by the SSH door.

    The door is in raw mode until `edit` is called; after LineEntered or LineAborted it is in raw
    mode again. Bytes that arrive while nobody receives wait in the channel's own window.
    """

    @property
    def principal(self) -> Principal:
        """Who opened the channel."""

    @property
    def login(self) -> str:
        """The SSH user name, as sent."""

    @property
    def source(self) -> str:
        """The client's address, `ip:port`."""

    @property
    def connection(self) -> str:
        """An opaque id of the SSH connection, shared by the channels of one ControlMaster."""

    @property
    def request(self) -> Request:
        """What was asked."""

    async def receive(self) -> ClientSent | ClientEnded | EditorDrew | LineEntered | LineAborted:
        """The next piece of the ordered input stream; at most 64 KiB. Waits. Never after ClientEnded."""

    async def receive_control(self) -> ClientResized | ClientSignalled | ClientGone:
        """The next out-of-band request; overtakes data that waits. Never returns after ClientGone."""

    def edit(self, prompt: str, *, secret: bool = False, multiline: str = "") -> None:
        """Start the line editor; `secret` draws nothing typed; `multiline` is text already entered."""

    def resized(self, size: Size) -> None:
        """Tell the editor the new size (the relay calls it as it handles ClientResized)."""

    def write(self, stream: Stream, data: bytes) -> None:
        """Queue bytes for the client; never blocks. Order with `exit` is kept."""

    async def drain(self) -> None:
        """Wait until little is queued, counting the channel, the connection and the TCP socket.

        Returns at once when the client is gone.
        """

    async def flush(self) -> None:
        """Wait until everything queued was handed to TCP or the client is gone."""

    def exit(self, status: int) -> None:
        """Send exit-status, EOF and close after what is queued (RFC 4254 §6.10)."""

    def exit_signal(self, name: str, message: str) -> None:
        """Send exit-signal instead of exit-status."""

    def abort(self) -> None:
        """Close at once, dropping what is queued; for a severed session."""


class Exec(Protocol):
    """One open exec stream in a pod; made by the Kubernetes door."""

    async def receive(self) -> PodSent | PodExited | PodFailed:
        """The next piece; PodExited or PodFailed is the last. Not calling it pauses the pod."""

    async def send(self, data: bytes) -> None:
        """Send stdin; waits while the socket is full. After the end it does nothing."""

    async def end_input(self) -> None:
        """Half-close stdin: v5 close frame without a tty, 0x04 with one (kubernetes-exec)."""

    async def resize(self, size: Size) -> None:
        """Set the tty's size, clamped to 1..65535; nothing without a tty."""

    @property
    def survivors(self) -> int:
        """How many processes `kill` could not end; -1: that is not known."""

    async def kill(self) -> None:
        """End the remote process and close; leaves nothing running. Bounded in time; idempotent."""


class Reading(Protocol):
    """What is known of the Secrets that a container can reach; made by the Kubernetes door."""

    @property
    def known(self) -> Known:
        """What was known at first; its `why` says what could not be read."""

    async def changed(self) -> Known | Refusal:
        """Wait until more is known; all of it. A Refusal: it is not up to date any more (told once)."""

    def close(self) -> None:
        """The session is over; idempotent."""


class Cluster(Protocol):
    """One Kubernetes cluster; made by the Kubernetes door."""

    @property
    def name(self) -> str:
        """The name in `NAME=ns/pod`."""

    async def resolve(self, target: Target) -> Pod | Refusal:
        """The ready container that a target names; a Refusal with code unknown-target,
        ambiguous-container, not-ready or cluster-down.
        """

    async def secrets(self, pod: Pod, scope: Literal["namespace", "pod"]) -> Reading | Refusal:
        """The values of every Secret that the pod can reach, or of its whole namespace; a Refusal
        when they cannot even be asked for.
        """

    async def open(self, grant: Grant, size: Size | None) -> Exec | Refusal:
        """Open the exec that the grant allows."""


class Syntax(Protocol):
    """shfmt, from pre-started processes."""

    async def parse(self, text: bytes, dialect: str) -> Parsed:
        """Parse `text` in `dialect` (bash, posix, mksh, zsh, bats); never raises for bad input."""


class Approvals(Protocol):
    """The queue of approvals; made by the store."""

    async def file(self, asked: Asked, at: float) -> ApprovalFiled | Refused:
        """Store a request; its text is encrypted at rest."""

    async def settled(self, approval: str) -> ApprovalSettled:
        """Wait until the request is decided, withdrawn or expired."""

    async def withdraw(self, approval: str) -> None:
        """Withdraw it if it is still pending or approved."""

    async def consume(self, approval: str, identity: str) -> ApprovalConsumed:
        """Consume it: succeeds once, for the identity that asked, before its deadline."""

    async def check_code(self, approval: str, identity: str, code: str) -> CodeEntered:
        """Check the requester's one-time code for this approval."""


class House(Protocol):
    """What the SSH door asks of the house."""

    async def identify(self, token: str, source: str) -> Principal | Refusal:
        """Verify an OIDC ID token given as a password."""

    async def certify(self, key: bytes, token: bytes, source: str) -> bytes | Refusal:
        """Exchange a token for a certificate line (OpenSSH text form, newline at the end).

        `key` is the SSH public key blob that the client proved to hold.
        """

    async def admit(self, certificate: bytes, source: str) -> Principal | Refusal:
        """Verify an OpenSSH user certificate (RFC 4253 §6.6 blob form)."""

    async def open(self, channel: Channel) -> None:
        """Run a session on the channel until it is closed. Never raises."""

    async def note(self, kind: str, fields: dict[str, str | int]) -> bool:
        """Append a leaf about the connection (`ssh.refused`, `auth.failed`); False: not durable, so sever."""
