"""Every state meets every event: what must never happen does not, in whatever order the doors speak."""

import sys
from pathlib import Path
from typing import get_args

from hypothesis import event as seen
from hypothesis import given, settings
from hypothesis import strategies as st

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


def shfmt(play, text):
    """What the parser says of the text that it was asked about last, or of another one."""
    asked = play.of(do.Parse)
    return parsed(asked[-1].text, asked[-1].dialect) if asked and not text else parsed(text.encode() or b"ls")


# One maker for each event: (play, a text, a number) to the event.
MAKERS = {
    ev.Requested: lambda play, text, n: ev.Requested(1.0, play.request),
    ev.Resolved: lambda play, text, n: ev.Resolved(1.0, POD, patterns(), 1, 0),
    ev.Refused: lambda play, text, n: ev.Refused(1.0, Refusal("x", "no", "", 77)),
    ev.Parsed: lambda play, text, n: shfmt(play, text if n == 0 else ""),
    ev.ClientSent: lambda play, text, n: ev.ClientSent(1.0, b"\x03" if n == 1 else text.encode() + b"\n"),
    ev.ClientEnded: lambda play, text, n: ev.ClientEnded(1.0),
    ev.ClientResized: lambda play, text, n: ev.ClientResized(1.0, Size(80 + n, 24)),
    ev.ClientSignalled: lambda play, text, n: ev.ClientSignalled(1.0, ["INT", "TERM", "USR1", "TSTP"][n]),
    ev.ClientGone: lambda play, text, n: ev.ClientGone(1.0, "gone"),
    ev.EditorDrew: lambda play, text, n: ev.EditorDrew(1.0, f"{text} {SECRET} ".encode()),
    ev.LineEntered: lambda play, text, n: ev.LineEntered(1.0, text),
    ev.LineAborted: lambda play, text, n: ev.LineAborted(1.0, "eof" if n == 0 else "interrupt"),
    ev.CodeEntered: lambda play, text, n: ev.CodeEntered(
        1.0, approval(play), accepted=n > 1, message="no", final=n == 0
    ),
    ev.ApprovalFiled: lambda play, text, n: ev.ApprovalFiled(1.0, approval(play), 2_000_000_000),
    ev.ApprovalSettled: lambda play, text, n: ev.ApprovalSettled(
        1.0, approval(play), ["approved", "denied", "expired", "approved"][n], ("bob",), "why"
    ),
    ev.ApprovalConsumed: lambda play, text, n: ev.ApprovalConsumed(1.0, approval(play), ok=n > 0, why="used"),
    ev.PodOpened: lambda play, text, n: ev.PodOpened(1.0, unit(play)),
    ev.PodSent: lambda play, text, n: ev.PodSent(
        1.0, "out", (b"\x1e\x1e\x1e\x1e/app\n", SECRET.encode() + b" x\n", b"\x1e", trailer(play))[n]
    ),
    ev.PodExited: lambda play, text, n: ev.PodExited(1.0, n),
    ev.PodFailed: lambda play, text, n: ev.PodFailed(1.0, Refusal("exec-lost", "lost", "", 255)),
    ev.SecretsAdded: lambda play, text, n: ev.SecretsAdded(1.0, patterns("newly-known-value-77")),
    ev.PolicyChanged: lambda play, text, n: ev.PolicyChanged(1.0, POLICIES[min(n, 2)]),
    ev.TimePassed: lambda play, text, n: ev.TimePassed(1.0),
    ev.Ended: lambda play, text, n: ev.Ended(1.0, ENDED),
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


class Watch:
    """Sees each step of a session and says what must never be."""

    def __init__(self, play):
        self.play, self.opened, self.allowed = play, set(), None
        self.consumed = self.asked_to_consume = ""
        self.judged_by = play.session._policy.sha256
        for effect in play.effects:
            self.effect(effect, None)

    def step(self, event):
        play = self.play
        over, running = play.session.over, bool(play.session._work and play.session._work.running)
        last = play.send(event)
        assert not over or last == [], "something came after the end"
        if isinstance(event, ev.ApprovalConsumed) and event.ok and event.id == self.asked_to_consume:
            self.consumed = event.id
        for effect in last:
            self.effect(effect, event)
        if any(isinstance(each, do.SendPod | do.EndPodInput) for each in last):
            assert running or isinstance(event, ev.PodOpened), "input for a program that is not up"
        if play.session._phase.name == "READING" and play.session._reading._parsing is not None:
            assert not play.session.wants_input, "input was wanted while a text was parsed"
        if isinstance(event, ev.ClientGone | ev.Ended) and not over:
            assert play.session.over
            assert not play.grants or isinstance(event, ev.ClientGone) or do.KillPod() in last or not running

    def effect(self, effect, event):
        match effect:
            case do.Note("verdict", facts):
                self.allowed = facts["text"] if facts.get("effect") == "allow" else None
            case do.ConsumeApproval(id=name):
                self.asked_to_consume = name
            case do.OpenPod(grant) if grant.rule == "bastion:probe":
                assert isinstance(event, ev.Resolved)
            case do.OpenPod(grant):
                self.judge_grant(grant)
            case do.Deliver(data=data):
                assert SECRET.encode() not in data
            case do.Exit():
                self.at_exit(effect)

    def judge_grant(self, grant):
        assert SECRET not in "\0".join(grant.argv), "a secret on an argv"
        assert grant.pod == POD
        script = grant.argv[-1]
        if grant.approval:
            assert grant.approval == self.consumed, "an approved text ran without its consumption"
            self.consumed = ""
            texts = [each.text for each in self.play.session._work._now.line.units]
            assert self.play.session._work._consent.asked.text.decode() in script
            assert texts
            assert not grant.stdin or "exec </dev/null" in script
        else:
            assert self.allowed is not None, "an exec without a verdict that allows it"
            assert self.play.session._work._now.allowed_text().decode() in script
            self.allowed = None

    def at_exit(self, effect):
        refused = [each.fields["code"] for each in self.play.of(do.Note) if each.kind == "session.refused"]
        if refused:
            assert effect.status != 0
            assert len(refused) == 1


@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from(REQUESTS),
    st.booleans(),
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.none(), st.none(), st.none(), st.sampled_from(list(MAKERS))),
            st.sampled_from(TEXTS),
            st.integers(0, 3),
        ),
        max_size=40,
    ),
)
def test_no_order_of_events_gets_past_the_judge(made, ready, steps):
    play = made[0](*made[1], **made[2])
    watch = Watch(play)
    if ready:
        for event in (
            ev.Resolved(0.0, POD, patterns(), 1, 0), ev.PodSent(0.0, "out", b"\x1e\x1e\x1e\x1e/app\n"), ev.PodExited(0.0, 0),
        ):  # fmt: skip
            watch.step(event)
    answered = {}
    for kind, text, number in steps:
        watch.step(MAKERS[kind or natural(play, answered)](play, text, number))
    seen(f"execs: {min(3, len(play.scripts))}, over: {play.session.over}")
    if not play.session.over:
        watch.step(ev.ClientGone(9.0, "gone"))
    assert len(play.of(do.Exit)) == 1
    assert isinstance(play.effects[-1], do.Exit)
    assert len(play.notes("session.started")) == 1
    assert len(play.notes("session.ended")) == 1


def test_the_table_holds_every_event():
    assert set(MAKERS) == set(get_args(ev.Event))


def walk(play, *kinds):
    for kind in kinds:
        play.answer(MAKERS[kind](play, "echo hi", 3))
    return play


STATES = {
    "resolving": lambda: Play(exec_line("echo hi")),
    "probing": lambda: walk(Play(exec_line("echo hi")), ev.Resolved),
    "editing": lambda: ready(Play(Request(Mode.INTERACTIVE, pty=PTY))),
    "reading": lambda: ready(Play(Request(Mode.SCRIPT))),
    "parsing": lambda: unparsed(Play(exec_line("echo hi"))),
    "filing": lambda: ready(Play(exec_line("rm -r /data/x"))),
    "pending": lambda: walk(ready(Play(exec_line("rm -r /data/x"))), ev.ApprovalFiled),
    "code": lambda: walk(ready(Play(exec_line("rm /data/x", pty=PTY))), ev.ApprovalFiled),
    "consuming": lambda: walk(ready(Play(exec_line("rm -r /data/x"))), ev.ApprovalFiled, ev.ApprovalSettled),
    "opening": lambda: ready(Play(exec_line("cat"))),
    "running": lambda: walk(ready(Play(exec_line("cat"))), ev.PodOpened),
}


def ready(play):
    play.ready()
    return play


def unparsed(play):
    play.resolve()
    play.send(ev.PodSent(0.0, "out", b"\x1e\x1e\x1e\x1e/app\n"), ev.PodExited(0.0, 0))
    return play


# What a state may do besides ending; every other pair of state and event does nothing at all.
ENDS = {ev.Refused, ev.ClientGone, ev.Ended}
ALWAYS = {
    ev.ClientSignalled,
    ev.EditorDrew,
    ev.ClientResized,
    ev.TimePassed,
    ev.SecretsAdded,
    ev.PolicyChanged,
}
ANSWERS = {
    "resolving": {ev.Resolved},
    "probing": {ev.PodSent, ev.PodExited, ev.PodFailed},
    "editing": {ev.LineEntered, ev.LineAborted, ev.ClientEnded},
    "reading": {ev.ClientSent, ev.ClientEnded},
    "parsing": {ev.Parsed},
    "filing": {ev.ApprovalFiled, ev.ApprovalSettled, ev.ClientSent, ev.LineAborted},
    "pending": {ev.ApprovalSettled, ev.ClientSent, ev.LineAborted},
    "code": {ev.CodeEntered, ev.ApprovalSettled, ev.ClientSent, ev.LineAborted},
    "consuming": {ev.ApprovalConsumed, ev.ClientSent, ev.LineAborted},
    "opening": {ev.PodOpened, ev.PodSent, ev.PodExited, ev.PodFailed},
    "running": {ev.PodSent, ev.PodExited, ev.PodFailed, ev.ClientSent, ev.ClientEnded},
}


def test_an_event_that_a_state_does_not_expect_changes_nothing():
    for state, make in STATES.items():
        for kind in set(MAKERS) - ENDS - ALWAYS - ANSWERS[state]:
            for number in range(4):
                play = make()
                before = play.session._phase, play.session.wants_input
                assert play.send(MAKERS[kind](play, "echo hi", number)) == [], (state, kind.__name__)
                assert (play.session._phase, play.session.wants_input) == before, (state, kind.__name__)


def test_every_state_ends_when_it_is_told_to():
    for state, make in STATES.items():
        for kind in ENDS:
            play = make()
            had_exec, pending = (
                len(play.grants) > 0 and state in {"probing", "opening", "running"},
                play.of(do.FileApproval),
            )
            last = play.send(MAKERS[kind](play, "", 0))
            assert play.exit.status != 0, (state, kind)
            assert do.KillPod() in last or not had_exec, (state, kind)
            assert play.of(do.WithdrawApproval, last) or not pending, (state, kind)
