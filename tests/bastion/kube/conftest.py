"""A scripted API server on loopback, and a cluster that talks to it."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bastion.kube.cluster import KubeCluster
from bastion.kube.settings import KubeSettings
from bastion.model.grant import Grant
from bastion.model.pod import Pod

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
UNIT = "0123456789abcdef0123456789abcdef"
POD = Pod("prod", "shop", "web-0", "uid-1", "app", "containerd://1")

Script = Callable[[web.WebSocketResponse], Awaitable[None]]


def pod_object(**changes: Any) -> dict[str, Any]:
    """A running Pod object that `POD` was resolved from."""
    pod = {
        "metadata": {"name": "web-0", "namespace": "shop", "uid": "uid-1", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app"}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [
                {"name": "app", "containerID": "containerd://1", "state": {"running": {"startedAt": "x"}}}
            ],
        },
    }
    for part, values in changes.items():
        pod[part].update(values)
    return pod


def status(code: int = 0, **fields: Any) -> bytes:
    """A channel-3 message as the API server writes it."""
    if code == 0 and not fields:
        return b'\x03{"metadata":{},"status":"Success"}'
    body: dict[str, Any] = {"metadata": {}, "status": "Failure", "message": "command terminated: secret-argv"}
    if code:
        cause = {"reason": "ExitCode", "message": str(code)}
        body |= {"reason": "NonZeroExitCode", "details": {"causes": [cause]}}
    return b"\x03" + json.dumps(body | fields).encode()


@dataclass
class Server:
    """Objects by path, a script for each exec, and what was asked."""

    url: str = ""
    objects: dict[str, Any] = field(default_factory=dict)
    script: Script | None = None
    sweeps: Script | None = None
    protocols: tuple[str, ...] = (V5, V4)
    requests: list[web.BaseRequest] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        answer = self.objects.get(request.path)
        if callable(answer):
            answer = answer(request)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, web.StreamResponse):
            return answer
        if answer is not None:
            return web.json_response(answer)
        if request.path.endswith("/exec"):
            return await self.exec(request)
        return web.json_response({"kind": "Status", "reason": "NotFound"}, status=404)

    async def exec(self, request: web.BaseRequest) -> web.StreamResponse:
        if not self.protocols:
            return web.Response(status=403)
        socket = web.WebSocketResponse(protocols=self.protocols, autoping=True, max_msg_size=0)
        await socket.prepare(request)
        await socket.send_bytes(b"\x01")
        script = self.sweeps if "bastion-sweep" in request.query.getall("command") else self.script
        if script is not None:
            await script(socket)
        return socket


@pytest.fixture
async def server():
    scripted = Server(objects={"/api/v1/namespaces/shop/pods/web-0": pod_object()})
    runner = web.ServerRunner(web.Server(scripted.handle), shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    scripted.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield scripted
    await runner.cleanup()


@pytest.fixture
def kubeconfig(server, tmp_path):
    """Write a kubeconfig for the server; `user` and `cluster` sections may be given."""

    def write(user: dict[str, Any] | None = None, **cluster: Any) -> str:
        path = tmp_path / "kubeconfig"
        path.write_text(
            yaml.safe_dump(
                {
                    "current-context": "here",
                    "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
                    "clusters": [{"name": "c", "cluster": {"server": server.url, **cluster}}],
                    "users": [{"name": "u", "user": user if user is not None else {"token": "first"}}],
                }
            )
        )
        return str(path)

    return write


@pytest.fixture
async def make_cluster(kubeconfig):
    """Make clusters with the given settings; they are closed at the end."""
    made: list[KubeCluster] = []

    def make(**settings: Any) -> KubeCluster:
        values = {"allow_insecure": True, "request_timeout": 3.0, "open_timeout": 3.0, "kill_timeout": 3.0}
        path = settings.pop("kubeconfig", None) or kubeconfig()
        made.append(KubeCluster(KubeSettings("prod", path, **{**values, **settings})))
        return made[-1]

    yield make
    for cluster in made:
        await cluster.close()


@pytest.fixture
def cluster(make_cluster):
    return make_cluster()


@pytest.fixture
def grant():
    """Make a grant; keyword arguments replace its fields."""

    def make(**fields: Any) -> Grant:
        values: dict[str, Any] = {
            "session": "s-1",
            "unit": UNIT,
            "pod": POD,
            "argv": ("env", f"BASTION_UNIT={UNIT}", "TERM=xterm", "sh", "-c", "secret-argv"),
            "tty": False,
            "stdin": False,
            "identity": "https://idp|alice",
            "user": "alice",
            "groups": ("dev",),
            "rule": "r",
        }
        return Grant(**{**values, **fields})

    return make


@pytest.fixture
def wire_status():
    return status


@pytest.fixture
def make_pod():
    return pod_object


@dataclass
class Tls:
    """A TLS server that wants a client certificate if there is one, and the keys to reach it."""

    url: str
    authority: bytes
    client_certificate: bytes
    client_key: bytes
    tokens: list[str]


def certificate(name: str, authority: Any = None, hosts: tuple[str, ...] = ()) -> Any:
    """(certificate, key) signed by `authority`, or self-signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority[0].subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
    )
    if hosts:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False
        )
    return builder.sign(authority[1] if authority else key, hashes.SHA256()), key


def pem(made: Any) -> tuple[bytes, bytes]:
    """A certificate and its key as PEM."""
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return (
        made[0].public_bytes(serialization.Encoding.PEM),
        made[1].private_bytes(serialization.Encoding.PEM, *form),
    )


@pytest.fixture
async def tls(tmp_path):
    authority = certificate("ca")
    files = {"server": certificate("api", authority, ("localhost", "api.internal"))}
    for name, made in files.items():
        (tmp_path / f"{name}.pem").write_bytes(b"".join(pem(made)))
    (tmp_path / "ca.pem").write_bytes(pem(authority)[0])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "ca.pem"))
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_cert_chain(tmp_path / "server.pem")

    tokens: list[str] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        tokens.append(request.headers.get("Authorization", ""))
        if request.path.endswith("/exec"):
            return web.Response(status=403)
        peer = request.transport.get_extra_info("peercert") or {"subject": [[("none", "")]]}
        return web.json_response({"you": "CN=" + peer["subject"][0][0][1]})

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    client, key = pem(certificate("bastion", authority))
    yield Tls(f"https://localhost:{runner.addresses[0][1]}", pem(authority)[0], client, key, tokens)
    await runner.cleanup()


@dataclass
class Proxy:
    """A CONNECT proxy and where it was asked to go."""

    url: str
    targets: list[str]


@pytest.fixture
async def proxy():
    targets: list[str] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        targets.append(target)
        host, _, port = target.rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer), return_exceptions=True)

    listener = await asyncio.start_server(handle, "127.0.0.1", 0)
    yield Proxy("http://{}:{}".format(*listener.sockets[0].getsockname()), targets)
    listener.close()
