"""Counting what strangers and principals hold open: connections before sign-in, and sessions."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv6Address, IPv6Network, ip_address


class Caps:
    """Counters with their limits. What `arrive`, `join` or `open` granted is given back once."""

    def __init__(
        self,
        *,
        strangers: int,
        strangers_source: int,
        connections_principal: int,
        sessions: int,
        sessions_principal: int,
    ) -> None:
        self._connections_principal = connections_principal
        self._joined: Counter[str] = Counter()
        self._strangers = strangers
        self._strangers_source = strangers_source
        self._sessions = sessions
        self._sessions_principal = sessions_principal
        self._sources: Counter[str] = Counter()
        self._principals: Counter[str] = Counter()
        self.turned_away = 0

    @property
    def strangers(self) -> int:
        """Connections that have not signed in."""
        return self._sources.total()

    @property
    def sessions(self) -> int:
        """Open session channels."""
        return self._principals.total()

    def arrive(self, address: str) -> bool:
        """Count a new connection from `address`; False when it must be turned away."""
        source = network(address)
        full = self.strangers >= self._strangers or self._sources[source] >= self._strangers_source
        if full:
            self.turned_away += 1
            return False
        self._sources[source] += 1
        return True

    def settle(self, address: str) -> None:
        """The connection signed in or went away."""
        _release(self._sources, network(address))

    def join(self, principal: str) -> bool:
        """Count a signed-in connection of `principal` (a key); False when there are too many."""
        if self._joined[principal] >= self._connections_principal:
            return False
        self._joined[principal] += 1
        return True

    def leave(self, principal: str) -> None:
        """The connection ended."""
        _release(self._joined, principal)

    def open(self, principal: str) -> str:
        """Count a session of `principal` (a key); else return why not, in words."""
        if self.sessions >= self._sessions:
            return f"the bastion holds {self._sessions} sessions, as many as it may"
        if self._principals[principal] >= self._sessions_principal:
            return f"you hold {self._sessions_principal} sessions, as many as you may"
        self._principals[principal] += 1
        return ""

    def close(self, principal: str) -> None:
        """The session ended."""
        _release(self._principals, principal)


def network(address: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 that one IPv6 customer holds."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Network((parsed, 64), strict=False))


def _release(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
