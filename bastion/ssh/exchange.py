"""The login `cert`: a token on standard input becomes a certificate on standard output.

Whoever comes here has proved a key and nothing else, so this is all there is: one channel, one
shell or exec request without a PTY, `exchange_bytes` of input in `exchange_seconds`, one answer.
"""

from __future__ import annotations

import asyncio

from asyncssh.constants import EXTENDED_DATA_STDERR
from asyncssh.packet import UInt32

from bastion.model.refusal import Refusal
from bastion.relay.ports import House
from bastion.relay.unrecorded import UNRECORDED
from bastion.ssh.inbox import Inbox
from bastion.ssh.settings import SshSettings
from bastion.ssh.wire_channel import DoorChannel

LOGIN = "cert"
HOW = "ssh -i KEY cert@host < token > KEY-cert.pub"
NO_TERMINAL = Refusal("exchange-terminal", "the token must come on standard input", HOW)


class Exchange:
    """One exchange for the key blob `key`, asked from `source`."""

    def __init__(self, house: House, settings: SshSettings, key: bytes, source: str) -> None:
        self._house, self._settings = house, settings
        self._key, self._source = key, source

    async def run(self, wire: DoorChannel, inbox: Inbox) -> None:
        """Read the token, answer, and end the channel: 0 with a certificate, else the refusal's status."""
        token = await self._token(inbox)
        if isinstance(token, Refusal):
            fields: dict[str, str | int] = {"code": token.code, "method": "exchange", "source": self._source}
            noted = await self._house.note("auth.failed", fields)
            answer: bytes | Refusal = token if noted else UNRECORDED
        else:
            answer = await self._house.certify(self._key, token, self._source)
        if isinstance(answer, Refusal):
            refuse(wire, answer)
        else:
            wire.send(answer)
            wire.finish(b"exit-status", UInt32(0))

    async def _token(self, inbox: Inbox) -> bytes | Refusal:
        limit = self._settings.exchange_bytes
        try:
            async with asyncio.timeout(self._settings.exchange_seconds):
                while not inbox.ended and len(inbox.data) <= limit:
                    await inbox.news()
        except TimeoutError:
            seconds = self._settings.exchange_seconds
            return Refusal("exchange-timeout", f"no whole token came in {seconds:g} seconds", HOW)
        if len(inbox.data) > limit:
            return Refusal("token-too-long", f"a token may have {limit} bytes", HOW)
        token = inbox.take(limit).strip()
        return token or Refusal("token-missing", "standard input held no token", HOW)


def refuse(wire: DoorChannel, refusal: Refusal, newline: str = "\n") -> None:
    """End a channel with one line on stderr and the refusal's status."""
    wire.send((refusal.line() + newline).encode(), EXTENDED_DATA_STDERR)
    wire.finish(b"exit-status", UInt32(refusal.status & 0xFF))
