"""The configuration: every key is in the example, every mistake is named."""

import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from bastion.app.config import Config, ConfigError, build, load

EXAMPLE = Path(__file__).parents[3] / "conf" / "bastion.toml"


def missing(cls, table, where=""):
    hints, found = get_type_hints(cls), []
    for each in fields(cls):
        hint = hints[each.name]
        item = get_args(hint)[0] if get_args(hint) else hint
        if each.name not in table:
            found.append(where + each.name)
        elif is_dataclass(item):
            inner = table[each.name]
            found += missing(item, inner[0] if isinstance(inner, list) else inner, f"{where}{each.name}.")
    return found


def test_the_example_holds_every_key():
    assert missing(Config, tomllib.loads(EXAMPLE.read_text())) == []


def test_the_example_loads_and_shows_the_defaults():
    shown = load(EXAMPLE)
    least = build(
        Config,
        {
            "state": "x",
            "issuers": [
                {
                    "name": "a",
                    "issuer_url": "https://a.example",
                    "audiences": ["b"],
                    "clients": {"c": "human"},
                }
            ],
            "clusters": [{"name": "prod"}],
        },
        "least",
    )
    for name in ("ssh", "certificates", "log", "public_name", "node", "shutdown_seconds"):
        assert getattr(shown, name) == getattr(least, name), name
    assert shown.clusters == least.clusters
    ours = {each.name: getattr(least.issuers[0], each.name) for each in fields(least.issuers[0])}
    for name in (
        "algorithms",
        "jwks_uri",
        "name_claim",
        "groups_claim",
        "owner_claim",
        "leeway",
        "max_lifetime",
    ):
        assert getattr(shown.issuers[0], name) == ours[name], name


GOOD = EXAMPLE.read_text()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("port = 2222", "prot = 2222", "unknown key 'prot'; did you mean 'port'?"),
        ("[ssh]", "[shs]", "unknown key 'shs'; did you mean 'ssh'?"),
        ("port = 2222", 'port = "x"', "ssh: port: Expected `int`"),
        ('state = "/var/lib/bastion"', "", "the key 'state' is missing"),
        ('level = "info"', 'level = "loud"', "log.level"),
        ('issuer_url = "https://login.example.com"', 'issuer_url = "http://login.example.com"', "issuer_url"),
        ('algorithms = ["EdDSA", "Ed25519", "ES256", "RS256"]', 'algorithms = ["none"]', "algorithms"),
        ('"human"', '"person"', "clients"),
        ('name = "prod"', "name = 3", "clusters[0]: name"),
        ("enabled = false", "enable = false", "unknown key 'enable'; did you mean 'enabled'?"),
        ("lifetime_seconds = 28800", "lifetime_seconds = 5", "lifetime_seconds"),
    ],
)
def test_a_mistake_is_named(tmp_path, old, new, says):
    assert old in GOOD
    path = tmp_path / "bastion.toml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as error:
        load(path)
    assert says in str(error.value)


def test_a_file_that_is_not_there_or_not_toml_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("= 3")
    with pytest.raises(ConfigError, match=r"bad\.toml"):
        load(tmp_path / "bad.toml")
