"""What is offered, and what must never be."""

import pytest

from bastion.ssh import algorithms

OFFERED = [
    *algorithms.KEY_EXCHANGE,
    *algorithms.HOST_KEYS,
    *algorithms.CIPHERS,
    *algorithms.MACS,
    *algorithms.SIGNATURES,
]


@pytest.mark.parametrize(
    "bad", ["sha1", "group", "cbc", "3des", "arcfour", "md5", "chacha20", "dss", "gss", "umac"]
)
def test_nothing_weak_or_costly_is_offered(bad):
    assert not [name for name in OFFERED if bad in name]


def test_only_the_rsa_signatures_of_rfc_8332_are_taken():
    assert [name for name in OFFERED if "rsa" in name] == ["rsa-sha2-512", "rsa-sha2-256"]


def test_every_mac_authenticates_what_was_encrypted():
    assert all(name.endswith("-etm@openssh.com") for name in algorithms.MACS)


def test_the_version_tells_no_number():
    assert not any(char.isdigit() for char in algorithms.VERSION)
