"""The SSH door's settings: limits in counts, bytes and seconds, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SshSettings:
    """What an operator may set. Every field bounds something that a client could otherwise grow.

    host, port             address to listen on; port 0 takes a free one
    login_seconds          from TCP connect to the end of authentication
    keepalive_seconds      pause before a silent client is asked whether it lives
    keepalive_misses       unanswered questions after which the connection is closed
    unauthenticated        connections that have not signed in, all together
    unauthenticated_source the same, from one IPv4 address or IPv6 /64
    auth_requests          authentication requests on one connection (a key counts twice)
    connections_principal  connections that one principal may hold open
    sessions               open session channels, all together
    sessions_principal     the same, of one principal
    refusals               refused channels and requests on one connection before it is closed
    window_bytes           what a client may send on a channel before the relay receives it
    exchange_bytes         the longest token at the login `cert`
    exchange_seconds       the time a client has to send it
    linger_seconds         how long a finished channel may take to deliver what is queued
    line_bytes             the longest text in the line editor
    """

    host: str = "127.0.0.1"
    port: int = 2222
    login_seconds: float = 60.0
    keepalive_seconds: float = 30.0
    keepalive_misses: int = 3
    unauthenticated: int = 256
    unauthenticated_source: int = 64
    auth_requests: int = 20
    connections_principal: int = 64
    sessions: int = 1024
    sessions_principal: int = 64
    refusals: int = 32
    window_bytes: int = 1024 * 1024
    exchange_bytes: int = 16 * 1024
    exchange_seconds: float = 10.0
    linger_seconds: float = 30.0
    line_bytes: int = 64 * 1024
