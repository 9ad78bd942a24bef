"""A recording is found by the start of its session's id, and by nothing that is not one."""

import pytest

from bastion.app import replays
from bastion.app.config import ConfigError


@pytest.fixture
def state(tmp_path):
    folder = tmp_path / "recordings" / "2026" / "01" / "02"
    folder.mkdir(parents=True)
    for name in ("ab" * 16, "ac" * 16):
        (folder / f"{name}.cast").write_text("")
    return tmp_path


def test_the_start_of_an_id_is_enough_when_it_is_the_only_one(state):
    assert replays.find("ab", state).stem == "ab" * 16
    assert replays.find("ab" * 16, state / "recordings").stem == "ab" * 16


def test_several_or_none_are_named(state):
    with pytest.raises(ConfigError, match="names 2 recordings"):
        replays.find("a", state)
    with pytest.raises(ConfigError, match="no recording"):
        replays.find("ff", state)


@pytest.mark.parametrize("name", ["../../etc/passwd", "*", "AB", "", "a" * 33, "ab;rm"])
def test_what_is_no_id_is_not_looked_for(state, name):
    with pytest.raises(ConfigError, match="no session id"):
        replays.find(name, state)


def test_a_path_is_taken_as_it_is(state):
    assert str(replays.find("some/where.cast", state)) == "some/where.cast"


def test_the_player_is_a_process_of_its_own_and_its_status_is_ours(tmp_path):
    assert replays.play(tmp_path / "missing.cast", 1.0, 2.0) != 0
