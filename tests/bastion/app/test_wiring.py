"""The wiring: a state that is fit to hold keys, and policies that are whole."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from rooms import place
from stage import POLICY, Cluster

from bastion.app import wiring
from bastion.app.config import ConfigError, PolicySettings, load
from bastion.app.detectors import DetectorSettings, MaskingSettings
from bastion.app.wiring import Running, reload
from bastion.core.masking.scan import find

CONFIG = load(Path(__file__).parents[3] / "conf" / "bastion.toml")


def test_a_state_that_others_may_read_is_refused(tmp_path):
    wiring._private(tmp_path / "new" / "state")
    assert (tmp_path / "new" / "state").stat().st_mode & 0o777 == 0o700
    (tmp_path / "new" / "state").chmod(0o750)
    with pytest.raises(ConfigError, match="chmod 700"):
        wiring._private(tmp_path / "new" / "state")
    (tmp_path / "file").touch(mode=0o600)
    with pytest.raises(ConfigError):
        wiring._private(tmp_path / "file" / "state")


def test_a_years_ledger_stands_in_its_own_folder(tmp_path):
    folder = wiring.ledger_folder(tmp_path)
    assert folder.parent == tmp_path / "ledger"
    assert len(folder.name) == 4
    assert folder.name.isdigit()


async def test_a_reload_takes_a_good_policy_and_keeps_the_old_one_for_a_bad_one(tmp_path):
    async with place(tmp_path, Cluster()) as made:
        running = Running(made.house, None, "", made.rooms, (), made.rooms.codes)
        config, before = replace(CONFIG, policy=PolicySettings("p.yaml")), made.rooms.policy.sha256
        (tmp_path / "p.yaml").write_text("rules: [")
        assert "p.yaml" in await reload(config, tmp_path, running)
        assert made.rooms.policy.sha256 == before
        (tmp_path / "p.yaml").write_text(POLICY.replace("sleep]", "sleep, df]"))
        assert await reload(config, tmp_path, running) == ""
        assert made.rooms.policy.sha256 != before
        assert made.writer.types() == ["policy.refused", "policy.loaded"]


async def test_a_reload_brings_the_detectors_of_new_sessions(tmp_path):
    row = DetectorSettings("acme", "Acme", ("acme_",), (r"(\w{9,})",), ("acme_012345678",), ("acme_x",))
    async with place(tmp_path, Cluster()) as made:
        running = Running(made.house, None, "", made.rooms, (), made.rooms.codes)
        (tmp_path / "p.yaml").write_text(POLICY)
        config = replace(CONFIG, policy=PolicySettings("p.yaml"), masking=MaskingSettings((row,)))
        assert await reload(config, tmp_path, running) == ""
        found = find(await made.house._compiled.patterns(()), b"x acme_012345678")
        assert [span.source for span in found] == ["acme"]
