"""A code counts once, wrong ones lock, and the seed is never in clear on the disk."""

import asyncio

import pytest
from sqlalchemy import select, update

from bastion.store.codes import Codes
from bastion.store.index import open_engine
from bastion.store.seal import Seal, SealError
from bastion.store.tables import totp

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class Clock:
    now = 3000

    def __call__(self):
        return self.now


@pytest.fixture
async def room(tmp_path):
    engine, clock = await open_engine(tmp_path / "store.db"), Clock()
    codes = Codes(
        engine, Seal(b"k" * 32), clock,
        lambda seed, code, now, last: now // 30 if (seed, code) == (SEED, "123456") and now // 30 > last else None,
        lambda failures, at: at + 60 if failures >= 3 else 0,
    )  # fmt: skip
    await codes.enrol("i|alice", SEED)
    yield codes, clock, engine, tmp_path
    await engine.dispose()


async def test_a_right_code_counts_once(room):
    codes, clock, *_ = room
    assert (await codes.check("i|alice", "123456")).accepted
    assert not (await codes.check("i|alice", "123456")).accepted
    clock.now += 30
    assert (await codes.check("i|alice", "123456")).accepted


async def test_of_many_that_give_the_same_code_at_once_one_is_right(room):
    codes, *_ = room
    answers = await asyncio.gather(*[codes.check("i|alice", "123456") for _ in range(8)])
    assert sum(answer.accepted for answer in answers) == 1


async def test_wrong_codes_lock_even_against_the_right_one_and_the_lock_ends(room):
    codes, clock, *_ = room
    finals = [(await codes.check("i|alice", "000000")).final for _ in range(3)]
    assert finals == [False, False, True]
    locked = await codes.check("i|alice", "123456")
    assert (locked.accepted, locked.final) == (False, True)
    clock.now += 61
    assert (await codes.check("i|alice", "123456")).accepted


async def test_nobody_passes_with_another_persons_factor_or_none(room):
    codes, *_ = room
    answer = await codes.check("i|bob", "123456")
    assert (answer.accepted, answer.final) == (False, True)


async def test_enrolling_again_replaces_the_seed_and_its_history(room):
    codes, _, engine, _ = room
    await codes.check("i|alice", "123456")
    await codes.enrol("i|alice", SEED)
    async with engine.begin() as link:
        assert (await link.scalar(select(totp.c.last_step))) == 0
    assert (await codes.check("i|alice", "123456")).accepted


async def test_the_seed_is_not_on_the_disk_in_clear_and_is_bound_to_its_row(room):
    codes, _, engine, folder = room
    assert not any(SEED.encode() in path.read_bytes() for path in folder.iterdir())
    await codes.enrol("i|bob", SEED)
    async with engine.begin() as link:
        alices = await link.scalar(select(totp.c.sealed).where(totp.c.identity == "i|alice"))
        await link.execute(update(totp).where(totp.c.identity == "i|bob").values(sealed=alices))
    with pytest.raises(SealError):
        await codes.check("i|bob", "123456")
