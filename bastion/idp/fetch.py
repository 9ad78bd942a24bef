"""Fetching an issuer's documents over HTTPS: bounded in size and time, no redirects, no proxies."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import httpx2

MAX_DOCUMENT = 256 * 1024
TIMEOUT = 5.0
_HEADERS = {"accept": "application/json", "accept-encoding": "identity"}

Fetch = Callable[[str], Awaitable[bytes]]
"""Fetches one address; raises `FetchError` and nothing else."""


class FetchError(OSError):
    """A document could not be had; the text names the address and the reason."""


def is_allowed(url: str) -> bool:
    """Whether keys may be trusted from `url`: https, or http on this very machine (loopback)."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or parts.fragment or not url.isprintable() or " " in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def https(ca_file: str = "") -> Fetch:
    """A Fetch that trusts `ca_file` (PEM), or the system's authorities where it is empty.

    Raises OSError or ssl.SSLError at once for a file that cannot be used.
    """
    context = ssl.create_default_context(cafile=ca_file or None)

    async def fetch(url: str) -> bytes:
        if not is_allowed(url):
            raise FetchError(f"{url} is neither https nor http on loopback")
        try:
            async with asyncio.timeout(TIMEOUT):
                return await _get(url, context)
        except (httpx2.HTTPError, TimeoutError) as problem:
            raise FetchError(f"{url}: {type(problem).__name__}") from problem

    return fetch


async def _get(url: str, context: ssl.SSLContext) -> bytes:
    body = bytearray()
    async with (
        httpx2.AsyncClient(verify=context, trust_env=False, follow_redirects=False) as client,
        client.stream("GET", url, headers=_HEADERS) as response,
    ):
        if response.status_code != 200:
            raise FetchError(f"{url} answered {response.status_code}")
        if "content-encoding" in response.headers:  # unpacking could take far more than the limit
            raise FetchError(f"{url} answered compressed though it was asked not to")
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_DOCUMENT:
                raise FetchError(f"{url} answered with more than {MAX_DOCUMENT} bytes")
    return bytes(body)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
