"""Events for every state of a session: one maker for each kind, and what would come next."""

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "bastion" / "core"))

from acting import POD, POLICY, PTY, SECRET, Play, agent, exec_line, human, parsed, patterns, policy

from bastion.model import effects as do
from bastion.model import events as ev
from bastion.model.approval import Asked
from bastion.model.refusal import Refusal
from bastion.model.request import Mode, Request, Size
from bastion.model.verdict import Terms

ENDED = Refusal("shutting-down", "closing", "", 255)
TEXTS = [
    "echo hi", "echo one; touch /etc/x; echo two", "rm -r /data/x", "rm /data/x", "touch /etc/x", f"echo {SECRET}",
    "cd /usr", "export A=1", "exit 3", "set -e", "f() { ls; }", "eval $X", "fi", "echo 'x", "# nothing", "sleep 9 &",
    "cat", "echo x; rm -r /data/x; echo y",
]  # fmt: skip
POLICIES = [policy(), policy(POLICY.replace("ttl: 5m", "ttl: 6m")), policy(POLICY.replace("echo, cat", "ls"))]
RUN_BYTES = {text.encode() for text in TEXTS} | {b"rm -r /data/x", b"eval $X"}


def stored():
    terms = Terms(1, frozenset({"sre"}), approver_factor="none")
    return Asked(
        "a" * 32, "s", "i|bot", "bot", "agent", "i|alice", "i|bot", "i|alice", POD, "/app", "posix", b"rm -r /data/x",
        (), policy().sha256, "remove", (), terms, waits=False, nonce="n",
    )  # fmt: skip


def requests():
    for text in TEXTS:
        for pty in (None, PTY):
            for who in (human(), agent()):
                yield Play, (exec_line(text, pty=pty), who), {}
    for who in (human(), agent()):
        yield Play, (Request(Mode.SCRIPT), who), {}
        yield Play, (Request(Mode.INTERACTIVE, pty=PTY), who), {}
        yield Play, (exec_line("echo hi", env=(("BASTION_APPROVAL", "dry-run"),)), who), {}
    yield Play, (exec_line("run a"), agent()), {"stored": stored()}
    yield Play, (exec_line("echo hi"), human("m", "others")), {}


REQUESTS = list(requests())


def approval(play):
    filed = play.of(do.FileApproval)
    return filed[-1].asked.id if filed else "a" * 32


def unit(play):
    return play.grants[-1].unit if play.grants else "u"


def shfmt(play, text=""):
    """What the parser says of the text that it was asked about last, or of another one."""
    asked = play.of(do.Parse)
    return parsed(asked[-1].text, asked[-1].dialect) if asked and not text else parsed(text.encode() or b"ls")


@dataclass(frozen=True)
class Now:
    """A session, a text and a number from 0 to 3, out of which an event is made."""

    play: Play
    text: str
    n: int


# One maker for each event: what stands now to the event.
MAKERS = {
    ev.Requested: lambda now: ev.Requested(1.0, now.play.request),
    ev.Resolved: lambda _: ev.Resolved(1.0, POD, patterns(), 1),
    ev.Refused: lambda _: ev.Refused(1.0, Refusal("x", "no", "", 77)),
    ev.Parsed: lambda now: shfmt(now.play, now.text if now.n == 0 else ""),
    ev.ClientSent: lambda now: ev.ClientSent(1.0, b"\x03" if now.n == 1 else now.text.encode() + b"\n"),
    ev.ClientEnded: lambda _: ev.ClientEnded(1.0),
    ev.ClientResized: lambda now: ev.ClientResized(1.0, Size(80 + now.n, 24)),
    ev.ClientSignalled: lambda now: ev.ClientSignalled(1.0, ["INT", "TERM", "USR1", "TSTP"][now.n]),
    ev.ClientGone: lambda _: ev.ClientGone(1.0, "gone"),
    ev.EditorDrew: lambda now: ev.EditorDrew(1.0, f"{now.text} {SECRET} ".encode()),
    ev.LineEntered: lambda now: ev.LineEntered(1.0, now.text),
    ev.LineAborted: lambda now: ev.LineAborted(1.0, "eof" if now.n == 0 else "interrupt"),
    ev.CodeEntered: lambda now: ev.CodeEntered(
        1.0, approval(now.play), accepted=now.n > 1, message="no", final=now.n == 0
    ),
    ev.ApprovalFiled: lambda now: ev.ApprovalFiled(1.0, approval(now.play), 2_000_000_000),
    ev.ApprovalSettled: lambda now: ev.ApprovalSettled(
        1.0, approval(now.play), ["approved", "denied", "expired", "approved"][now.n], ("bob",), "why"
    ),
    ev.ApprovalConsumed: lambda now: ev.ApprovalConsumed(1.0, approval(now.play), ok=now.n > 0, why="used"),
    ev.PodOpened: lambda now: ev.PodOpened(1.0, unit(now.play)),
    ev.PodSent: lambda now: ev.PodSent(
        1.0, "out", (b"\x1e\x1e\x1e\x1e/app\n", SECRET.encode() + b" x\n", b"\x1e", trailer(now.play))[now.n]
    ),
    ev.PodExited: lambda now: ev.PodExited(1.0, now.n),
    ev.PodFailed: lambda _: ev.PodFailed(1.0, Refusal("exec-lost", "lost", "", 255)),
    ev.SecretsAdded: lambda _: ev.SecretsAdded(1.0, patterns("newly-known-value-77")),
    ev.SecretsLost: lambda _: ev.SecretsLost(1.0, Refusal("secrets-lost", "they changed", "", 77)),
    ev.PolicyChanged: lambda now: ev.PolicyChanged(1.0, POLICIES[min(now.n, 2)]),
    ev.TimePassed: lambda _: ev.TimePassed(1.0),
    ev.Ended: lambda _: ev.Ended(1.0, ENDED),
}
# What the doors would answer to the last effect that asks something of them.
NATURAL = {
    do.Resolve: [ev.Resolved], do.Parse: [ev.Parsed], do.Edit: [ev.LineEntered], do.AskCode: [ev.CodeEntered],
    do.FileApproval: [ev.ApprovalFiled, ev.ApprovalSettled], do.ConsumeApproval: [ev.ApprovalConsumed],
    do.OpenPod: [ev.PodOpened, ev.PodSent, ev.PodExited],
}  # fmt: skip


def natural(play, answered):
    """The event that would come next; `answered` counts the answers that were given to one effect."""
    asked = [each for each in play.effects if type(each) in NATURAL]
    if not asked:
        return ev.TimePassed
    if isinstance(asked[-1], do.Parse) and play.session._phase.name == "READING" and play.session.wants_input:
        return ev.ClientSent
    answered[id(asked[-1])] = answered.get(id(asked[-1]), -1) + 1
    kinds = NATURAL[type(asked[-1])]
    return kinds[min(answered[id(asked[-1])], len(kinds) - 1)]


def trailer(play):
    return play.trailer(exports={"A": SECRET if len(play.grants) % 2 else "1"}) if play.grants else b""
