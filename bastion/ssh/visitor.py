"""asyncssh's callbacks for one connection: who it is, what it may open, and what it was refused.

    stranger ──password | keyboard-interactive: a token──▶ House.identify ─┐
             ──certificate, possession proved────────────▶ House.admit ────┼─▶ signed in
             ──any key, possession proved, login `cert`────────────────────┘   (exchange only)

Nothing before `auth_completed` counts as an identity, and every new authentication request
forgets what an earlier one proved.
"""

from __future__ import annotations

import secrets
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import asyncssh
from asyncssh.auth import KbdIntChallenge
from asyncssh.constants import DISC_BY_APPLICATION, OPEN_ADMINISTRATIVELY_PROHIBITED, OPEN_RESOURCE_SHORTAGE

from bastion.core.masking.scan import hidden
from bastion.model.principal import Principal
from bastion.model.refusal import Refusal
from bastion.relay.ports import House
from bastion.ssh import exchange, refused
from bastion.ssh.caps import Caps
from bastion.ssh.session import Session
from bastion.ssh.settings import SshSettings
from bastion.ssh.tasks import Tasks
from bastion.ssh.wire_connection import DoorConnection

PROMPT = "Password (an OIDC token): "
CUT_AT = 1023
MAX_TOKEN = 16 * 1024
MAX_LOGIN = 512
_CUT = Refusal(
    "token-cut",
    f"the token has {CUT_AT} bytes, where OpenSSH's client cuts a password",
    f"exchange it for a certificate: {exchange.HOW}",
)
_TOO_LONG = Refusal("token-too-long", f"a token may have {MAX_TOKEN} bytes", "fetch another token")


@dataclass(frozen=True, slots=True)
class Proof:
    """What one authentication request proved."""

    login: str
    principal: Principal | None
    key: bytes = b""


class Visitor(asyncssh.SSHServer):
    """The owner of one connection."""

    def __init__(self, house: House, settings: SshSettings, caps: Caps, tasks: Tasks) -> None:
        self._house, self._settings, self._caps, self._tasks = house, settings, caps, tasks
        self._connection = secrets.token_hex(8)
        self._login = self._told = ""
        self._proof: Proof | None = None
        self._signed_in = self._asked = self._sessions_over = False
        self._sessions = 0
        self._notices: list[Refusal] = []
        self._conn: DoorConnection
        self._address, self._source = "", ""

    @property
    def login(self) -> str:
        """The SSH user name, as it may be told: without what looks like a secret."""
        return self._told

    @property
    def source(self) -> str:
        """The client's `ip:port`; an IPv6 address stands in brackets."""
        return self._source

    @property
    def address(self) -> str:
        """The client's address alone."""
        return self._address

    @property
    def connection(self) -> str:
        """The connection's id, 16 random hex digits."""
        return self._connection

    @property
    def principal(self) -> Principal | None:
        """Who signed in."""
        return self._proof.principal if self._signed_in and self._proof is not None else None

    @property
    def key(self) -> bytes:
        """The key blob that was proved, or nothing."""
        return self._proof.key if self._signed_in and self._proof is not None else b""

    @property
    def traffic(self) -> DoorConnection:
        """The connection itself."""
        return self._conn

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """TCP is up and counted."""
        self._conn = cast("DoorConnection", conn)
        peer = conn.get_extra_info("peername") or ("", 0)
        self._address = str(peer[0])
        host = f"[{self._address}]" if ":" in self._address else self._address
        self._source = f"{host}:{peer[1]}"

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; give back every place it held."""
        del exc
        if self._signed_in:
            self._caps.leave(self._counted())
        else:
            self._caps.settle(self._address)
        while self._sessions:
            self.session_over()

    def begin_auth(self, username: str) -> bool:
        """A login name was given; everybody must authenticate. One that no target has is not searched."""
        self._login = username
        self._told = hidden(username) if len(username) <= MAX_LOGIN else "?"
        return True

    def auth_completed(self) -> None:
        """The last request was accepted; the connection goes on only with what that one proved."""
        proof = self._proof
        if proof is None or proof.login != self._login:
            self._conn.abort()
            return
        if proof.principal is None and (self._login != exchange.LOGIN or not proof.key):
            self._conn.abort()
            return
        if not self._caps.join(self._counted()):
            self._tasks.start(self._turn_away(), "turn away")
            return
        self._caps.settle(self._address)
        self._signed_in = True
        if self._login == exchange.LOGIN:
            self._conn.close_after(3 * self._settings.exchange_seconds)

    def forget(self) -> None:
        """Another authentication request begins."""
        self._proof, self._asked = None, False

    def public_key_auth_supported(self) -> bool:
        """Keys with certificates everywhere, bare keys at `cert`."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether a bare key may open this login; possession is proved later."""
        del key
        return username == exchange.LOGIN

    async def admit_certificate(self, blob: bytes, source_ip: str) -> Principal | Refusal:
        """Ask the house about a certificate; possession is proved later."""
        answer = await self._house.admit(blob, source_ip)
        if isinstance(answer, Refusal):
            await self._failed("certificate", answer)
        return answer

    def proved(self, username: str, key: bytes, principal: Principal | None) -> None:
        """A signature proved possession of `key`."""
        self._proof = Proof(username, principal, key)

    def password_auth_supported(self) -> bool:
        """A token as the password, except at `cert`."""
        return self._login != exchange.LOGIN

    async def validate_password(self, username: str, password: str) -> bool:
        """Whether the password is a token that the house accepts."""
        self._proof = None
        answer = await self._identify(password)
        if isinstance(answer, Refusal):
            await self._failed("token", answer)
            return False
        self._proof = Proof(username, answer)
        return True

    def kbdint_auth_supported(self) -> bool:
        """The same, asked as one question (RFC 4256)."""
        return self.password_auth_supported()

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> KbdIntChallenge:
        """The one question."""
        del username, lang, submethods
        self._asked = True
        return "", "", "en", [(PROMPT, False)]

    async def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        """Check the one answer; a second answer to one question is not looked at."""
        if not self._asked or len(responses) != 1:
            return False
        self._asked = False
        return await self.validate_password(username, responses[0])

    def session_requested(self) -> Session | Coroutine[None, None, Session]:
        """A place for another session; where there is none, what notes that and raises ChannelOpenError."""
        if self._sessions_over or (self._login == exchange.LOGIN and self._sessions):
            text = "bastion: this connection opens no more sessions"
            return self._no_place(OPEN_ADMINISTRATIVELY_PROHIBITED, "no-more-sessions", text)
        why = self._caps.open(self._counted())
        if why:
            return self._no_place(OPEN_RESOURCE_SHORTAGE, "too-many-sessions", f"bastion: {why}")
        self._sessions += 1
        self._sessions_over = self._login == exchange.LOGIN
        return Session(self, self._house, self._settings, self._tasks)

    def session_over(self) -> None:
        """Give one session's place back."""
        if self._sessions:
            self._sessions -= 1
            self._caps.close(self._counted())

    def no_more_sessions(self) -> None:
        """The client gave up its right to open more sessions (OpenSSH's PROTOCOL §2.2)."""
        self._sessions_over = True

    async def note_refused(self, place: refused.Place, name: str) -> None:
        """Note that a channel or request is not offered."""
        await self.note({"place": place, "name": refused.plain(name)})

    async def note(self, fields: Mapping[str, str | int]) -> None:
        """Append an `ssh.refused` leaf; the connection is severed when that is not durable."""
        login = refused.plain(self._told)
        await self._append("ssh.refused", {**fields, "login": login, "identity": self._counted()})

    def tell(self, refusal: Refusal) -> None:
        """Keep a refusal for the next session's stderr."""
        if len(self._notices) < self._settings.refusals:
            self._notices.append(refusal)

    def notices(self) -> list[Refusal]:
        """Take what `tell` kept."""
        notices, self._notices = self._notices, []
        return notices

    def say(self, line: str) -> None:
        """Show a line beside the sessions."""
        self._conn.send_debug(line, always_display=True)

    def _counted(self) -> str:
        """Under which name this connection's places are counted."""
        principal = self._proof.principal if self._proof is not None else None
        return principal.key if principal is not None else f"{exchange.LOGIN}|{self._address}"

    async def _identify(self, token: str) -> Principal | Refusal:
        if len(token) > MAX_TOKEN:
            return _TOO_LONG
        answer = await self._house.identify(token, self._address)
        if isinstance(answer, Refusal) and len(token.encode()) == CUT_AT:
            return _CUT
        return answer

    async def _no_place(self, code: int, name: str, text: str) -> Session:
        await self.note({"place": "session", "name": name})
        raise asyncssh.ChannelOpenError(code, text)

    async def _turn_away(self) -> None:
        await self.note({"place": "connection", "name": "too-many-connections"})
        self._conn.disconnect(DISC_BY_APPLICATION, "bastion: you hold as many connections as you may")

    async def _failed(self, method: str, refusal: Refusal) -> None:
        await self._append("auth.failed", {"method": method, "code": refusal.code})
        if not self._conn.is_closed():
            self._conn.send_auth_banner(refusal.line() + "\r\n")

    async def _append(self, kind: str, fields: Mapping[str, str | int]) -> None:
        whole = {**fields, "source": self._source, "connection": self._connection}
        if not await self._house.note(kind, whole):
            self._conn.abort()
