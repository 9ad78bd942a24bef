"""`bastion demo`: an embedded cluster, a demo issuer, users with keys, and the real bastion before them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import bastion.demo
from bastion.app.config import Certificates, Config, ConfigError, PolicySettings
from bastion.app.serve import DEMO_MARK
from bastion.app.wiring import Running, ledger_folder, reload, start
from bastion.demo.cluster import DemoCluster, DemoUnavailable
from bastion.demo.issuer import AUDIENCE, CLIENTS, USERS, DemoIssuer, owner
from bastion.idp.issuer import Issuer
from bastion.idp.totp import new_seed
from bastion.kube.settings import KubeSettings
from bastion.model.principal import Kind
from bastion.ssh.settings import SshSettings

CLUSTER = "demo"
POLICY = Path(bastion.demo.__file__).parent / "policy.yaml"


async def demo(port: int, folder: Path | None) -> int:
    """Run until SIGINT or SIGTERM. Raises ConfigError when the demo cannot be made here."""
    own = folder is None
    where = Path(tempfile.mkdtemp(prefix="bastion-demo-")) if folder is None else folder
    try:
        return await _run(port, _claim(where.absolute()))
    finally:
        if own:
            shutil.rmtree(where, ignore_errors=True)


def _claim(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = folder / DEMO_MARK
    if any(folder.iterdir()) and not mark.exists():
        raise ConfigError(f"{folder} is not empty and not of an earlier demo; name another --dir")
    folder.chmod(0o700)
    for name in ("demo.json", "known_hosts"):
        (folder / name).unlink(missing_ok=True)
    for name in ("state", "cluster", "users"):
        shutil.rmtree(folder / name, ignore_errors=True)
    mark.touch(mode=0o600)
    shutil.copyfile(POLICY, folder / "policy.yaml")
    return folder


async def _run(port: int, folder: Path) -> int:
    async with AsyncExitStack() as outer, asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
            outer.callback(loop.remove_signal_handler, number)
        try:
            cluster = await DemoCluster.start(folder / "cluster")
        except DemoUnavailable as error:
            raise ConfigError(f"the demo cannot start: {error}") from error
        stack.push_async_callback(cluster.close)
        issuer = await DemoIssuer.start()
        stack.push_async_callback(issuer.close)
        config = _config(port or _free_port(), cluster, issuer)
        running = await start(config, folder, stack, group)
        await _describe(folder, running, cluster, issuer)
        _show(folder, cluster.targets[0])
        await _until_stopped(stopped, config, folder, running)
        sys.stdout.write("\nbastion: ending what the demo started\n")
        (folder / "demo.json").unlink(missing_ok=True)
        await running.house.close(3.0)
    return 0


async def _until_stopped(stopped: asyncio.Event, config: Config, folder: Path, running: Running) -> None:
    """SIGHUP reloads the policy in the demo's folder, as in `bastion serve`."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, asked.set)
    while not stopped.is_set():
        waits = {asyncio.ensure_future(each.wait()) for each in (stopped, asked)}
        _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()
        if asked.is_set():
            asked.clear()
            problem = await reload(config, folder, running)
            sys.stdout.write(f"bastion: {problem or 'the policy was loaded anew'}\n")
            sys.stdout.flush()


def _free_port() -> int:
    """A port that is free now; it stands in the lines that people are told to run."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _config(port: int, cluster: DemoCluster, issuer: DemoIssuer) -> Config:
    return Config(
        state="state",
        issuers=(Issuer("demo", issuer.url, (AUDIENCE,), CLIENTS),),
        clusters=(KubeSettings(CLUSTER, kubeconfig=str(cluster.kubeconfig("bastion"))),),
        public_name=f"127.0.0.1:{port}",
        node="demo",
        ssh=SshSettings(port=port),
        certificates=Certificates(),
        policy=PolicySettings("policy.yaml"),
    )


async def _describe(folder: Path, running: Running, cluster: DemoCluster, issuer: DemoIssuer) -> None:
    """Write keys, tokens, known_hosts and, last and by rename, demo.json (0600)."""
    host, port = "127.0.0.1", running.server.port
    users = {}
    (folder / "users").mkdir(mode=0o700, exist_ok=True)
    for name, user in USERS.items():
        key = folder / "users" / name
        _write_key(key)
        token = issuer.mint(name)
        _private(folder / "users" / f"{name}.token", token)
        seed = ""
        if user.kind is Kind.HUMAN:
            seed = new_seed()
            await running.codes.enrol(f"{issuer.url}|{user.subject or name}", seed)
        users[name] = {
            "kind": user.kind.value, "groups": list(user.groups), "owner": owner(name), "token": token,
            "key": str(key), "totp_seed": seed,
        }  # fmt: skip
    known = folder / "known_hosts"
    known.write_text(f"[{host}]:{port} {running.host_key.strip()}\n")
    (folder / "ssh_config").write_text(_ssh_config(host, port, known))
    shown = folder / "bastion.toml"
    described = {
        "ssh": {"host": host, "port": port, "known_hosts": str(known)},
        "kubeconfig": str(cluster.kubeconfig("admin")),
        "users": users,
        "targets": list(cluster.targets),
        "cluster": f"{CLUSTER}=",
        "recordings": str(folder / "state" / "recordings"),
        "ledger": str(ledger_folder(folder / "state")),
        "config": str(shown),
        "policy": str(folder / "policy.yaml"),
    }
    _private(shown, _toml(folder, running, cluster, issuer))
    _private(folder / "demo.json.new", json.dumps(described, indent=2))
    (folder / "demo.json.new").rename(folder / "demo.json")


def _toml(folder: Path, running: Running, cluster: DemoCluster, issuer: DemoIssuer) -> str:
    clients = ", ".join(f'"{name}" = "{kind.value}"' for name, kind in CLIENTS.items())
    return (
        "# What this demo runs with. `bastion serve` refuses it: its keys are made for one run.\n"
        f'state = "{folder / "state"}"\npublic_name = "127.0.0.1:{running.server.port}"\nnode = "demo"\n\n'
        f'[ssh]\nport = {running.server.port}\n\n[policy]\nfile = "{folder / "policy.yaml"}"\n\n'
        f'[[issuers]]\nname = "demo"\nissuer_url = "{issuer.url}"\naudiences = ["{AUDIENCE}"]\n'
        f"clients = {{ {clients} }}\n\n"
        f'[[clusters]]\nname = "{CLUSTER}"\nkubeconfig = "{cluster.kubeconfig("bastion")}"\n'
    )


def _write_key(path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    _private(path, private.decode())
    path.with_suffix(".pub").write_bytes(public + b" " + path.name.encode() + b"\n")


def _private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)


def _ssh_config(host: str, port: int, known: Path) -> str:
    return (
        "# Used by the lines that the demo prints: ssh -F this-file -i users/NAME LOGIN@bastion\n"
        f"Host bastion\n  HostName {host}\n  Port {port}\n  UserKnownHostsFile {known}\n"
        "  IdentitiesOnly yes\n  IdentityAgent none\n  LogLevel ERROR\n"
    )


def _show(folder: Path, target: str) -> None:
    def line(user: str, login: str, command: str = "") -> str:
        return f"ssh -F {folder}/ssh_config -i {folder}/users/{user} {login}@bastion {command}".rstrip()

    def enter(user: str) -> str:
        key = f"{folder}/users/{user}"
        return f"{line(user, 'cert')} < {key}.token > {key}-cert.pub"

    rows = [
        ("1. Sign in: a token buys a short-lived certificate for that user's key", ""),
        ("alice, a developer", enter("alice")),
        ("agent-refactor, an agent that alice answers for", enter("agent-refactor")),
        ("bob, of sre, who approves", enter("bob")),
        ("2. Try", ""),
        ("a shell in the pod", line("alice", target)),
        ("an allowed command", line("alice", target, "'ls -l /app'")),
        ("a denied one", line("alice", target, "'touch /etc/x'")),
        ("a file with secrets comes out masked", line("alice", target, "'cat /app/.env'")),
        ("a command that waits for approval", line("alice", target, "'rm -r /data/old'")),
        ("bob sees it, and approves it with: approve ID", line("bob", "approvals", "list")),
        ("an agent gets its answer at once", line("agent-refactor", target, "'rm -r /data/cache'")),
        ("3. Look at the evidence", ""),
        ("verify it", f"{sys.executable} -m recorder verify {folder}/state"),
        ("list the sessions, then replay one with: replay ID", f"bastion sessions --state {folder}/state"),
    ]
    text = "\n".join(f"  {title}:\n    {command}" if command else f"\n{title}" for title, command in rows)
    sys.stdout.write(f"The bastion is ready. Everything listens on 127.0.0.1 and ends with ^C.\n{text}\n")
    sys.stdout.flush()
