"""The node: starts containers as pod objects say, with volumes and environment, and ends them."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bastion.demo import clock, image
from bastion.demo.identity import Identities
from bastion.demo.objects import Object, ObjectStore
from bastion.demo.podlogs import ContainerLog
from bastion.demo.resources import BY_NAME
from bastion.demo.sandbox import Box, Container, DemoUnavailable
from bastion.demo.status import ApiError
from bastion.demo.ways import host_id, modes

_PODS = BY_NAME["", "pods"]
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TOKEN_SECONDS = 30 * 86_400
_SERVICE_PORT = "443"
SERVICE_HOST = "10.96.0.1"


@dataclass(frozen=True, slots=True)
class Program:
    """What a container's image holds and runs: not part of the pod object."""

    image: image.Image
    argv: tuple[str, ...]


Programs = Mapping[tuple[str, str, str], Program]
"""By namespace, pod and container."""


@dataclass(slots=True)
class RunningContainer:
    """A container and its log."""

    container: Container
    log: ContainerLog


@dataclass(slots=True)
class RunningPod:
    """The containers of one pod and the folder they live in."""

    folder: Path
    volumes: dict[str, Path] = field(default_factory=dict)
    containers: dict[str, RunningContainer] = field(default_factory=dict)


class Pods:
    """Owns every container. `mode` is found at the first start: see `ways.modes`."""

    def __init__(self, folder: Path, store: ObjectStore, identities: Identities, programs: Programs) -> None:
        self._folder = folder
        self._store = store
        self._identities = identities
        self._programs = programs
        self._running: dict[str, RunningPod] = {}
        self._modes = modes()

    def running(self, uid: str, container: str) -> RunningContainer | None:
        """The running container of the pod with that uid."""
        pod = self._running.get(uid)
        return pod.containers.get(container) if pod else None

    async def start_all(self) -> None:
        """Start every pod that is Running by its status. Raises DemoUnavailable."""
        pods = [
            pod
            for pod in self._store.list(_PODS, lambda item: item["status"]["phase"] == "Running")
            if pod["metadata"]["uid"] not in self._running
        ]
        if not pods:
            return
        await self._probe(pods[0])
        problem: DemoUnavailable | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for pod in pods[1:]:
                    group.create_task(self.start(pod))
        except* DemoUnavailable as failed:
            problem = DemoUnavailable(str(failed.exceptions[0]))
        if problem is not None:
            raise problem

    async def start(self, pod: Object) -> None:
        """Start one pod's containers. Raises DemoUnavailable."""
        meta, spec = pod["metadata"], pod["spec"]
        running = RunningPod(self._folder / meta["uid"])
        self._running[meta["uid"]] = running
        for volume in spec.get("volumes", []):
            running.volumes[volume["name"]] = running.folder / "volumes" / volume["name"]
            self._fill(pod, volume, running.volumes[volume["name"]])
        for container in spec["containers"]:
            running.containers[container["name"]] = await self._start_container(pod, container, running)

    async def stop(self, uid: str) -> None:
        """End a pod: everything in it is killed, and its folder removed."""
        pod = self._running.pop(uid, None)
        if pod is None:
            return
        for entry in pod.containers.values():
            await entry.container.end()
            entry.log.close()
        await asyncio.to_thread(image.remove, pod.folder)

    async def stop_all(self) -> None:
        """End every pod."""
        async with asyncio.TaskGroup() as group:
            for uid in list(self._running):
                group.create_task(self.stop(uid))

    def refresh_secret(self, namespace: str, name: str) -> None:
        """Write a changed Secret into the volumes of the pods that mount it, as the kubelet does."""
        for pod in self._store.list(_PODS, lambda item: item["metadata"]["namespace"] == namespace):
            running = self._running.get(pod["metadata"]["uid"])
            for volume in pod["spec"].get("volumes", []) if running else []:
                if running and volume.get("secret", {}).get("secretName") == name:
                    self._fill(pod, volume, running.volumes[volume["name"]])

    async def _probe(self, pod: Object) -> None:
        """Start the first pod in the first way that works; the others then use the same."""
        problems = []
        for mode in modes():
            self._modes = (mode,)
            try:
                await self.start(pod)
            except DemoUnavailable as error:
                problems.append(f"{mode}: {error}")
                await self.stop(pod["metadata"]["uid"])
            else:
                return
        raise DemoUnavailable(
            "no sandbox can be made for the demo's pods, and they never run outside one "
            f"({'; '.join(problems)}). Install bubblewrap (bwrap), or allow user namespaces "
            "(sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0)"
        )

    async def _start_container(self, pod: Object, spec: Object, running: RunningPod) -> RunningContainer:
        meta = pod["metadata"]
        program = self._programs[meta["namespace"], meta["name"], spec["name"]]
        mode = self._modes[0]
        owner = host_id() if mode == "unshare" else None
        root = running.folder / spec["name"]
        shared = {volume["name"] for volume in pod["spec"].get("volumes", []) if "emptyDir" in volume}
        places = [mount["mountPath"] for mount in spec.get("volumeMounts", [])]
        mounts = image.build(root, program.image, meta["name"], places, owner)
        for mount in spec.get("volumeMounts", []):
            # Only an emptyDir is the pod's own; the cluster goes on writing to all others.
            writable = mount["name"] in shared and not mount.get("readOnly", False)
            mounts.append((str(running.volumes[mount["name"]]), mount["mountPath"], writable))
        log = ContainerLog()
        env = self._environment(pod, spec)
        box = Box(root, tuple(mounts), meta["name"], program.argv, env, mode, owner)
        try:
            container = await Container.start(box, (log.writer, log.writer))
        except DemoUnavailable as error:
            words = log.text()
            log.close()
            raise DemoUnavailable(f"{error} {words}".strip()) from error
        log.started()
        return RunningContainer(container, log)

    def _environment(self, pod: Object, spec: Object) -> dict[str, str]:
        namespace = pod["metadata"]["namespace"]
        env = {
            "PATH": _PATH,
            "HOSTNAME": pod["metadata"]["name"],
            "HOME": "/root",
            "KUBERNETES_SERVICE_HOST": SERVICE_HOST,
            "KUBERNETES_SERVICE_PORT": _SERVICE_PORT,
            "KUBERNETES_SERVICE_PORT_HTTPS": _SERVICE_PORT,
            "KUBERNETES_PORT": f"tcp://{SERVICE_HOST}:{_SERVICE_PORT}",
        }
        for source in spec.get("envFrom", []):
            if "secretRef" in source:
                env |= _texts(self._secret(namespace, source["secretRef"]["name"]))
            if "configMapRef" in source:
                found = self._store.get("configmaps", namespace, source["configMapRef"]["name"])
                env |= found["data"]
        for entry in spec.get("env", []):
            reference = entry.get("valueFrom", {}).get("secretKeyRef")
            if reference:
                env[entry["name"]] = _texts(self._secret(namespace, reference["name"]))[reference["key"]]
            else:
                env[entry["name"]] = entry.get("value", "")
        return env

    def _secret(self, namespace: str, name: str) -> dict[str, bytes]:
        found = self._store.get("secrets", namespace, name)
        return {key: base64.b64decode(value) for key, value in found["data"].items()}

    def _fill(self, pod: Object, volume: Object, folder: Path) -> None:
        owner = host_id() if self._modes[0] == "unshare" else None
        if "emptyDir" in volume:
            folder.mkdir(parents=True, exist_ok=True)
            if owner is not None:
                image.give(folder, owner)
            return
        values: dict[str, bytes] = {}
        for source in volume.get("projected", {}).get("sources", [volume]):
            values |= self._values(pod, source)
        stamp = f"{clock.now():%Y_%m_%d_%H_%M_%S}.{secrets.token_hex(4)}"
        image.write_volume(folder, values, owner, stamp)

    def _values(self, pod: Object, source: Object) -> dict[str, bytes]:
        namespace = pod["metadata"]["namespace"]
        match source:
            case {"secret": {"secretName": str(name)}} | {"secret": {"name": str(name)}}:
                return self._secret(namespace, name)
            case {"configMap": {"name": str(name)}}:
                data = self._store.get("configmaps", namespace, name)["data"]
                return {key: value.encode() for key, value in data.items()}
            case {"serviceAccountToken": {"path": str(path)}}:
                account = pod["spec"]["serviceAccountName"]
                uid = self._store.get("serviceaccounts", namespace, account)["metadata"]["uid"]
                token = self._identities.issue_for_account(namespace, account, uid, _TOKEN_SECONDS)[0]
                return {path: token.encode()}
            case {"downwardAPI": {"items": [{"path": str(path)}]}}:
                return {path: namespace.encode()}
            case _:
                raise ApiError(500, f"a volume source is not understood: {sorted(source)}")


def _texts(values: dict[str, bytes]) -> dict[str, str]:
    return {key: value.decode() for key, value in values.items()}
