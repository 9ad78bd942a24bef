"""A cluster per test module, and a raw WebSocket client that sees every frame."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import os
import ssl
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bastion.demo.cluster import DemoCluster

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
SECONDS = 20


@dataclasses.dataclass
class Answer:
    """A plain HTTP answer."""

    code: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> dict:
        return json.loads(self.text)


@dataclasses.dataclass
class Exec:
    """An exec connection after its 101, frame by frame."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    headers: dict[str, str]
    raw_head: str
    frames: list[tuple[int, bytes]] = dataclasses.field(default_factory=list)

    def raw(self, opcode: int, payload: bytes, *, final: bool = True, masked: bool = True) -> None:
        size = len(payload)
        head = bytes([(0x80 if final else 0) | opcode])
        bit = 0x80 if masked else 0
        if size < 126:
            head += bytes([bit | size])
        elif size < 65536:
            head += bytes([bit | 126]) + size.to_bytes(2, "big")
        else:
            head += bytes([bit | 127]) + size.to_bytes(8, "big")
        if masked:
            mask = os.urandom(4)
            key = (mask * (size // 4 + 1))[:size]
            both = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
            payload = mask + both.to_bytes(size, "big")
        self.writer.write(head + payload)

    def send(self, channel: int, data: bytes) -> None:
        self.raw(2, bytes([channel]) + data)

    def resize(self, cols: int, rows: int) -> None:
        self.send(4, json.dumps({"Width": cols, "Height": rows}).encode())

    async def frame(self) -> tuple[int, bytes] | None:
        """The next frame, None at the end of TCP (with or without TLS's farewell)."""
        try:
            async with asyncio.timeout(SECONDS):
                head = await self.reader.readexactly(2)
                size = head[1] & 0x7F
                if size == 126:
                    size = int.from_bytes(await self.reader.readexactly(2), "big")
                elif size == 127:
                    size = int.from_bytes(await self.reader.readexactly(8), "big")
                payload = await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            return None
        found = (head[0] & 0x0F, payload)
        self.frames.append(found)
        return found

    async def end(self) -> Exec:
        """Read to the end of TCP; answers the server's CLOSE as a client should."""
        while (found := await self.frame()) is not None:
            if found[0] == 8:
                self.raw(8, found[1])
        self.writer.close()
        return self

    async def until(self, wanted: bytes, channel: int = 1) -> bytes:
        """Read until `wanted` came on `channel`."""
        while wanted not in (seen := self.channel(channel)):
            assert await self.frame() is not None, f"ended before {wanted!r} came: {self.frames!r}"
        return seen

    async def settle(self, seconds: float = 0.3) -> None:
        """Read whatever comes within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while await self.frame() is not None:
                    pass
        except TimeoutError:
            return

    def channel(self, number: int) -> bytes:
        return b"".join(
            data[1:] for code, data in self.frames if code in {1, 2} and data[:1] == bytes([number])
        )

    @property
    def status(self) -> dict | None:
        text = self.channel(3)
        return json.loads(text) if text else None

    @property
    def code(self) -> int:
        status = self.status
        assert status is not None, self.frames
        if status["status"] == "Success":
            return 0
        return int(status["details"]["causes"][0]["message"])

    @property
    def closes(self) -> list[bytes]:
        return [data for code, data in self.frames if code == 8]

    def cut(self) -> None:
        """TCP ends here, without a word."""
        self.writer.transport.abort()


class Wire:
    """Raw requests to one cluster."""

    def __init__(self, cluster: DemoCluster) -> None:
        self.cluster = cluster
        self._tokens: dict[str, str] = {}

    def token(self, user: str) -> str:
        return self._tokens.setdefault(user, self.cluster.token(user))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        place = urllib.parse.urlsplit(self.cluster.url)
        return await asyncio.open_connection(
            place.hostname, place.port, ssl=self.cluster.tls(), server_hostname="127.0.0.1", limit=1 << 24
        )

    async def request(
        self,
        path: str,
        *,
        method: str = "GET",
        user: str | None = "admin",
        headers: list[tuple[str, str]] | None = None,
        body: object = None,
    ) -> tuple[Answer, asyncio.StreamReader, asyncio.StreamWriter, str]:
        reader, writer = await self._connect()
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
        if user:
            lines.append(f"Authorization: Bearer {self.token(user)}")
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        lines += [f"{name}: {value}" for name, value in headers or []]
        if body is not None:
            lines += ["Content-Type: application/json"] if isinstance(body, dict) else []
            lines.append(f"Content-Length: {len(content)}")
        writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        async with asyncio.timeout(SECONDS):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *rest = head.strip().split("\r\n")
        found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        return Answer(int(first.split()[1]), found, ""), reader, writer, head

    async def call(self, path: str, **more) -> Answer:
        """A request and its whole answer."""
        answer, reader, writer, _ = await self.request(path, **more)
        if answer.code != 101:
            text = await reader.readexactly(int(answer.headers.get("content-length", "0")))
            answer.text = text.decode()
        writer.close()
        return answer

    async def open(self, *argv: str, **more) -> Exec:
        """An exec that must be admitted."""
        path, headers, user = self._exec(argv, more)
        answer, reader, writer, head = await self.request(path, user=user, headers=headers)
        assert answer.code == 101, (answer, await reader.read(2000))
        return Exec(reader, writer, answer.headers, head)

    async def refused(self, *argv: str, method: str = "GET", **more) -> Answer:
        """An exec that must not be."""
        path, headers, user = self._exec(argv, more)
        answer = await self.call(path, method=method, user=user, headers=headers)
        assert answer.code != 101
        return answer

    async def run(self, *argv: str, **more) -> Exec:
        """An exec to its end."""
        return await (await self.open(*argv, **more)).end()

    def _exec(self, argv: tuple[str, ...], more: dict) -> tuple[str, list[tuple[str, str]], str | None]:
        options = {"protocols": (V5, V4), "target": "shop/web-0", "user": "admin", "streams": "stdout,stderr"}
        options |= {"container": "", "headers": [], "upgrade": True}
        assert set(more) <= set(options), more
        options |= more
        namespace, pod = options["target"].split("/")
        query = [("command", word) for word in argv]
        query += [(name, "true") for name in options["streams"].split(",") if name]
        query += [("container", options["container"])] if options["container"] else []
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/exec?{urllib.parse.urlencode(query)}"
        headers = list(options["headers"])
        if options["upgrade"]:
            headers += [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
            headers.append(("Sec-WebSocket-Key", base64.b64encode(os.urandom(16)).decode()))
        if options["protocols"]:
            headers.append(("Sec-WebSocket-Protocol", ", ".join(options["protocols"])))
        return path, headers, options["user"]

    async def count(self, mark: str) -> int:
        """How many processes of web-0 have `mark` in their command line."""
        script = 'for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline 2>/dev/null; echo; done'
        done = await self.run("sh", "-c", script)
        return sum(mark in line and "for p in" not in line for line in done.channel(1).decode().splitlines())

    async def eventually(self, mark: str, count: int, seconds: float = 5) -> int:
        """Count until it is `count`, or time is up."""
        found = await self.count(mark)
        for _ in range(int(seconds / 0.1)):
            if found == count:
                break
            await asyncio.sleep(0.1)
            found = await self.count(mark)
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wire]:
    """A running cluster, shared by the tests of a module that do not break it."""
    cluster = await DemoCluster.start(tmp_path_factory.mktemp("demo") / "cluster")
    try:
        yield Wire(cluster)
    finally:
        await cluster.close()


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Wire]]]:
    """Starts clusters that a test may break; all are closed after it."""
    started: list[DemoCluster] = []

    async def start(**more) -> Wire:
        cluster = await DemoCluster.start(tmp_path / f"cluster-{len(started)}", **more)
        started.append(cluster)
        return Wire(cluster)

    yield start
    for cluster in started:
        await cluster.close()
