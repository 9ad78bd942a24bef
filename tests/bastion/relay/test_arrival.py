"""Arrival: the values are known before anything begins, stay known, and are let go at the end."""

import asyncio
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stage import POD, Cluster, known

from bastion.core.masking.forms import MAX_VALUE
from bastion.core.masking.scan import find
from bastion.model import effects as do
from bastion.model.events import Refused, Resolved, SecretsAdded, SecretsLost
from bastion.model.refusal import Refusal
from bastion.model.target import Target
from bastion.relay.arrival import follow
from bastion.relay.compiled import Compiled

OLD, NEW = b"Kx7vQ2mNp9RtLw4Z", b"newly-known-value-77"
NO = Refusal("secrets-unknown", "no")


class Scene:
    def __init__(self, secrets=(OLD,), mode="required", scope="pod", **more):
        self.cluster, self.events = Cluster(secrets=secrets, **more), []
        asked = do.Resolve(Target("shop", "web-0"), mode, scope)
        self.task = asyncio.ensure_future(
            follow(asked, self.cluster, Compiled(), lambda: 1.0, self.events.append)
        )

    async def until(self, count):
        async with asyncio.timeout(20):
            while len(self.events) < count:
                await asyncio.sleep(0.01)
        return self.events[-1]

    async def end(self):
        self.task.cancel()
        await asyncio.wait([self.task])


PART = known(OLD, secrets=2, unread=1, why=NO)


@pytest.mark.parametrize(
    ("mode", "secrets", "kind", "count"),
    [("required", (OLD,), Resolved, 1), ("required", NO, Refused, 0), ("required", PART, Refused, 0),
     ("preferred", NO, Resolved, 0), ("preferred", PART, Resolved, 1), ("off", NO, Resolved, 0)],
)  # fmt: skip
async def test_values_that_must_be_known_are_known_or_nothing_begins(mode, secrets, kind, count):
    scene = Scene(secrets, mode)
    event = await scene.until(1)
    assert type(event) is kind
    if kind is Resolved:
        assert (event.known, bool(find(event.patterns, OLD))) == (count, bool(count))
        assert (event.why is NO) == (mode == "preferred")
    await scene.end()


TOO_LARGE = b"x7-Q" * (MAX_VALUE // 4 + 1)


async def test_values_that_cannot_all_be_masked_are_values_that_are_not_known():
    strict, loose = Scene((TOO_LARGE,)), Scene((TOO_LARGE,), "preferred")
    refused, resolved = await strict.until(1), await loose.until(1)
    assert isinstance(refused, Refused)
    assert isinstance(resolved, Resolved)
    assert (refused.refusal.code, resolved.why.code, resolved.known) == (
        "secrets-unknown",
        "secrets-unknown",
        0,
    )
    loose.cluster.readings[0].news.put_nowait(known(OLD, TOO_LARGE))
    lost = await loose.until(2)
    assert isinstance(lost, SecretsLost)
    assert "x7-Q" not in repr(loose.events) + repr(strict.events)
    await loose.end()


async def test_without_a_wish_for_values_no_secret_is_read_and_else_in_the_scope_that_is_asked():
    off, wide = Scene(mode="off"), Scene(scope="namespace")
    await off.until(1)
    await wide.until(1)
    assert (off.cluster.scopes, wide.cluster.scopes) == ([], ["namespace"])
    await wide.end()


async def test_a_target_that_is_not_there_is_refused_before_any_secret_is_read():
    scene = Scene(resolve=Refusal("unknown-target", "no"))
    assert isinstance(await scene.until(1), Refused)
    assert not scene.cluster.scopes
    assert POD.name not in str(scene.events)


async def test_what_becomes_known_is_posted_with_all_that_was_and_a_loss_does_not_end_it():
    scene = Scene(mode="preferred")
    await scene.until(1)
    reading = scene.cluster.readings[0]
    reading.news.put_nowait(NO)
    assert await scene.until(2) == SecretsLost(1.0, NO)
    reading.news.put_nowait(known(OLD, NEW, weak=("secret-1/9",)))
    added = await scene.until(3)
    assert isinstance(added, SecretsAdded)
    assert (added.known, added.weak) == (2, ("secret-1/9",))
    assert find(added.patterns, OLD)
    assert find(added.patterns, NEW)
    await scene.end()
    assert reading.closed


async def test_a_refused_session_lets_go_of_what_it_read():
    scene = Scene(PART)
    await scene.until(1)
    await asyncio.wait([scene.task])
    assert scene.cluster.readings[0].closed
