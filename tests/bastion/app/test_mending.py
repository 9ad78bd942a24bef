"""After a crash every session gets an end; one altered file does not keep the house closed."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "relay"))

from stage import DiskError, Writer

from bastion.app.config import ConfigError
from bastion.app.mending import mend
from bastion.relay.journal import Journal
from bastion.store.index import Index, open_engine
from recorder.cast import CUT_LABEL, Recording

START = 1_700_000_000


@pytest.fixture
async def room(tmp_path):
    engine = await open_engine(tmp_path / "store.db")
    writer = Writer()
    journal = Journal(writer, faults=(DiskError,))
    committing = asyncio.ensure_future(journal.run())

    async def run():
        return await mend(journal, Index(engine), tmp_path / "recordings", lambda: START + 60)

    yield Index(engine), writer, tmp_path / "recordings", run
    committing.cancel()
    await asyncio.wait([committing])
    await engine.dispose()


def cast(folder, session):
    path = folder / f"{datetime.fromtimestamp(START, UTC):%Y/%m/%d}" / f"{session}.cast"
    path.parent.mkdir(parents=True, exist_ok=True)
    recording = Recording.create(path, term=(80, 24, "xterm"), wall=START, at=0.0)
    recording.output(0.1, b"hello")
    recording.close()
    return path


async def test_a_session_that_was_cut_off_gets_an_end_and_its_torn_recording_is_cut(room):
    index, writer, folder, run = room
    await index.began("a" * 32, "i|alice", "shop/web-0", START)
    path = cast(folder, "a" * 32)
    whole = path.read_bytes()
    path.write_bytes(whole + b'[0.1, "o", "torn')
    assert await run() == 1
    leaf = writer.leaves[0]
    assert (leaf["type"], leaf["session"], leaf["actor"], leaf["cut_bytes"]) == (
        "session.lost",
        "a" * 32,
        "i|alice",
        16,
    )
    assert path.read_bytes().startswith(whole)
    assert CUT_LABEL in path.read_text()
    assert leaf["bytes"] == path.stat().st_size
    assert await run() == 0


async def test_a_session_that_ended_is_left_alone(room):
    index, writer, _, run = room
    await index.began("a" * 32, "i|alice", "t", START)
    await index.ended("a" * 32, START + 1)
    assert (await run(), writer.leaves) == (0, [])


@pytest.mark.parametrize("broken", ["not a cast\n", '{"version": 2}\n', "folder", "link"])
async def test_one_altered_file_is_named_and_the_others_are_mended(room, broken, tmp_path):
    index, writer, folder, run = room
    for session in ("a" * 32, "b" * 32):
        await index.began(session, "i|alice", "t", START)
        cast(folder, session)
    path = next(folder.rglob("a*.cast"))
    path.unlink()
    if broken == "folder":
        path.mkdir()
    elif broken == "link":
        (tmp_path / "elsewhere").write_bytes(next(folder.rglob("b*.cast")).read_bytes())
        path.symlink_to(tmp_path / "elsewhere")
    else:
        path.write_text(broken)
    assert await run() == 2
    leaves = {leaf["session"][0]: leaf for leaf in writer.leaves}
    assert leaves["a"]["problem"]
    assert "bytes" not in leaves["a"]
    assert leaves["b"]["bytes"]
    assert CUT_LABEL not in (tmp_path / "elsewhere").read_text() if broken == "link" else True


async def test_what_cannot_be_noted_keeps_the_house_closed(room):
    index, writer, _, run = room
    await index.began("a" * 32, "i|alice", "t", START)
    writer.fails_at = 0
    with pytest.raises(ConfigError):
        await run()
    assert len(await index.unended(9)) == 1
