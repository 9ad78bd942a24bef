"""The configuration file: TOML into frozen dataclasses; an unknown key is an error that names it."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from bastion.app.detectors import MaskingSettings, mistakes
from bastion.idp.issuer import Issuer
from bastion.kube.settings import KubeSettings
from bastion.ssh.settings import SshSettings

T = TypeVar("T")


class ConfigError(Exception):
    """What is wrong with the configuration, in one line that names the key."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """`lifetime_seconds`: the longest life of an SSH certificate, which never outlives its token.

    `retired_authorities`: public CA keys (OpenSSH lines) that are still honoured after a rotation.
    """

    lifetime_seconds: int = 8 * 3600
    retired_authorities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """`file`: the policy; a relative path starts at the configuration's folder."""

    file: str = "policy.yaml"


@dataclass(frozen=True, slots=True)
class LogSettings:
    """`level`: debug, info, warning or error; `format`: json or text. Logs hold no secrets."""

    level: str = "info"
    format: str = "json"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that `bastion serve` reads.

    `state` is the folder of keys, ledger, recordings and store (0700). `public_name` (`host` or
    `host:port`) is how people reach this bastion, for the lines that they are told to run. `node`
    names this node in the ledger. `shutdown_seconds` is what sessions get to end at SIGTERM.
    """

    state: str
    issuers: tuple[Issuer, ...]
    clusters: tuple[KubeSettings, ...]
    public_name: str = "bastion"
    node: str = "node-1"
    shutdown_seconds: float = 10.0
    ssh: SshSettings = field(default_factory=SshSettings)
    certificates: Certificates = field(default_factory=Certificates)
    policy: PolicySettings = field(default_factory=PolicySettings)
    log: LogSettings = field(default_factory=LogSettings)
    masking: MaskingSettings = field(default_factory=MaskingSettings)


def load(path: Path) -> Config:
    """Read and check a configuration file; raises ConfigError."""
    try:
        text = path.read_text("utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    config = build(Config, data, str(path))
    _check(config, path)
    if wrong := mistakes(config.masking, text):
        raise ConfigError("\n".join(f"{path}: {what}" for what in wrong))
    return config


def build(cls: type[T], data: Mapping[str, Any], where: str) -> T:
    """A dataclass out of a table; raises ConfigError for unknown, missing and unfit keys."""
    known = {each.name: each for each in fields(cls)}  # type: ignore[arg-type]  # callers pass dataclasses
    hints = get_type_hints(cls)
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            raise ConfigError(
                f"{where}: unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
            )
    for name, each in known.items():
        if name not in data and _is_required(each):
            raise ConfigError(f"{where}: the key {name!r} is missing")
    values = {key: _value(hints[key], value, f"{where}: {key}") for key, value in data.items()}
    try:
        return cls(**values)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error


def _is_required(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _value(hint: Any, value: Any, where: str) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise ConfigError(f"{where}: must be a table")
        return build(hint, value, where)
    items = get_args(hint)
    if get_origin(hint) is tuple and items and is_dataclass(items[0]) and isinstance(items[0], type):
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise ConfigError(f"{where}: must be a list of tables")
        return tuple(build(items[0], each, f"{where}[{index}]") for index, each in enumerate(value))
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {error}") from error


def _check(config: Config, path: Path) -> None:
    names = [cluster.name for cluster in config.clusters]
    problems = {
        "issuers: at least one is needed": not config.issuers,
        "clusters: at least one is needed": not config.clusters,
        "clusters: a name is used twice": len(set(names)) != len(names),
        "clusters: allow_insecure is for tests of the kube room only": any(
            c.allow_insecure for c in config.clusters
        ),
        "clusters: secrets_poll: 1 to 60": not all(1 <= c.secrets_poll <= 60 for c in config.clusters),
        "clusters: secrets_grace: 10 to 3600": not all(
            10 <= c.secrets_grace <= 3600 for c in config.clusters
        ),
        "log.level: use debug, info, warning or error": config.log.level
        not in ("debug", "info", "warning", "error"),
        "log.format: use json or text": config.log.format not in ("json", "text"),
        "certificates.lifetime_seconds: 60 to 86400": not 60 <= config.certificates.lifetime_seconds <= 86400,
        "shutdown_seconds: 0 to 300": not 0 <= config.shutdown_seconds <= 300,
    }
    for text, wrong in problems.items():
        if wrong:
            raise ConfigError(f"{path}: {text}")
