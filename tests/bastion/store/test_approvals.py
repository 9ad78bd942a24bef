"""The queue: one of many wins, deadlines hold, exact bytes are sealed and erased."""

import asyncio

import pytest
from sqlalchemy import select

from bastion.model.approval import Asked, State
from bastion.model.pod import Pod
from bastion.model.principal import Kind, Principal
from bastion.model.refusal import Refusal
from bastion.model.verdict import Terms
from bastion.store.approvals import MAX_PENDING_EACH, ApprovalQueue
from bastion.store.codes import Codes
from bastion.store.index import open_engine
from bastion.store.seal import Seal
from bastion.store.tables import approval

POD = Pod("c", "shop", "web-0", "uid", "app", "cid")
TEXT = b"rm -r /data/very-special-name"


def asked(one="a", *, peers=1, totp=False, **more):
    terms = Terms(peers=peers, groups=frozenset({"sre"}), totp=totp, approver_factor="none", ttl=600)
    fields = {
        "id": one * 32, "session": "s", "identity": "i|alice", "name": "alice", "kind": "human", "owner": "",
        "person": "i|alice", "owner_person": "", "pod": POD, "cwd": "/", "dialect": "posix", "text": TEXT,
        "environment": (("A", "1"),), "policy": "p", "rule": "r", "reasons": ("why",), "terms": terms,
        "waits": True, "nonce": "n",
    }  # fmt: skip
    return Asked(**{**fields, **more})


def person(name, *groups):
    return Principal("i", name, Kind.HUMAN, name, 2**40, frozenset(groups), person=f"i|{name}")


class Clock:
    now = 1000

    def __call__(self):
        return self.now


@pytest.fixture
async def house(tmp_path):
    engine, clock = await open_engine(tmp_path / "store.db"), Clock()
    seal = Seal.load(tmp_path / "store.key")
    codes = Codes(
        engine, seal, clock,
        lambda seed, code, now, last: now // 30 if code == seed and now // 30 > last else None,
        lambda failures, at: at + 60 if failures >= 5 else 0,
    )  # fmt: skip
    queue = ApprovalQueue(engine, seal, codes, clock, lambda: 0.0)
    yield queue, clock, engine, codes
    await engine.dispose()


async def test_a_peer_approves_and_it_is_consumed_once(house):
    queue, *_ = house
    await queue.file(asked(), 0.0)
    row = await queue.approve("a" * 32, person("bob", "sre"))
    assert row.state is State.APPROVED
    assert (await queue.settled("a" * 32)).state == "approved"
    assert (await queue.consume("a" * 32, "i|alice")).ok
    assert not (await queue.consume("a" * 32, "i|alice")).ok


async def test_only_the_identity_that_asked_consumes(house):
    queue, *_ = house
    await queue.file(asked(), 0.0)
    await queue.approve("a" * 32, person("bob", "sre"))
    assert not (await queue.consume("a" * 32, "i|carol")).ok
    assert (await queue.consume("a" * 32, "i|alice")).ok


async def test_two_peers_means_two_people(house):
    queue, *_ = house
    await queue.file(asked(peers=2), 0.0)
    bob = person("bob", "sre")
    assert (await queue.approve("a" * 32, bob)).state is State.REQUESTED
    assert (await queue.approve("a" * 32, bob)).state is State.REQUESTED
    assert (await queue.approve("a" * 32, person("dana", "sre"))).state is State.APPROVED


async def test_the_requester_and_strangers_do_not_decide(house):
    queue, *_ = house
    await queue.file(asked(), 0.0)
    for who in (person("alice", "sre"), person("carol", "dev")):
        assert isinstance(await queue.approve("a" * 32, who), Refusal)
    assert (await queue.row("a" * 32)).state is State.REQUESTED


async def test_a_deadline_denies(house):
    queue, clock, *_ = house
    await queue.file(asked(), 0.0)
    clock.now += 600
    assert (await queue.settled("a" * 32)).state == "expired"
    assert isinstance(await queue.approve("a" * 32, person("bob", "sre")), Refusal)


async def test_an_approved_request_expires_too(house):
    queue, clock, *_ = house
    await queue.file(asked(), 0.0)
    await queue.approve("a" * 32, person("bob", "sre"))
    clock.now += 600
    assert not (await queue.consume("a" * 32, "i|alice")).ok


@pytest.mark.parametrize("end", ["consume", "deny", "withdraw", "expire"])
async def test_exact_bytes_are_sealed_while_pending_and_erased_after(house, end):
    queue, clock, engine, _ = house
    await queue.file(asked(), 0.0)
    async with engine.begin() as link:
        row = (await link.execute(select(approval))).one()
        assert TEXT not in row.sealed
    if end == "consume":
        await queue.approve("a" * 32, person("bob", "sre"))
        await queue.consume("a" * 32, "i|alice")
    elif end == "deny":
        await queue.deny("a" * 32, person("bob", "sre"), "no")
    elif end == "withdraw":
        await queue.withdraw("a" * 32)
    else:
        clock.now += 601
        await queue.pending()
    async with engine.begin() as link:
        assert (await link.execute(select(approval))).one().sealed is None


async def test_of_many_attempts_at_once_exactly_one_wins(house):
    queue, *_ = house
    await queue.file(asked(), 0.0)
    await queue.approve("a" * 32, person("bob", "sre"))
    acts = [
        queue.deny("a" * 32, person("dana", "sre"), "no")
        if number % 2
        else queue.consume("a" * 32, "i|alice")
        for number in range(200)
    ]
    done = await asyncio.gather(*acts)
    consumed = sum(getattr(one, "ok", False) for one in done)
    denied = sum(getattr(one, "state", None) is State.DENIED for one in done)
    assert consumed + min(denied, 1) == 1


async def test_a_code_counts_once_and_only_for_its_approval(house):
    queue, _, _, codes = house
    await codes.enrol("i|alice", "123456")
    await queue.file(asked("a", peers=0, totp=True), 0.0)
    await queue.file(asked("b", peers=0, totp=True), 0.0)
    assert not (await queue.check_code("a" * 32, "i|alice", "000000")).accepted
    assert (await queue.check_code("a" * 32, "i|alice", "123456")).accepted
    assert not (await queue.check_code("b" * 32, "i|alice", "123456")).accepted
    assert (await queue.row("a" * 32)).state is State.APPROVED
    assert (await queue.row("b" * 32)).state is State.REQUESTED


async def test_five_wrong_codes_lock(house):
    queue, clock, _, codes = house
    await codes.enrol("i|alice", "123456")
    await queue.file(asked(peers=0, totp=True), 0.0)
    finals = [(await queue.check_code("a" * 32, "i|alice", "0")).final for _ in range(5)]
    assert finals == [False] * 4 + [True]
    locked = await queue.check_code("a" * 32, "i|alice", "123456")
    assert not locked.accepted
    assert "locked" in locked.message
    clock.now += 61
    assert (await queue.check_code("a" * 32, "i|alice", "123456")).accepted


async def test_the_store_keeps_what_was_asked_whole(house):
    queue, *_ = house
    await queue.file(asked(), 0.0)
    assert (await queue.row("a" * 32)).asked == asked()


async def test_nobody_fills_the_queue_alone(house):
    queue, *_ = house
    for number in range(MAX_PENDING_EACH):
        await queue.file(asked(f"{number:032x}"[-1:], id=f"{number:032x}"), 0.0)
    refused = await queue.file(asked(id="f" * 32), 0.0)
    assert refused.refusal.code == "too-many-approvals"


async def test_a_waiting_requester_is_woken(house):
    queue, *_ = house
    await queue.file(asked(), 0.0)
    waiting = asyncio.ensure_future(queue.settled("a" * 32))
    await asyncio.sleep(0.05)
    await queue.deny("a" * 32, person("bob", "sre"), "too risky")
    settled = await waiting
    assert (settled.state, settled.reason) == ("denied", "bob: too risky")
