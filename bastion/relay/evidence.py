"""One session's evidence: effects become leaves and recording entries before they are performed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, assert_never

from bastion.model import effects as do
from bastion.model.request import Pty
from bastion.relay.journal import EvidenceError, Journal
from recorder.cast import Recording

PROGRESS_BYTES = 256 * 1024
PROGRESS_SECONDS = 5.0


class Evidence:
    """Leaves and the recording of one session. `log` returns once its effects may be performed."""

    def __init__(self, journal: Journal, folder: Path, session: str, actor: str, target: str) -> None:
        self._journal, self._folder = journal, folder
        self._envelope = {"session": session, "actor": actor, "target": target}
        self._recording: Recording | None = None
        self._relative = ""
        self._noted_bytes, self._noted_at = 0, 0.0

    @property
    def session(self) -> str:
        """The session's id."""
        return self._envelope["session"]

    def open(self, pty: Pty | None, wall: Callable[[], int], at: float) -> None:
        """Create the recording; raises EvidenceError."""
        day = datetime.fromtimestamp(wall(), UTC)
        self._relative = f"{day:%Y/%m/%d}/{self._envelope['session']}.cast"
        path = self._folder / self._relative
        size = (pty.size.cols, pty.size.rows, pty.term or "xterm") if pty else (80, 24, "dumb")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._recording = Recording.create(
                path, term=size, wall=wall(), at=at, title=self._envelope["target"], pty=pty is not None
            )
        except OSError as error:
            raise EvidenceError(f"the recording cannot be written: {error.strerror}") from error
        self._noted_at = at

    @property
    def due(self) -> float | None:
        """When `progress` has to refer to what was written since; None while nothing was."""
        written = self._recording is not None and self._recording.size != self._noted_bytes
        return self._noted_at + PROGRESS_SECONDS if written else None

    async def log(self, effects: Sequence[do.Effect], at: float) -> None:
        """Write what the effects need; decisions are on the disk when it returns. Raises EvidenceError."""
        leaves: list[Mapping[str, Any]] = []
        decides = False
        for effect in effects:
            self._record(effect, at)
            leaf = leaf_of(effect)
            if leaf:
                leaves.append({**self._envelope, **leaf})
                decides = decides or leaf["type"] != "mask"
        if leaves:
            seq = self._journal.append(leaves)
            if decides:
                await self._journal.durable(seq)
        self.progress(at, now=not self._noted_bytes)

    async def log_only(self, notes: Sequence[do.Note]) -> None:
        """Leaves without a recording, on the disk when it returns. Raises EvidenceError."""
        leaves = [{**self._envelope, **(leaf_of(note) or {})} for note in notes]
        await self._journal.durable(self._journal.append(leaves))

    def progress(self, at: float, *, now: bool = False) -> None:
        """Refer to the recording in the ledger when enough was written or enough time has passed."""
        recording = self._recording
        if not recording or recording.size == self._noted_bytes:
            return
        grown = recording.size - self._noted_bytes >= PROGRESS_BYTES
        if now or grown or at - self._noted_at >= PROGRESS_SECONDS:
            self._noted_bytes, self._noted_at = recording.size, at
            self._journal.append([{**self._envelope, **self._reference("recording.progress")}])

    async def seal(self, at: float, status: int) -> None:
        """End the recording and seal it in the ledger; raises EvidenceError."""
        recording = self._recording
        if not recording:
            return
        try:
            recording.exit(at, status)
            recording.close()
        except OSError as error:
            raise EvidenceError(f"the recording cannot be written: {error.strerror}") from error
        leaf = {**self._envelope, **self._reference("recording.sealed")}
        for stream, (size, digest) in recording.delivered.items():
            leaf[f"{stream}_bytes"], leaf[f"{stream}_sha256"] = size, digest
        await self._journal.durable(self._journal.append([leaf]))

    async def severed(self, why: str) -> bool:
        """The session's unplanned end as a leaf, in the space kept free for it once the ledger has failed.

        False where that failed too.
        """
        leaf = {**self._envelope, "type": "session.severed", "why": why[:200]}
        try:
            await self._journal.durable(self._journal.append([leaf]))
        except EvidenceError:
            return self._journal.last_words([leaf])
        return True

    def _reference(self, kind: str) -> dict[str, Any]:
        recording = self._recording
        if recording is None:
            raise EvidenceError("there is no recording")
        return {
            "type": kind,
            "recording": self._relative,
            "bytes": recording.size,
            "sha256": recording.digest(),
        }

    def _record(self, effect: do.Effect, at: float) -> None:
        recording = self._recording
        if recording is None:
            raise EvidenceError("there is no recording")
        try:
            match effect:
                case do.Deliver(stream, data):
                    recording.output(at, data, stream)
                case do.Mark(label):
                    recording.marker(at, label)
                case do.ResizePod(size) | do.ResizeEditor(size):
                    recording.resize(at, size.cols, size.rows)
                case _:
                    pass
        except OSError as error:
            raise EvidenceError(f"the recording cannot be written: {error.strerror}") from error


def leaf_of(effect: do.Effect) -> dict[str, Any] | None:
    """The leaf that stands for an effect; None for bytes and marks, which the recording holds."""
    match effect:
        case do.Note(kind, fields):
            return {"type": kind, **{name: value for name, value in fields.items() if value is not None}}
        case do.OpenPod(grant):
            return {
                "type": "exec.opened",
                "unit": grant.unit,
                "pod": str(grant.pod),
                "uid": grant.pod.uid,
                "container_id": grant.pod.container_id,
                "tty": grant.tty,
                "stdin": grant.stdin,
                "rule": grant.rule,
                "approval": grant.approval,
                "argv_sha256": hashlib.sha256("\0".join(grant.argv).encode()).hexdigest(),
            }
        case do.FileApproval(asked):
            return {
                "type": "approval.requested",
                "approval": asked.id,
                "text": asked.text.decode("utf-8", "backslashreplace")[:2048],
                "rule": asked.rule,
                "policy": asked.policy,
                "peers": asked.terms.peers,
                "totp": asked.terms.totp,
                "from": sorted(asked.terms.groups),
                "ttl": asked.terms.ttl,
            }
        case do.Resolve(target, known, scope):
            named = {"name": str(target), "known_values": known, "secrets_scope": scope}
            return {"type": "target.resolving", **named}
        case do.ConsumeApproval(approval):
            return {"type": "approval.consuming", "approval": approval}
        case do.WithdrawApproval(approval):
            return {"type": "approval.withdrawn", "approval": approval}
        case do.AskCode(approval):
            return {"type": "approval.code-asked", "approval": approval}
        case do.KillPod():
            return {"type": "exec.killing"}
        case (
            do.Deliver() | do.Mark() | do.Parse() | do.SendPod() | do.EndPodInput() | do.ResizePod()
            | do.ResizeEditor() | do.Edit() | do.Exit()
        ):  # fmt: skip
            return None
        case _:
            assert_never(effect)
