"""The settings' defaults, each documented."""

from dataclasses import fields

from bastion.ssh.settings import SshSettings


def test_every_setting_stands_in_the_docstring_and_is_positive():
    for field in fields(SshSettings):
        assert field.name in SshSettings.__doc__
        if field.type in {"int", "float"}:
            assert field.default > 0


def test_the_window_holds_a_whole_token():
    assert SshSettings().window_bytes > SshSettings().exchange_bytes
