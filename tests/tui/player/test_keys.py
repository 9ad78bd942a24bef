"""The table of keys: complete, without conflict, and the hints are taken from it."""

from __future__ import annotations

from tui.player.app import Player
from tui.player.keys import HINTS, KEYS


def test_every_key_has_an_action_and_no_key_is_bound_twice():
    keys = [name for key in KEYS for name in key.keys.split(",")]
    assert len(keys) == len(set(keys))
    for key in KEYS:
        assert hasattr(Player, "action_" + key.action.partition("(")[0]), key


def test_every_hint_is_about_a_key_of_the_table():
    shown = " ".join(key.shown for key in KEYS).replace(" ", "")
    assert all(keys.replace(" ", "") in shown for keys, _ in HINTS)
