"""The demo cluster: a small Kubernetes API over HTTPS on 127.0.0.1, its pods in local sandboxes."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import socket
import ssl
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from aiohttp import web

from bastion.demo import access, clock, image, pki, samples
from bastion.demo.audit import AuditLog
from bastion.demo.channels import V4, V5
from bastion.demo.exec_door import ExecDoor
from bastion.demo.faults import Faults
from bastion.demo.identity import Identities
from bastion.demo.objects import ObjectStore
from bastion.demo.pods import Pods
from bastion.demo.rbac import Rbac
from bastion.demo.reviews import Reviews
from bastion.demo.sandbox import DemoUnavailable
from bastion.demo.server import ApiServer

__all__ = ["DemoCluster", "DemoUnavailable"]

_HOST = "127.0.0.1"
_TOKEN_SECONDS = 30 * 86_400
_LONGEST_HEAD = 1 << 20
_BACKLOG = 1024


class DemoCluster:
    """Owns the listener, the pods' processes and every task; `close` ends them all.

    `url` is the API's address, `ca_file` the CA certificate, `audit_file` the audit log (JSON
    lines), `targets` what can be logged in to, `faults` what a test can break.
    """

    url: str
    ca_file: Path
    audit_file: Path
    targets: tuple[str, ...] = samples.TARGETS
    faults: Faults

    def __init__(self, folder: Path, port: int, subprotocols: tuple[str, ...]) -> None:
        folder = folder.absolute()
        self._folder = folder
        self._port = port
        self._exit = AsyncExitStack()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self.audit_file = folder / "audit.log"
        self.ca_file, self._tls = pki.make(folder, clock.now())
        self._identities = Identities()
        store = ObjectStore()
        samples.fill(store, self.ca_file.read_text(encoding="ascii"))
        self._store = store
        rbac = Rbac(access.ROLES, access.BINDINGS)
        # A name of its own per start: what an earlier run left behind is not mixed in.
        pods_folder = folder / f"pods-{secrets.token_hex(4)}"
        self._pods_folder = pods_folder
        pods = Pods(pods_folder, store, self._identities, samples.PROGRAMS)
        serving = asyncio.Event()
        serving.set()
        self._audit = AuditLog(self.audit_file)
        self._server = ApiServer(
            store,
            rbac,
            self._identities,
            pods,
            Reviews(store, rbac, self._identities),
            ExecDoor(store, rbac, pods, subprotocols),
            self._audit,
            serving,
        )
        self._pods = pods
        self._runner: web.ServerRunner | None = None
        self.faults = Faults(self._server, self._stop_listening, self._listen, self._rotate)

    @classmethod
    async def start(cls, folder: Path, *, port: int = 0, subprotocols: tuple[str, ...] = (V5, V4)) -> Self:
        """Start the pods and then the API below `folder` (0700); `port` 0 takes a free one.

        Raises DemoUnavailable when no sandbox can be made, OSError when the port is taken; then
        nothing is left running.
        """
        made = cls(folder, port, subprotocols)
        async with AsyncExitStack() as exit_:
            exit_.callback(made._audit.close)
            exit_.push_async_callback(made._end_pods)
            await made._pods.start_all()
            exit_.push_async_callback(made._stop_listening)
            await made._listen()
            made._exit = exit_.pop_all()
        return made

    def kubeconfig(self, user: str = "bastion") -> Path:
        """Write (0600) and return the kubeconfig of `user`: `bastion` or one of `access.USERS`.

        It holds a token of its own, so one that was handed out before stays valid. Raises KeyError.
        """
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "demo",
                    "cluster": {
                        "server": self.url,
                        "certificate-authority-data": base64.b64encode(self.ca_file.read_bytes()).decode(),
                    },
                }
            ],
            "users": [{"name": user, "user": {"token": self.token(user)}}],
            "contexts": [{"name": "demo", "context": {"cluster": "demo", "user": user, "namespace": "shop"}}],
            "current-context": "demo",
        }
        path = self._folder / f"kubeconfig-{user}"
        fresh = path.with_suffix(".new")
        pki.write_private(fresh, json.dumps(config, indent=1).encode())
        fresh.rename(path)
        return path

    def token(self, user: str = "bastion") -> str:
        """A new bearer token of `user`. Raises KeyError."""
        if user != "bastion":
            return self._identities.issue(access.USERS[user])
        uid = self._store.get("serviceaccounts", "bastion", "bastion")["metadata"]["uid"]
        return self._identities.issue_for_account("bastion", "bastion", str(uid), _TOKEN_SECONDS)[0]

    def tls(self) -> ssl.SSLContext:
        """A client's TLS context that trusts this cluster and nothing else."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    async def close(self) -> None:
        """End the listener, every connection, every pod and what runs in it."""
        await self._exit.aclose()

    async def _listen(self) -> None:
        door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.bind((_HOST, self._port))
        except OSError:
            door.close()
            raise
        self._port = door.getsockname()[1]
        self.url = f"https://{_HOST}:{self._port}"
        server = web.Server(
            self._server.handle,
            handler_cancellation=True,
            access_log=None,
            max_line_size=_LONGEST_HEAD,
            max_field_size=_LONGEST_HEAD,
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.SockSite(self._runner, door, ssl_context=self._tls, backlog=_BACKLOG).start()

    async def _stop_listening(self) -> None:
        self._server.exec_door.drop_all()
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    async def _end_pods(self) -> None:
        await self._pods.stop_all()
        # One turn of the loop lets what waited for the processes close its descriptors.
        await asyncio.sleep(0)
        await asyncio.to_thread(image.remove, self._pods_folder)

    def _rotate(self, user: str) -> Path:
        self._identities.withdraw(access.BASTION.name if user == "bastion" else access.USERS[user].name)
        return self.kubeconfig(user)
