"""Traces for the session: real policy, real trees, real patterns; only the doors' answers are written."""

import asyncio
import functools
from itertools import count

from bastion.core.frame import Frame
from bastion.core.masking.patterns import compile_patterns
from bastion.core.policy_text import load
from bastion.core.session import Session
from bastion.model import effects as do
from bastion.model import events as ev
from bastion.model.masks import KnownValue
from bastion.model.pod import Pod
from bastion.model.principal import Kind, Principal
from bastion.model.refusal import Refusal
from bastion.model.request import Mode, Pty, Request, Size
from bastion.model.target import Target
from bastion.syntax.shfmt import Shfmt

POD = Pod("demo", "shop", "web-0", "uid-1", "app", "cid-1")
SECRET = "Kx7vQ2mNp9RtLw4Z"
POLICY = """
version: 1
defaults: {effect: deny, not_understood: {human: approve-peer, agent: deny}, approve: {peers: 1, from: [sre], ttl: 10m, approver_factor: none}}
rules:
  - id: daily
    who: {groups: [dev, agents]}
    where: {namespaces: [shop]}
    command: {programs: {only: [echo, cat, ls, "true", "false", pwd, cd, export, unset, sh, sleep, exit, set, read, "[", ":"]}, writes: none}
    effect: allow
  - id: remove
    who: {groups: [dev, agents]}
    where: {namespaces: [shop]}
    command: {program: rm, flags: {any: [-r]}, paths: {within: [/data]}, writes: any}
    effect: {approve: {peers: 1, from: [sre], ttl: 10m, approver_factor: none}}
  - id: code
    who: {groups: [dev, agents]}
    where: {namespaces: [shop]}
    command: {program: rm, flags: {none: [-r]}, paths: {within: [/data]}, writes: any}
    effect: {approve: {totp: true, ttl: 5m}}
  - id: names
    who: {groups: [dev, agents]}
    where: {namespaces: [shop]}
    environment: [APP_*]
    effect: allow
"""
PTY = Pty("xterm", Size(80, 24))
FILED = 2_000_000_000


@functools.cache
def policy(text=POLICY):
    loaded = load(text, name="acting.yaml")
    assert hasattr(loaded, "sha256"), loaded
    return loaded


@functools.cache
def patterns(*more):
    return compile_patterns([KnownValue(f"s{n}", each.encode()) for n, each in enumerate((SECRET, *more))])


@functools.cache
def parsed(text, dialect="posix"):
    """What shfmt really says of a text."""

    async def ask():
        async with Shfmt(ready=()) as door:
            return await door.parse(text, dialect)

    return asyncio.run(ask())


def human(name="alice", *groups):
    return Principal("i", name, Kind.HUMAN, name, 2**40, frozenset(groups or ("dev",)), person=f"i|{name}")


def agent(name="bot"):
    return Principal(
        "i", name, Kind.AGENT, name, 2**40, frozenset({"agents"}), owner="alice", person=f"i|{name}"
    )


def exec_line(line, **more):
    return Request(Mode.EXEC, line.encode() if isinstance(line, str) else line, **more)


class Play:
    """One session and everything that came out of it. `mark` says where the last answer begins."""

    def __init__(self, request, who=None, *, rules=POLICY, stored=None, target=None):
        numbers = count(1)
        self.frame = Frame(
            session="5" * 32, who=who or human(), target=target or Target("shop", "web-0"), source="127.0.0.1:1",
            connection="c1", login="shop/web-0", host="bastion", fresh=lambda: f"{next(numbers):032x}",
        )  # fmt: skip
        self.session = Session(self.frame, policy(rules), stored)
        self.effects, self.mark = [], 0
        self.request = request
        self.send(ev.Requested(0.0, request))

    def send(self, *events):
        """Hand in events; the effects of all of them."""
        self.mark = len(self.effects)
        for event in events:
            self.effects += self.session.receive(event)
        return self.last

    @property
    def last(self):
        return self.effects[self.mark :]

    def of(self, kind, effects=None):
        return [each for each in (self.effects if effects is None else effects) if isinstance(each, kind)]

    def resolve(self, pod=POD, known=None):
        return self.send(ev.Resolved(0.0, pod, known or patterns(), 1))

    def ready(self, cwd="/app", dialect=b""):
        """Through the probe, and every parse that follows it."""
        self.resolve()
        self.send(ev.PodSent(0.0, "out", b"\x1e" + dialect + b"\x1e\x1e\x1e" + cwd.encode() + b"\n"))
        return self.answer(ev.PodExited(0.0, 0))

    def answer(self, *events):
        """Hand in events, and what shfmt says whenever it is asked; the effects of all of it."""
        mark = len(self.effects)
        self.send(*events)
        while self.last and isinstance(self.last[-1], do.Parse):
            asked = self.last[-1]
            self.send(parsed(asked.text, asked.dialect))
        self.mark = mark
        return self.last

    def opened(self):
        """The exec that was asked for last is up."""
        return self.send(ev.PodOpened(1.0, self.grants[-1].unit))

    def exits(self, code=0, *, cwd=None, exports=None, out=b""):
        """The exec ends; with a trailer where one was asked for."""
        self.opened()
        return self.answer(
            *[ev.PodSent(1.0, "out", out + self.trailer(code, cwd, exports))], ev.PodExited(1.0, code)
        )

    def trailer(self, code=0, cwd=None, exports=None, removed=()):
        """What the shell prints at the end of a unit that changes state; empty for others."""
        script = self.grants[-1].argv[-1]
        if "bastion_rc=$?" not in script:
            return b""
        nonce = script.rpartition("printf '\\036%s\\036' ")[2].splitlines()[0].encode()
        old = {"HOME": "/root", **dict.fromkeys(removed, "x")}
        new = {"HOME": "/root", **(exports or {})}

        def block(values):
            return b"".join(f"{name}={value}\0".encode() for name, value in values.items())

        place = (cwd or script.partition("cd -P -- '")[2].partition("'")[0]).encode()
        parts = (b"", nonce + b":%d" % code, place + b"\n", block(old), block(new), nonce, b"")
        return b"\x1e".join(parts)

    def line(self, text):
        """Type a line into the editor."""
        return self.answer(ev.LineEntered(1.0, text))

    def filed(self):
        """The store holds the request for approval."""
        return self.send(ev.ApprovalFiled(1.0, self.asked.id, FILED))

    def settled(self, state="approved", by=("bob",), reason=""):
        return self.send(ev.ApprovalSettled(2.0, self.asked.id, state, by, reason))

    def consumed(self, *, ok=True):
        return self.send(ev.ApprovalConsumed(2.0, self.asked.id, ok=ok, why="" if ok else "it was used"))

    @property
    def asked(self):
        return self.of(do.FileApproval)[-1].asked

    @property
    def grants(self):
        return [each.grant for each in self.of(do.OpenPod)]

    @property
    def scripts(self):
        """What ran, less the probe."""
        return [grant.argv[-1] for grant in self.grants if grant.rule != "bastion:probe"]

    def said(self, stream="err"):
        return b"".join(each.data for each in self.of(do.Deliver) if each.stream == stream).decode()

    def notes(self, kind):
        return [note.fields for note in self.of(do.Note) if note.kind == kind]

    @property
    def marks(self):
        return [mark.label for mark in self.of(do.Mark)]

    @property
    def exit(self):
        found = self.of(do.Exit)
        assert len(found) == 1, found
        assert self.effects[-1] is found[0]
        return found[0]


def run(line, who=None, **more):
    """An exec request up to its exec, or its refusal."""
    play = Play(exec_line(line, **more), who)
    play.ready()
    return play


def script(text, who=None, *, ended=True, **more):
    """A script on standard input, up to its first exec, or its refusal."""
    play = Play(Request(Mode.SCRIPT, **more), who)
    play.ready()
    play.answer(ev.ClientSent(0.0, text.encode() if isinstance(text, str) else text))
    if ended:
        mark = play.mark
        play.answer(ev.ClientEnded(0.0))
        play.mark = mark
    return play


def shell(who=None, **more):
    """A guarded shell whose editor waits."""
    play = Play(Request(Mode.INTERACTIVE, pty=PTY, **more), who)
    play.ready()
    return play


__all__ = ["Refusal"]
