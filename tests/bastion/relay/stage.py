"""A stage for the relay: a scripted client and cluster, the real session, policy, shfmt and masks."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

from bastion.core.frame import Frame
from bastion.core.policy_text import load
from bastion.core.session import Session
from bastion.model.events import (
    ApprovalConsumed,
    ApprovalFiled,
    ApprovalSettled,
    ClientEnded,
    ClientGone,
    ClientSent,
    CodeEntered,
    PodExited,
    PodFailed,
    PodSent,
)
from bastion.model.masks import Known, KnownValue
from bastion.model.pod import Pod
from bastion.model.principal import Kind, Principal
from bastion.model.refusal import Refusal
from bastion.model.request import Mode, Request
from bastion.model.target import Target
from bastion.relay.evidence import Evidence
from bastion.relay.hands import Doors
from bastion.relay.journal import Journal
from bastion.relay.loop import Relay
from bastion.relay.pace import Share

POD = Pod("demo", "shop", "web-0", "uid-1", "app", "cid-1")
SECRET = b"Kx7vQ2mNp9RtLw4Z"
POLICY = """
version: 1
defaults: {effect: deny, not_understood: {human: approve-peer, agent: deny}, approve: {peers: 1, from: [sre], ttl: 10m, approver_factor: none}}
rules:
  - id: daily
    who: {groups: [dev, agents]}
    where: {namespaces: [shop]}
    command: {programs: {only: [echo, cat, ls, "true", "false", pwd, cd, export, sh, sleep]}, writes: none}
    effect: allow
  - id: remove
    who: {groups: [dev, agents]}
    where: {namespaces: [shop]}
    command: {program: rm, flags: {any: [-r, -R, --recursive]}, paths: {within: [/data]}, writes: any}
    effect: {approve: {peers: 1, from: [sre], ttl: 10m, approver_factor: none}}
"""


def policy():
    loaded = load(POLICY, name="stage.yaml")
    assert hasattr(loaded, "sha256"), loaded
    return loaded


def person(name="alice", *groups, kind=Kind.HUMAN):
    owner = "alice" if kind is Kind.AGENT else ""
    return Principal(
        "i", name, kind, name, 2**40, frozenset(groups or ("dev",)), owner=owner, person=f"i|{name}"
    )


class DiskError(Exception):
    pass


@dataclass
class Writer:
    """A ledger in memory whose disk fails after so many leaves."""

    fails_at: int | None = None
    leaves: list = field(default_factory=list)
    dead: str = ""
    words: list = field(default_factory=list)

    @property
    def size(self):
        return len(self.leaves)

    def append(self, events):
        if self.dead or (self.fails_at is not None and len(self.leaves) + len(events) > self.fails_at):
            self.dead = "no space"
            raise DiskError(self.dead)
        self.leaves += [dict(event) for event in events]
        return len(self.leaves) - 1

    def append_last_words(self, events):
        self.words += events

    def sync(self):
        if self.dead:
            raise DiskError(self.dead)

    def checkpoint(self):
        pass

    def close(self):
        pass

    def types(self):
        return [leaf["type"] for leaf in self.leaves]


class Channel:
    """A scripted client. `log` holds what reached it, in order."""

    def __init__(self, principal, request, inputs=(), controls=()):
        self.principal, self.request = principal, request
        self.login, self.source, self.connection = "shop/web-0", "127.0.0.1:1", "c1"
        self._inputs, self._controls = deque(inputs), deque(controls)
        self.out, self.err, self.log = b"", b"", []
        self.status = None
        self.edits = []
        self.stuck = None

    async def receive(self):
        await asyncio.sleep(0)
        if self._inputs:
            return self._inputs.popleft()
        await asyncio.Event().wait()

    async def receive_control(self):
        if self._controls:
            delay, event = self._controls.popleft()
            await asyncio.sleep(delay)
            return event
        await asyncio.Event().wait()

    def edit(self, prompt, *, secret=False, multiline=""):
        self.edits.append((prompt, secret, multiline))

    def resized(self, size):
        self.log.append(("resized", size))

    def write(self, stream, data):
        self.log.append((stream, data))
        if stream == "out":
            self.out += data
        else:
            self.err += data

    async def drain(self):
        if self.stuck and self.out:
            await self.stuck.wait()

    async def flush(self):
        pass

    def exit(self, status):
        self.log.append(("exit", status))
        self.status = self.status if self.status is not None else status

    def exit_signal(self, name, message):
        self.log.append(("signal", name))
        self.status = name

    def abort(self):
        self.log.append(("abort",))


class Exec:
    def __init__(self, cluster, pieces):
        self._cluster, self._pieces = cluster, deque(pieces)
        self.stdin, self.ended, self.killed, self.survivors = b"", False, False, 0
        self._done = asyncio.Event()

    async def receive(self):
        await asyncio.sleep(0)
        if not self._pieces:
            await self._done.wait()
            return PodExited(time.monotonic(), 143)
        piece = self._pieces.popleft()
        self._cluster.log.append(("received", piece))
        return piece

    async def send(self, data):
        self.stdin += data

    async def end_input(self):
        self.ended = True

    async def resize(self, size):
        pass

    async def kill(self):
        self.killed = True
        self._done.set()


class Reading:
    """What is known of Secrets, and what a test lets become known or lost."""

    def __init__(self, values):
        self.known = values if isinstance(values, Known) else known(*values)
        self.news, self.closed = asyncio.Queue(), False

    async def changed(self):
        return await self.news.get()

    def close(self):
        self.closed = True


def known(*values, **more):
    return Known(tuple(KnownValue(f"secret-1/{n}", value) for n, value in enumerate(values, 1)), **more)


class Cluster:
    """Answers the probe, then one scripted exec after the other."""

    name = "demo"

    def __init__(self, *runs, secrets=(SECRET,), resolve=POD):
        self._runs, self._secrets, self._resolve = deque(runs), secrets, resolve
        self.log, self.grants, self.execs = [], [], []
        self.readings, self.scopes = [], []
        self.leaves_at_open = []
        self.writer = None

    async def resolve(self, target):
        return self._resolve

    async def secrets(self, pod, scope):
        self.scopes.append(scope)
        if isinstance(self._secrets, Refusal):
            return self._secrets
        self.readings.append(Reading(self._secrets))
        return self.readings[-1]

    async def open(self, grant, size):
        self.grants.append(grant)
        self.leaves_at_open.append([leaf for leaf in self.writer.leaves if leaf.get("unit") == grant.unit])
        if grant.rule == "bastion:probe":
            pieces = [sent(b"\x1e\x1e\x1e\x1e/app\n"), PodExited(0.0, 0)]
        else:
            pieces = self._runs.popleft() if self._runs else [PodExited(0.0, 0)]
        if isinstance(pieces, Refusal):
            return pieces
        opened = Exec(self, pieces)
        self.execs.append(opened)
        return opened


def sent(data, stream="out"):
    return PodSent(time.monotonic(), stream, data)


class Approvals:
    """A queue whose outcome is scripted."""

    def __init__(self, outcome="approved", ok=True):
        self.outcome, self.ok, self.asked, self.withdrawn = outcome, ok, [], []
        self._settled = asyncio.Event()

    async def file(self, asked, at):
        self.asked.append(asked)
        return ApprovalFiled(at, asked.id, 2_000_000_000)

    async def settled(self, approval):
        if self.outcome == "never":
            await self._settled.wait()
            return ApprovalSettled(0.0, approval, "withdrawn")
        return ApprovalSettled(0.0, approval, self.outcome, ("bob",), "because")

    async def withdraw(self, approval):
        self.withdrawn.append(approval)
        self._settled.set()

    async def consume(self, approval, identity):
        return ApprovalConsumed(0.0, approval, ok=self.ok, why="" if self.ok else "used")

    async def check_code(self, approval, identity, code):
        return CodeEntered(0.0, approval, accepted=code == "123456", message="wrong", final=False)


def exec_request(line, **more):
    return Request(Mode.EXEC, line, **more)


async def play(channel, cluster, syntax, folder, *, writer=None, approvals=None, stored=None, seconds=20):
    """Run one session; the writer with its leaves."""
    writer = writer or Writer()
    cluster.writer = writer
    journal = Journal(writer, faults=(DiskError,))
    committing = asyncio.ensure_future(journal.run())
    numbers = iter(range(1, 10_000))
    frame = Frame(
        session="5" * 32, who=channel.principal, target=Target("shop", "web-0"), source=channel.source,
        connection="c1", login="shop/web-0", host="bastion", fresh=lambda: f"{next(numbers):032x}",
    )  # fmt: skip
    evidence = Evidence(journal, folder, frame.session, channel.principal.key, "shop/web-0")
    doors = Doors(cluster, syntax, approvals or Approvals(), time.monotonic, Share(time.monotonic))
    relay = Relay(Session(frame, policy(), stored), channel, evidence, doors, lambda: 1_700_000_000)
    try:
        async with asyncio.timeout(seconds):
            await relay.run()
    finally:
        committing.cancel()
        await asyncio.wait([committing])
    return writer


def recorded(folder):
    """All bytes that recordings hold as output, lossily decoded."""
    import json

    text = ""
    for path in folder.rglob("*.cast"):
        for line in path.read_text().splitlines()[1:]:
            event = json.loads(line)
            if event[1] in ("o", "e"):
                text += event[2]
    return text


__all__ = ["ClientEnded", "ClientGone", "ClientSent", "PodExited", "PodFailed"]
