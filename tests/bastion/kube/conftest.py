"""A scripted API server on loopback, and a cluster that talks to it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from aiohttp import web

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
