"""Hands: what is ended ends, also while it begins; a code goes to its door and nowhere else."""

import asyncio
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stage import POD, Approvals, Channel, Cluster, Exec, exec_request, person, sent

from bastion.core.masking.forms import MAX_VALUE
from bastion.model import effects as do
from bastion.model.approval import Asked
from bastion.model.events import (
    ApprovalFiled,
    EditorDrew,
    LineAborted,
    LineEntered,
    PodExited,
    PodFailed,
    PodOpened,
    PodSent,
    Refused,
    Resolved,
)
from bastion.model.grant import Grant
from bastion.model.refusal import Refusal
from bastion.model.request import Size
from bastion.model.target import Target
from bastion.model.verdict import Terms
from bastion.relay.hands import MAX_QUEUED, Doors, Hands

GRANT = Grant(
    "s", "u" * 32, POD, ("env", "sh"), tty=False, stdin=True, identity="i|alice", user="", groups=(), rule="r"
)
TARGET = Target("shop", "web-0")


def asked(*, waits=True):
    return Asked(
        "a" * 32, "s", "i|alice", "alice", "human", "", "i|alice", "", POD, "/", "posix", b"rm", (), "p", "r", (),
        Terms(1, frozenset({"sre"})), waits=waits, nonce="n",
    )  # fmt: skip


class Gate(Cluster):
    """A cluster whose open waits until it is let go."""

    def __init__(self, *runs, **more):
        super().__init__(*runs, **more)
        self.gate, self.asked_for = asyncio.Event(), []

    async def resolve(self, target):
        self.asked_for.append(target)
        return await super().resolve(target)

    async def open(self, grant, size):
        await self.gate.wait()
        self.grants.append(grant)
        opened = Exec(self, self._runs.popleft() if self._runs else [])
        self.execs.append(opened)
        return opened


class Scene:
    """Hands with a group, and the events that they posted."""

    def __init__(self, cluster=None, approvals=None):
        self.cluster, self.approvals = cluster or Gate(), approvals or Approvals()
        self.channel, self.events = Channel(person(), exec_request(b"x")), []

    async def handled(self, event):
        self.events.append(event)

    async def play(self, script, *, ending=5.0):
        doors = Doors(self.cluster, None, self.approvals, lambda: 1.0)
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            self.hands = Hands(self.channel, doors, group, self.events.append, self.handled)
            await script(self.hands)
            await self.hands.ended(ending)
            self.hands.stop()
        return self

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


async def settle(turns=20):
    for _ in range(turns):
        await asyncio.sleep(0)


async def test_an_exec_that_is_killed_while_it_opens_is_ended_once_it_is_up():
    scene = Scene()

    async def script(hands):
        hands.perform(do.OpenPod(GRANT, None))
        await settle()
        hands.perform(do.KillPod())
        scene.cluster.gate.set()

    await scene.play(script)
    assert scene.cluster.execs[0].killed
    assert not scene.of(PodOpened)


async def test_a_kill_ends_the_exec_that_opens_and_not_the_one_before_it():
    scene = Scene(Gate([PodExited(0.0, 0)], []))

    async def script(hands):
        scene.cluster.gate.set()
        hands.perform(do.OpenPod(GRANT, None))
        await settle()
        scene.cluster.gate.clear()
        hands.perform(do.OpenPod(GRANT, None))
        await settle()
        hands.perform(do.KillPod())
        scene.cluster.gate.set()

    await scene.play(script)
    assert [opened.killed for opened in scene.cluster.execs] == [False, True]


async def test_output_and_the_end_come_in_order():
    scene = Scene(Gate([sent(b"a"), sent(b"b", "err"), PodExited(0.0, 4)]))
    scene.cluster.gate.set()

    async def script(hands):
        hands.perform(do.OpenPod(GRANT, None))
        await settle()

    await scene.play(script)
    assert [type(event) for event in scene.events] == [PodOpened, PodSent, PodSent, PodExited]
    assert scene.events[0].unit == GRANT.unit


@pytest.mark.parametrize(
    ("found", "code"), [(Refusal("not-ready", "gone", "", 77), "not-ready"), (None, "approval-void")]
)
async def test_an_approved_exec_is_not_opened_in_a_pod_that_was_replaced(found, code):
    from dataclasses import replace

    scene = Scene(Gate(resolve=found or replace(POD, container_id="cid-2")))
    scene.cluster.gate.set()

    async def script(hands):
        hands.perform(do.OpenPod(GRANT, None, check_uid=True))
        await settle()

    await scene.play(script)
    assert scene.of(PodFailed)[0].refusal.code == code
    assert not scene.cluster.grants
    assert scene.cluster.asked_for == [Target("shop", "web-0", container="app")]


async def test_input_goes_to_the_exec_in_order_and_pauses_the_client_when_it_is_full():
    scene = Scene()
    scene.cluster.gate.set()
    full = asyncio.Event()

    async def script(hands):
        hands.perform(do.OpenPod(GRANT, None))
        await settle()
        opened = scene.cluster.execs[0]
        slow = opened.send

        async def waits(data):
            await full.wait()
            await slow(data)

        opened.send = waits

        hands.perform(do.SendPod(b"x" * (MAX_QUEUED + 1)))
        hands.perform(do.SendPod(b"end"))
        hands.perform(do.EndPodInput())
        await settle()
        room = asyncio.ensure_future(hands.room())
        await settle()
        assert not room.done()
        full.set()
        await room
        await settle()
        assert (opened.stdin[-3:], len(opened.stdin), opened.ended) == (b"end", MAX_QUEUED + 4, True)
        hands.perform(do.KillPod())

    await scene.play(script)


async def test_a_request_that_is_withdrawn_while_it_is_stored_is_withdrawn_after_it():
    order, gate = [], asyncio.Event()

    class Slow(Approvals):
        async def file(self, asked, at):
            await gate.wait()
            order.append("filed")
            return await super().file(asked, at)

        async def withdraw(self, approval):
            order.append("withdrawn")
            await super().withdraw(approval)

    scene = Scene(approvals=Slow("never"))

    async def script(hands):
        hands.perform(do.FileApproval(asked()))
        await settle()
        hands.perform(do.WithdrawApproval("a" * 32))
        await settle()
        gate.set()

    await scene.play(script)
    assert order == ["filed", "withdrawn"]


async def test_only_a_request_that_is_waited_for_is_watched():
    for waits in (True, False):
        scene = Scene(approvals=Approvals("approved"))

        async def script(hands, waits=waits):
            hands.perform(do.FileApproval(asked(waits=waits)))
            await settle()

        await scene.play(script)
        assert [type(event).__name__ for event in scene.events] == ["ApprovalFiled", "ApprovalSettled"][
            : 1 + waits
        ]
        assert scene.of(ApprovalFiled)


async def test_a_code_goes_to_its_door_and_is_no_line():
    scene = Scene()

    async def script(hands):
        hands.perform(do.AskCode("a" * 32, "code: "))
        assert scene.channel.edits == [("code: ", True, "")]
        assert not await hands.intercept(EditorDrew(1.0, b"x"))
        assert await hands.intercept(LineEntered(1.0, " 123456 "))
        assert not await hands.intercept(LineEntered(1.0, "echo hi"))

    await scene.play(script)
    assert [event.accepted for event in scene.events] == [True]


@pytest.mark.parametrize(
    "left", [do.Edit("$ "), do.WithdrawApproval("a" * 32), LineAborted(1.0, "interrupt")]
)
async def test_after_the_code_prompt_was_left_a_line_is_a_line(left):
    scene = Scene()

    async def script(hands):
        hands.perform(do.AskCode("a" * 32, "code: "))
        if isinstance(left, LineAborted):
            assert not await hands.intercept(left)
        else:
            hands.perform(left)
        assert not await hands.intercept(LineEntered(1.0, "123456"))

    await scene.play(script)
    assert not scene.events


TOO_LARGE = b"x7-Q" * (MAX_VALUE // 4 + 1)


@pytest.mark.parametrize(
    ("known", "secrets", "kind"),
    [("required", (b"a-known-value-1",), Resolved), ("required", Refusal("x", "no"), Refused),
     ("preferred", Refusal("x", "no"), Resolved), ("off", Refusal("x", "no"), Resolved),
     ("required", (TOO_LARGE,), Refused), ("preferred", (TOO_LARGE,), Resolved)],
)  # fmt: skip
async def test_values_that_must_be_known_are_known_or_nothing_begins(known, secrets, kind):
    scene = Scene(Gate(secrets=secrets))

    async def script(hands):
        hands.perform(do.Resolve(TARGET, known))
        for _ in range(200):
            await asyncio.sleep(0.01)
            if scene.events:
                break

    await scene.play(script)
    assert [type(event) for event in scene.events] == [kind]
    if kind is Resolved:
        assert scene.events[0].known == (1 if isinstance(secrets, tuple) and secrets != (TOO_LARGE,) else 0)


async def test_the_exit_is_kept_for_the_end():
    scene = Scene()

    async def script(hands):
        hands.perform(do.Exit(7, "TERM", "m"))
        hands.perform(do.ResizeEditor(Size(90, 30)))
        hands.perform(do.Deliver("err", b"x"))

    await scene.play(script)
    assert (scene.hands.status, scene.hands.signal, scene.hands.message) == (7, "TERM", "m")
    assert scene.channel.log == [("resized", Size(90, 30)), ("err", b"x")]


async def test_what_runs_in_a_severed_session_is_ended():
    scene = Scene()
    scene.cluster.gate.set()

    async def script(hands):
        hands.perform(do.OpenPod(GRANT, None))
        await settle()
        await hands.abandon(1.0)

    await scene.play(script)
    assert scene.cluster.execs[0].killed
