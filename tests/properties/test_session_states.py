"""Every state meets every event: what must never happen does not, in whatever order the doors speak."""

import sys
from pathlib import Path
from typing import get_args

from hypothesis import event as seen
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from session_events import MAKERS, POD, PTY, REQUESTS, SECRET, TEXTS, Now, Play, exec_line, natural, patterns

from bastion.model import effects as do
from bastion.model import events as ev
from bastion.model.request import Mode, Request


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
            ev.Resolved(0.0, POD, patterns(), 1), ev.PodSent(0.0, "out", b"\x1e\x1e\x1e\x1e/app\n"), ev.PodExited(0.0, 0),
        ):  # fmt: skip
            watch.step(event)
    answered = {}
    for kind, text, number in steps:
        watch.step(MAKERS[kind or natural(play, answered)](Now(play, text, number)))
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
        play.answer(MAKERS[kind](Now(play, "echo hi", 3)))
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
ENDS = {ev.Refused, ev.ClientGone, ev.Ended, ev.SecretsLost}
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
    "editing": {ev.LineEntered, ev.LineAborted, ev.ClientEnded, ev.ClientSent},
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
                assert play.send(MAKERS[kind](Now(play, "echo hi", number))) == [], (state, kind.__name__)
                assert (play.session._phase, play.session.wants_input) == before, (state, kind.__name__)


def test_every_state_ends_when_it_is_told_to():
    for state, make in STATES.items():
        for kind in ENDS:
            play = make()
            had_exec, pending = (
                len(play.grants) > 0 and state in {"probing", "opening", "running"},
                play.of(do.FileApproval),
            )
            last = play.send(MAKERS[kind](Now(play, "", 0)))
            assert play.exit.status != 0, (state, kind)
            assert do.KillPod() in last or not had_exec, (state, kind)
            assert play.of(do.WithdrawApproval, last) or not pending, (state, kind)
