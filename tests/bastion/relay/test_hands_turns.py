"""Hands: whatever draws on a screen waits for its turn in the house's share."""

import asyncio
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stage import POD, Approvals, Channel, Cluster, Writer, exec_request, person, sent

from bastion.model import effects as do
from bastion.model.events import ClientResized, EditorDrew, PodExited, PodSent
from bastion.model.grant import Grant
from bastion.model.request import Size
from bastion.relay.hands import Doors, Hands
from bastion.relay.pace import Share

GRANT = Grant(
    "s", "u" * 32, POD, ("env", "sh"), tty=False, stdin=True, identity="i|alice", user="", groups=(), rule="r"
)


class Turns(Share):
    """A share that notes what was waited for."""

    def __init__(self):
        super().__init__(lambda: 1.0)
        self.asked = []

    async def turn(self, seconds):
        self.asked.append(seconds)


async def played(cluster, script):
    """Run `script` on hands with such a share: (what was waited for, what was handled)."""
    share, seen = Turns(), []

    async def handled(event):
        seen.append(event)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        doors = Doors(cluster, None, Approvals(), lambda: 1.0, share)
        hands = Hands(Channel(person(), exec_request(b"x")), doors, group, seen.append, handled)
        await script(hands)
        hands.stop()
    return share.asked, seen


@pytest.mark.parametrize(
    "event", [EditorDrew(0.0, b"x"), PodSent(0.0, "out", b"x"), ClientResized(0.0, Size(90, 30))]
)
async def test_what_draws_waits_by_what_the_last_turn_cost(event):
    async def script(hands):
        hands.took(0.25)
        await hands.paced(event)

    assert await played(Cluster(), script) == ([0.25], [event])


async def test_output_of_the_pod_waits_for_its_turn():
    cluster = Cluster([sent(b"x" * 10), PodExited(0.0, 0)])
    cluster.writer = Writer()

    async def script(hands):
        hands.took(0.5)
        hands.perform(do.OpenPod(GRANT, None))
        await asyncio.sleep(0.2)

    asked, seen = await played(cluster, script)
    assert asked == [0.5]
    assert [type(each).__name__ for each in seen] == ["PodOpened", "PodSent", "PodExited"]


async def test_what_took_long_is_told_to_the_share():
    async def script(hands):
        hands.took(0.25)
        assert hands._doors.share._free == pytest.approx(1.25)

    await played(Cluster(), script)
