"""`bastion serve` trusts nothing of a demo, and says what a reload does not change."""

from dataclasses import replace
from pathlib import Path

import pytest

from bastion.app.config import Config, ConfigError, load
from bastion.app.detectors import MaskingSettings
from bastion.app.serve import DEMO_MARK, _unchangeable, check, refuse_demo
from bastion.demo.issuer import PATH

EXAMPLE = Path(__file__).parents[3] / "conf" / "bastion.toml"


@pytest.fixture
def config(tmp_path):
    return replace(load(EXAMPLE), state=str(tmp_path / "state"))


def test_an_ordinary_configuration_is_no_demo(config, tmp_path):
    assert refuse_demo(config, tmp_path) is None


@pytest.mark.parametrize("tail", ["", "/"])
def test_a_demo_issuer_is_refused(config, tmp_path, tail):
    issuer = replace(config.issuers[0], issuer_url=f"https://127.0.0.1:5{PATH}{tail}")
    with pytest.raises(ConfigError, match="demo issuer"):
        refuse_demo(replace(config, issuers=(issuer,)), tmp_path)


@pytest.mark.parametrize("what", ["state", "ca_file", "linked"])
def test_keys_of_a_demo_are_refused_wherever_they_are_named_from(config, tmp_path, what):
    demo = tmp_path / "demo"
    (demo / "state").mkdir(parents=True)
    (demo / DEMO_MARK).touch()
    named = {
        "state": replace(config, state=str(demo / "state")),
        "ca_file": replace(config, issuers=(replace(config.issuers[0], ca_file=str(demo / "ca.pem")),)),
        "linked": replace(config, state=str(tmp_path / "link")),
    }[what]
    (tmp_path / "link").symlink_to(demo / "state")
    with pytest.raises(ConfigError, match="belongs to a demo"):
        refuse_demo(named, tmp_path)


def test_what_a_reload_leaves_as_it_was_is_named(config):
    assert _unchangeable(config, config) == ""
    said = _unchangeable(config, replace(config, node="other", state="elsewhere"))
    assert "node" in said
    assert "state" in said


def test_what_can_be_reloaded_is_not_named(config):
    assert _unchangeable(config, replace(config, policy=replace(config.policy, file="x.yaml"))) == ""
    assert _unchangeable(config, replace(config, masking=MaskingSettings())) == ""
    assert config.masking != MaskingSettings()


async def test_a_check_listens_nowhere_and_names_the_policy(config, tmp_path, capsys):
    path = tmp_path / "bastion.toml"
    path.write_text(EXAMPLE.read_text())
    (tmp_path / "policies").mkdir()
    source = EXAMPLE.parent / "policies" / "operator.yaml"
    (tmp_path / "policies" / "operator.yaml").write_text(source.read_text())
    assert await check(path) == 0
    assert "good; policy " in capsys.readouterr().out
    (tmp_path / "policies" / "operator.yaml").write_text("rules: [")
    with pytest.raises(ConfigError):
        await check(path)
    assert isinstance(config, Config)
