"""What one channel is told outside a session of a pod: in the recording and the ledger, then sent.

A refusal before anything was said is one leaf with its code and text; it makes no recording.
"""

from __future__ import annotations

from collections.abc import Callable

from bastion.core.texts import plain
from bastion.model.effects import Deliver, Note
from bastion.model.events import Stream
from bastion.model.refusal import Refusal
from bastion.relay.evidence import Evidence
from bastion.relay.journal import EvidenceError
from bastion.relay.ports import Channel
from bastion.relay.unrecorded import UNRECORDED


class Counter:
    """One channel and its evidence. The recording begins with the first word."""

    def __init__(
        self, channel: Channel, evidence: Evidence, wall: Callable[[], int], clock: Callable[[], float]
    ) -> None:
        self._channel, self._evidence = channel, evidence
        self._wall, self._clock = wall, clock
        self._open = self._over = False

    async def note(self, *notes: Note) -> None:
        """Leaves, on the disk when it returns. Raises EvidenceError."""
        await self._evidence.log_only(notes)

    async def say(self, stream: Stream, data: bytes, *notes: Note) -> None:
        """Record bytes with their leaves, then send them. Raises EvidenceError."""
        if not self._open:
            self._evidence.open(self._channel.request.pty, self._wall, self._clock())
            self._open = True
        await self._evidence.log([Deliver(stream, data), *notes], self._clock())
        self._channel.write(stream, data)

    async def close(self, status: int) -> None:
        """Seal the recording, then end the channel. Raises EvidenceError."""
        if self._open:
            await self._evidence.seal(self._clock(), status)
        self._over = True
        self._channel.exit(status)

    async def refuse(self, refusal: Refusal) -> None:
        """The leaf, the line and the end; where they cannot be recorded, the one line that needs no leaf."""
        if self._over:
            return
        note = Note("session.refused", {"code": refusal.code, "text": refusal.text[:500]})
        stream, line = _line(refusal, self._channel)
        try:
            if self._open:
                await self.say(stream, line, note)
            else:
                await self.note(note)
                self._channel.write(stream, line)
            await self.close(refusal.status)
        except EvidenceError:
            self.unrecorded()

    def unrecorded(self) -> None:
        """Nothing can be recorded: the one line, and the end."""
        if not self._over:
            self._over = True
            self._channel.write(*_line(UNRECORDED, self._channel))
            self._channel.exit(UNRECORDED.status)


def _line(refusal: Refusal, channel: Channel) -> tuple[Stream, bytes]:
    """Where it goes and its bytes: what drives a terminal is made visible."""
    text = plain(refusal.line()).encode("utf-8", "backslashreplace")
    return ("out", text + b"\r\n") if channel.request.pty else ("err", text + b"\n")
