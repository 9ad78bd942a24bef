"""Every byte of a ledger's folder counts: also those of the reserve and of the restart hint."""

import pytest

from recorder.findings import Outcome
from recorder.layout import Layout
from recorder.spares import RESERVE
from recorder.verify import verify


@pytest.fixture
def layout(lab):
    lab.write(3)
    assert verify(lab.folder).outcome is Outcome.INTACT
    return Layout(lab.folder)


@pytest.mark.parametrize("place", [0, 1, RESERVE // 2, RESERVE - 1])
def test_a_byte_flipped_in_the_reserve_is_altered(layout, place):
    held = bytearray(layout.reserve.read_bytes())
    held[place] ^= 1
    layout.reserve.write_bytes(held)
    assert verify(layout.folder).outcome is Outcome.ALTERED


def test_a_reserve_that_was_cut_is_incomplete(layout):
    layout.reserve.write_bytes(bytes(RESERVE // 2))
    assert verify(layout.folder).outcome is Outcome.INCOMPLETE


def test_a_reserve_that_was_given_up_is_no_finding(layout):
    layout.reserve.unlink()
    assert verify(layout.folder).outcome is Outcome.INTACT


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"size":1}', b"\0"])
def test_a_restart_hint_that_is_none_is_altered(layout, content):
    layout.frontier.write_bytes(content)
    assert verify(layout.folder).outcome is Outcome.ALTERED
