"""The index says what the ledger says, whatever happened to it before."""

import pytest
from sqlalchemy import text

from bastion.store.index import Index, StoreError, open_engine

LEAVES = [
    {"type": "bastion.started", "seq": 0, "t": 1},
    {
        "type": "session.started",
        "seq": 1,
        "t": 5_000_000,
        "session": "a" * 32,
        "actor": "i|alice",
        "target": "shop/web-0",
    },
    {"type": "verdict", "seq": 2, "t": 5_500_000, "session": "a" * 32},
    {
        "type": "session.started",
        "seq": 3,
        "t": 6_000_000,
        "session": "b" * 32,
        "actor": "i|bob",
        "target": "shop/web-1",
    },
    {"type": "recording.sealed", "seq": 4, "t": 7_000_000, "session": "a" * 32, "recording": "x.cast"},
    {"type": "session.ended", "seq": 5, "t": 7_000_000, "session": "a" * 32, "status": 3},
    {
        "type": "session.started",
        "seq": 6,
        "t": 8_000_000,
        "session": "c" * 32,
        "actor": "i|bob",
        "target": "shop/web-1",
    },
    {"type": "session.severed", "seq": 7, "t": 9_000_000, "session": "c" * 32},
]


@pytest.fixture
async def room(tmp_path):
    engine = await open_engine(tmp_path / "store.db")
    yield Index(engine), engine, tmp_path
    await engine.dispose()


async def test_the_store_is_for_its_owner_alone(room):
    _, _, folder = room
    assert (folder / "store.db").stat().st_mode & 0o077 == 0


async def test_a_session_is_open_until_it_ended(room):
    index, *_ = room
    await index.began("a" * 32, "i|alice", "shop/web-0", 5)
    assert [found.id for found in await index.unended(10)] == ["a" * 32]
    await index.ended("a" * 32, 9)
    assert await index.unended(10) == []
    assert (await index.find())[0].ended == 9


async def test_what_is_rebuilt_is_what_the_ledger_says_and_nothing_else(room):
    index, *_ = room
    await index.began("d" * 32, "i|eve", "x", 1)
    assert await index.rebuild(LEAVES) == 3
    rows = {
        found.id[0]: (found.identity, found.target, found.started, found.ended)
        for found in await index.find()
    }
    assert rows == {
        "a": ("i|alice", "shop/web-0", 5, 7), "b": ("i|bob", "shop/web-1", 6, None), "c": ("i|bob", "shop/web-1", 8, 9),
    }  # fmt: skip
    assert await index.rebuild(LEAVES) == 3


async def test_the_newest_come_first_and_a_prefix_is_no_pattern(room):
    index, *_ = room
    await index.rebuild(LEAVES)
    assert [found.id[0] for found in await index.find()] == ["c", "b", "a"]
    assert [found.id[0] for found in await index.find("b")] == ["b"]
    assert await index.find("%") == []
    assert await index.find("_" * 32) == []
    assert len(await index.find(limit=2)) == 2


async def test_a_revoked_serial_stays_revoked_and_may_be_said_twice(room):
    index, *_ = room
    await index.revoke(2**63 - 1, 5)
    await index.revoke(2**63 - 1, 6)
    assert await index.revoked() == {str(2**63 - 1)}


async def test_a_store_that_cannot_be_written_says_so_without_values(room):
    index, engine, _ = room
    async with engine.begin() as link:
        await link.execute(text("DROP TABLE session"))
    with pytest.raises(StoreError) as caught:
        await index.began("a" * 32, "i|secret-name", "t", 1)
    assert "secret-name" not in str(caught.value)
    with pytest.raises(StoreError):
        await index.ended("a" * 32, 1)
