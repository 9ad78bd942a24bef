"""Compiled patterns are shared by equal values, for a while, and tell nothing."""

import asyncio

from bastion.core.masking.detector import Detector
from bastion.core.masking.forms import MAX_VALUE
from bastion.core.masking.scan import find
from bastion.model.masks import KnownValue
from bastion.model.refusal import Refusal
from bastion.relay import compiled
from bastion.relay.compiled import Compiled

ONE = (KnownValue("a", b"Kx7vQ2mNp9RtLw4Z"),)
TWO = (KnownValue("a", b"Kx7vQ2mNp9RtLw4Y"),)


async def test_the_same_values_are_compiled_once_and_others_anew():
    kept = Compiled()
    first = await kept.patterns(ONE)
    assert await kept.patterns(list(ONE)) is first
    other = await kept.patterns(TWO)
    assert other is not first
    assert find(other, TWO[0].value)
    assert await kept.patterns((KnownValue("b", ONE[0].value),)) is not first


async def test_all_who_ask_meanwhile_wait_for_one_compilation_and_one_who_leaves_ends_it_for_nobody(
    monkeypatch,
):
    begun = []
    monkeypatch.setattr(
        compiled, "compile_patterns", lambda values, detectors: begun.append(values) or object()
    )
    kept = Compiled()
    asks = [asyncio.ensure_future(kept.patterns(ONE)) for _ in range(5)]
    await asyncio.sleep(0)
    asks[0].cancel()
    found = await asyncio.gather(*asks[1:])
    assert len(set(map(id, found))) == len(begun) == 1


async def test_values_that_cannot_all_be_masked_are_a_refusal_that_shows_none():
    answer = await Compiled().patterns((KnownValue("a", b"x7-Q" * (MAX_VALUE // 4 + 1)),))
    assert isinstance(answer, Refusal)
    assert answer.code == "secrets-unknown"
    assert "x7-Q" not in repr(answer)


async def test_values_are_let_go_after_a_while(monkeypatch):
    monkeypatch.setattr(compiled, "KEPT_SECONDS", 0.05)
    kept = Compiled()
    first = await kept.patterns(ONE)
    await asyncio.sleep(0.2)
    assert repr(kept) == "Compiled(0 kept)"
    assert await kept.patterns(ONE) is not first


async def test_no_more_than_so_many_are_kept(monkeypatch):
    monkeypatch.setattr(compiled, "MOST", 2)
    kept = Compiled()
    for number in range(4):
        await kept.patterns((KnownValue("a", b"Kx7vQ2mNp9RtLw4%d" % number),))
    assert repr(kept) == "Compiled(2 kept)"


async def test_what_is_kept_shows_no_value():
    kept = Compiled()
    await kept.patterns(ONE)
    assert "Kx7vQ2" not in repr(kept) + repr(vars(kept))


async def test_other_detectors_are_used_for_sessions_opened_from_then_on():
    own = Detector(
        id="own", title="", anchors=(b"own_",), patterns=(rb"(\w+)",), positive=(b"own_a",), negative=(b"x",)
    )
    kept = Compiled()
    before = await kept.patterns(ONE)
    kept.use((own,))
    after = await kept.patterns(ONE)
    text = b"own_secret password=hunter2-x"
    assert [span.source for span in find(before, text)] == ["assignment"]
    assert [span.source for span in find(after, text)] == ["own"]
