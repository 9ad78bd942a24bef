"""Rules of fetching, against servers on loopback."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import ssl
from contextlib import asynccontextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bastion.idp import fetch
from bastion.idp.fetch import FetchError


@asynccontextmanager
async def server(answer, *, tls=None):
    """An HTTP server that sends the raw bytes of `answer`, or what the coroutine `answer` does."""
    asked = []

    async def serve(reader, writer):
        asked.append((await reader.readline()).decode().strip())
        try:
            if callable(answer):
                await answer(writer)
            else:
                writer.write(answer)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with running:
        scheme = "https" if tls else "http"
        yield f"{scheme}://localhost:{running.sockets[0].getsockname()[1]}/doc", asked


def reply(body=b"", status="200 OK", *headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def test_a_document_comes_whole():
    async with server(reply(b'{"keys":[]}')) as (url, asked):
        assert await fetch.https()(url) == b'{"keys":[]}'
        assert asked == ["GET /doc HTTP/1.1"]


@pytest.mark.parametrize("status", ["204 No Content", "301 Moved", "302 Found", "404 Not Found", "500 Oops"])
async def test_nothing_but_200_is_an_answer_and_no_redirect_is_followed(status):
    async with server(reply(b"{}")) as (elsewhere, asked_there):
        async with server(reply(b"{}", status, f"Location: {elsewhere}")) as (url, asked):
            with pytest.raises(FetchError, match="answered"):
                await fetch.https()(url)
            assert len(asked) == 1
        assert asked_there == []


async def test_a_document_beyond_the_limit_is_refused_even_without_a_length():
    async def flood(writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(10_000):
            writer.write(b"x" * 65536)
            await writer.drain()

    async with server(flood) as (url, _):
        with pytest.raises(FetchError, match="more than"):
            await fetch.https()(url)
    async with server(reply(b"x" * fetch.MAX_DOCUMENT)) as (url, _):
        assert len(await fetch.https()(url)) == fetch.MAX_DOCUMENT


async def test_compression_is_no_way_around_the_limit():
    bomb = gzip.compress(b"x" * (fetch.MAX_DOCUMENT * 20))
    async with server(reply(bomb, "200 OK", "Content-Encoding: gzip")) as (url, _):
        with pytest.raises(FetchError, match="compressed"):
            await fetch.https()(url)


@pytest.mark.parametrize("drip", [False, True])
async def test_a_server_that_is_slow_is_given_up(monkeypatch, drip):
    monkeypatch.setattr(fetch, "TIMEOUT", 0.3)

    async def slow(writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" if drip else b"")
        for _ in range(100):
            writer.write(b"x" if drip else b"")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with server(slow) as (url, _):
        with pytest.raises(FetchError, match="Timeout"):
            await fetch.https()(url)


@pytest.mark.parametrize("raw", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"])
async def test_a_broken_answer_is_a_fetch_error(raw):
    async with server(raw) as (url, _):
        with pytest.raises(FetchError):
            await fetch.https()(url)


async def test_nobody_listening_is_a_fetch_error():
    async with server(b"") as (url, _):
        pass
    with pytest.raises(FetchError, match="Connect"):
        await fetch.https()(url)


async def test_a_proxy_from_the_environment_is_not_asked(monkeypatch):
    async with server(reply(b"{}")) as (proxy, asked), server(reply(b"[]")) as (url, _):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        assert await fetch.https()(url) == b"[]"
        assert asked == []


def certificate(folder):
    """A self-signed certificate for localhost: its file, and a server context."""
    key, name = (
        generate_private_key(SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")]),
    )
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(hours=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    (folder / "ca.pem").write_bytes(pem)
    (folder / "both.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return str(folder / "ca.pem"), context


async def test_only_the_configured_authority_is_trusted(tmp_path):
    ca_file, tls = certificate(tmp_path)
    async with server(reply(b"{}"), tls=tls) as (url, asked):
        assert await fetch.https(ca_file)(url) == b"{}"
        with pytest.raises(FetchError):
            await fetch.https()(url)
        with pytest.raises(FetchError):
            await fetch.https(ca_file)(url.replace("localhost", "127.0.0.1"))
        assert len(asked) == 1


def test_an_authority_file_that_cannot_be_used_is_found_at_once(tmp_path):
    with pytest.raises(OSError, match=r".*"):
        fetch.https(str(tmp_path / "missing.pem"))


URLS = {
    "https://idp.example/x": True,
    "https://idp.example:8443": True,
    "http://127.0.0.1:8080/x": True,
    "http://127.9.9.9": True,
    "http://[::1]:80": True,
    "http://localhost:1": True,
    "http://idp.example": False,
    "http://localhost.example": False,
    "http://127.0.0.1.example": False,
    "http://0.0.0.0": False,
    "https://user:pw@idp.example": False,
    "http://127.0.0.1@idp.example": False,
    "https://idp.example#x": False,
    "https://": False,
    "https://idp.example:99999": False,
    "https://idp.example/a b": False,
    "https://idp.example/\n": False,
    "https://[::1": False,
    "ftp://127.0.0.1": False,
    "file:///etc/passwd": False,
    "//idp.example": False,
    "": False,
}


@pytest.mark.parametrize(("url", "allowed"), URLS.items())
async def test_keys_come_over_https_or_from_this_machine(url, allowed):
    assert fetch.is_allowed(url) is allowed
    if not allowed:
        with pytest.raises(FetchError):
            await fetch.https()(url)
