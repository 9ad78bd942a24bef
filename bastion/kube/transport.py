"""How one request goes out: its address, TLS and proxy, and our words for what goes wrong."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

Query = Iterable[tuple[str, str]]

NO_LIMIT = aiohttp.ClientTimeout(total=None)
SLOW = "it did not answer in time"
WHY: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientConnectorCertificateError, "its certificate is not trusted"),
    (aiohttp.ClientSSLError, "it does not speak TLS as expected"),
    (ssl.SSLError, "it does not speak TLS as expected"),
    (aiohttp.ClientProxyConnectionError, "the proxy before it is not reachable"),
    (aiohttp.ClientHttpProxyError, "the proxy before it refuses"),
    (aiohttp.ClientConnectorError, "no connection"),
)
TROUBLE = (aiohttp.ClientError, OSError, ValueError)


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """Where the API server is, how to trust it, and the Authorization value (empty: none)."""

    host: str
    tls: ssl.SSLContext | None
    server_name: str | None
    proxy: str | None
    authorization: str

    def url(self, target: str) -> URL:
        """The address of a path with its query, both already encoded."""
        return URL(self.host + target, encoded=True)

    @property
    def headers(self) -> dict[str, str]:
        """The credential's header, if it has one."""
        return {"Authorization": self.authorization} if self.authorization else {}

    @property
    def route(self) -> dict[str, Any]:
        """The arguments with which aiohttp finds and trusts the server."""
        return {
            "ssl": self.tls if self.tls is not None else True,
            "server_hostname": self.server_name if self.tls is not None else None,
            "proxy": self.proxy,
        }


def target(path: str, query: Query) -> str:
    """A path with its query, percent-encoded; surrogates from argv become the bytes they stand for."""
    encoded = urlencode(list(query), encoding="utf-8", errors="surrogateescape", quote_via=quote)
    return f"{path}?{encoded}" if encoded else path


async def read(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The body, or None if it is longer than `limit` bytes."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > limit:
            return None
    return bytes(body)


class Lines:
    """The lines of an answer that goes on, as a watch does."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content
        self._kept = bytearray()

    async def next(self, limit: int) -> bytes | None:
        """The next line; None at the end, when the connection breaks, or if it is over `limit` bytes."""
        searched = 0
        while (end := self._kept.find(b"\n", searched)) < 0:
            searched = len(self._kept)
            try:
                piece = await self._content.readany()
            except TROUBLE:
                return None
            if not piece or searched > limit:
                return None
            self._kept += piece
        line = bytes(self._kept[:end])
        del self._kept[: end + 1]
        return line if len(line) <= limit else None


def why(error: Exception) -> str:
    """Our words for what went wrong on the way; the library's may hold the whole URL."""
    for kind, words in WHY:
        if isinstance(error, kind):
            return words
    return "the connection broke"
