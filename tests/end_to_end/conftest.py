"""A running demo for each test process, driven by stock clients."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

READY_SECONDS = 60


@dataclass
class Done:
    code: int
    out: bytes
    err: bytes

    @property
    def answer(self):
        """The agent's JSON line on standard error."""
        for line in self.err.decode().splitlines():
            if line.startswith("bastion: {"):
                return json.loads(line.removeprefix("bastion: "))
        raise AssertionError(f"no JSON line in {self.err!r}")


class Demo:
    """`bastion demo` as a process of its own; `module` is another way to start the same program."""

    def __init__(self, folder, module="bastion"):
        self.folder = Path(folder)
        self.log = (self.folder.parent / f"{self.folder.name}.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "demo", "--port", "0", "--dir", str(folder)],
            stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self.data = self._ready()
        self.signed_in = set()

    def _ready(self):
        for _ in range(READY_SECONDS * 10):
            with contextlib.suppress(FileNotFoundError):
                return json.loads((self.folder / "demo.json").read_text())
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.close()
        raise AssertionError("the demo did not start: " + Path(self.log.name).read_text()[-3000:])

    @property
    def target(self):
        return self.data["targets"][0]

    def options(self, user, *more):
        ssh, key = self.data["ssh"], self.data["users"][user]["key"]
        return [
            "-F", "none", "-p", str(ssh["port"]), "-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
            "-o", f"UserKnownHostsFile={ssh['known_hosts']}", "-o", "StrictHostKeyChecking=yes",
            "-o", "LogLevel=ERROR", *more,
        ]  # fmt: skip

    def sign_in(self, user):
        """The certificate exchange, once a user."""
        if user in self.signed_in:
            return
        known = self.data["users"][user]
        done = self.raw(["ssh", *self.options(user), "cert@127.0.0.1"], known["token"].encode())
        assert done.code == 0, done.err
        Path(known["key"] + "-cert.pub").write_bytes(done.out)
        self.signed_in.add(user)

    def raw(self, command, data=b"", timeout=60, env=None):
        done = subprocess.run(
            command,
            input=data,
            capture_output=True,
            timeout=timeout,
            check=False,
            env={**os.environ, **(env or {})},
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def command(self, user, line=None, *, login=None, options=()):
        self.sign_in(user)
        tail = [] if line is None else [line]
        return ["ssh", *self.options(user, *options), f"{login or self.target}@127.0.0.1", *tail]

    def ssh(self, user, line=None, *, login=None, data=b"", options=(), timeout=60, env=None):
        """Run stock ssh; `line` None is a shell request."""
        return self.raw(self.command(user, line, login=login, options=options), data, timeout, env)

    def start(self, user, line=None, *, login=None, options=(), **more):
        """Start stock ssh and return the process."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        return subprocess.Popen(self.command(user, line, login=login, options=options), **pipes)

    def leaves(self):
        """Every leaf of the ledger so far, as `recorder show --json` prints it."""
        done = self.raw([sys.executable, "-m", "recorder", "show", self.data["ledger"], "--json"])
        assert done.code == 0, done.err
        return [json.loads(line) for line in done.out.splitlines()]

    def verify(self):
        """`recorder verify` on the state folder."""
        return self.raw([sys.executable, "-m", "recorder", "verify", str(self.folder / "state")])

    def casts(self):
        """Every recording's text, by session id."""
        return {path.stem: path.read_text() for path in Path(self.data["recordings"]).rglob("*.cast")}

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self.log.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    running = Demo(tmp_path_factory.mktemp("demo") / "dir")
    yield running
    running.close()


@pytest.fixture
def own_demo(tmp_path):
    """A demo for one test alone, to break."""
    running = Demo(tmp_path / "dir")
    yield running
    running.close()
