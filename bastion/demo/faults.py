"""Faults that a test brings about in a running cluster: a Python interface, never over HTTP."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from bastion.demo import samples, workloads
from bastion.demo.rbac import Binding
from bastion.demo.server import ApiServer


@dataclass(frozen=True, slots=True)
class Faults:
    """What can go wrong. `down` and `up` stop and start the listener on the same port."""

    _server: ApiServer
    _stop_listening: Callable[[], Awaitable[None]]
    _listen: Callable[[], Awaitable[None]]
    _rotate: Callable[[str], Path]

    def drop_execs(self) -> int:
        """End every exec connection by TCP alone: no status, no CLOSE. How many there were."""
        return self._server.exec_door.drop_all()

    def hang(self) -> None:
        """Requests are taken and not answered, until `answer`; open execs go on."""
        self._server.serving.clear()

    def answer(self) -> None:
        """Requests are answered again, those that waited too."""
        self._server.serving.set()

    async def down(self) -> None:
        """Stop listening and end every connection; pods and what runs in them stay."""
        self._server.exec_door.drop_all()
        await self._stop_listening()

    async def up(self) -> None:
        """Listen again, on the same port."""
        await self._listen()

    def revoke(self, user: str) -> None:
        """Take every right from a user or group; sessions that are open go on."""
        self._server.rbac.revoke(user)

    def grant(self, user: str, role: str, namespace: str = "") -> None:
        """Bind one of `access.ROLES` to a user, everywhere or in one namespace. Raises KeyError."""
        self._server.rbac.bind(Binding(f"granted-{user}", role, users=(user,), namespace=namespace))

    def rotate_token(self, user: str = "bastion") -> Path:
        """The user's tokens become invalid; its kubeconfig is rewritten with a new one (its path)."""
        return self._rotate(user)

    def set_secret(
        self, namespace: str, name: str, values: dict[str, bytes], *, mounted: bool = True
    ) -> None:
        """Add a Secret or replace its data; watches get it, and volumes at once if `mounted`."""
        self._server.store.put("secrets", samples.secret(namespace, name, values))
        if mounted:
            self.mount_secret(namespace, name)

    def mount_secret(self, namespace: str, name: str) -> None:
        """What the kubelet does some time after a change: volumes get the Secret's data."""
        self._server.pods.refresh_secret(namespace, name)

    def remove_secret(self, namespace: str, name: str) -> None:
        """Delete a Secret. Raises ApiError 404."""
        self._server.store.remove("secrets", namespace, name)

    def secret(self, namespace: str, name: str) -> dict[str, bytes]:
        """A Secret's values. Raises ApiError 404."""
        found = self._server.store.get("secrets", namespace, name)
        return {key: base64.b64decode(value) for key, value in found["data"].items()}

    async def replace_pod(self, namespace: str, name: str) -> str:
        """Delete a pod, with what runs in it, and start one of the same name; the new UID.

        Raises ApiError 404.
        """
        old = self._server.store.remove("pods", namespace, name)
        await self._server.pods.stop(old["metadata"]["uid"])
        pod = self._server.store.put("pods", workloads.new_pod(old))
        await self._server.pods.start(pod)
        return str(pod["metadata"]["uid"])

    async def remove_pod(self, namespace: str, name: str) -> None:
        """Delete a pod for good: its execs end with 137. Raises ApiError 404."""
        old = self._server.store.remove("pods", namespace, name)
        await self._server.pods.stop(old["metadata"]["uid"])
