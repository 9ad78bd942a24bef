"""Kubeconfig files, read by the official package, with three of its habits replaced.

They fail open or leave traces: an exec plugin whose failure is logged and forgotten, a plugin
that outlives its time limit, and embedded keys written to files under /tmp. Here a plugin's
failure is raised, the plugin is ended, and keys are only ever in memory (memfd_create).
"""

# The package's configuration classes have no annotations.
# mypy: allow-untyped-calls

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kubernetes.aio.config.dateutil import parse_rfc3339
from kubernetes.aio.config.exec_provider import ExecProvider
from kubernetes.aio.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION, KubeConfigLoader, KubeConfigMerger

from bastion.kube.settings import CredentialError

SKEW = 60.0
MAX_PLUGIN_OUTPUT = 1024 * 1024
EMBEDDED = {
    "certificate-authority-data": "certificate-authority",
    "client-certificate-data": "client-certificate",
    "client-key-data": "client-key",
}


class Loader(KubeConfigLoader):
    """One kubeconfig and context; key files in memory last as long as the stack `held`."""

    def __init__(self, path: str, context: str, held: ExitStack) -> None:
        merged = KubeConfigMerger(path or KUBE_CONFIG_DEFAULT_LOCATION)
        if merged.config is None:
            raise CredentialError("there is no kubeconfig file at the configured path")
        super().__init__(merged.config, active_context=context or None, config_base_path=None)
        self._held = held
        self._plugin_expiry: datetime | None = None
        for section in (self._cluster, self._user):
            if section is not None:
                self._embed(section.value)

    @property
    def authorization(self) -> str:
        """The Authorization value that was loaded; empty with a client certificate."""
        return str(self.__dict__.get("token", ""))

    @property
    def kind(self) -> str:
        """How the credential is renewed: provider, exec, file or static."""
        if self._user is None:
            return "static"
        if self.provider:
            return "provider"
        if "exec" in self._user:
            return "exec"
        return "file" if "tokenFile" in self._user else "static"

    @property
    def ends_soon(self) -> bool:
        """Whether the plugin's credential has ended or ends within a minute."""
        if self._plugin_expiry is None:
            return False
        return (self._plugin_expiry - datetime.now(UTC)).total_seconds() < SKEW

    async def renew(self) -> str:
        """The Authorization value after the provider was asked again."""
        await self._load_authentication()
        return self.authorization

    async def load_from_exec_plugin(self) -> bool:
        """Run the plugin; unlike the package's own, a failure is raised (client-go does the same)."""
        user, cluster = self._user, self._cluster
        if user is None or cluster is None:
            raise CredentialError("the context names no user")
        status = await _run_plugin(user["exec"], self._get_base_path(cluster.path))
        expiry = status.get("expirationTimestamp")
        self._plugin_expiry = parse_rfc3339(expiry) if isinstance(expiry, str) else None
        token, certificate, key = (
            status.get(name) for name in ("token", "clientCertificateData", "clientKeyData")
        )
        if isinstance(token, str):
            self.token = f"Bearer {token}"
        if isinstance(certificate, str) and isinstance(key, str):
            self.cert_file = self._in_memory(certificate.encode())
            self.key_file = self._in_memory(key.encode())
        elif not isinstance(token, str):
            raise CredentialError("the credential plugin gave neither a token nor a certificate with its key")
        return True

    def _embed(self, section: dict[str, Any]) -> None:
        for key, place in EMBEDDED.items():
            if section.get(key):
                section[place] = self._in_memory(base64.b64decode(section.pop(key)))
        if section.get("tokenFile"):
            section.pop("token", None)

    def _in_memory(self, data: bytes) -> str:
        """The path of a new anonymous file with `data`, for an API that takes paths."""
        descriptor = os.memfd_create("credential", os.MFD_CLOEXEC)
        self._held.callback(os.close, descriptor)
        with os.fdopen(os.dup(descriptor), "wb") as out:
            out.write(data)
        return f"/proc/self/fd/{descriptor}"


async def _run_plugin(section: Any, folder: str) -> dict[str, Any]:
    """The `status` of the plugin's ExecCredential (client.authentication.k8s.io).

    The plugin gets no standard input, its standard error is dropped (it may hold anything), and it
    is ended with its process group when the caller's time is over. Raises CredentialError.
    """
    if section.safe_get("interactiveMode") == "Always":
        raise CredentialError("the credential plugin wants a terminal, and there is none")
    plugin = ExecProvider(section)
    command, *arguments = plugin.args
    if "/" in command:
        command = str(Path(folder, command))
    info = {
        "apiVersion": plugin.api_version,
        "kind": "ExecCredential",
        "spec": {"interactive": False},
    }
    process = await asyncio.create_subprocess_exec(
        command,
        *arguments,
        env={**plugin.env, "KUBERNETES_EXEC_INFO": json.dumps(info)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return _read_plugin(await _output(process), await process.wait(), plugin.api_version)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _output(process: asyncio.subprocess.Process) -> bytes:
    if process.stdout is None:
        raise CredentialError("the credential plugin has no output")
    out = bytearray()
    while piece := await process.stdout.read(65536):
        out += piece
        if len(out) > MAX_PLUGIN_OUTPUT:
            raise CredentialError("the credential plugin's output is too long")
    return bytes(out)


def _read_plugin(out: bytes, code: int, version: str) -> dict[str, Any]:
    if code != 0:
        raise CredentialError(f"the credential plugin ended with {code}")
    answer = json.loads(out)
    if answer.get("kind") != "ExecCredential" or answer.get("apiVersion") != version:
        raise CredentialError("the credential plugin answered in another version than was asked")
    status = answer.get("status")
    if not isinstance(status, dict):
        raise CredentialError("the credential plugin answered without a status")
    return status
