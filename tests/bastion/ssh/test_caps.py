"""Counting, and what counts as one source."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.ssh.caps import Caps, network


def caps(**limits):
    whole = {"strangers": 5, "strangers_source": 3, "connections_principal": 2, "sessions": 4}
    return Caps(**{**whole, "sessions_principal": 2, **limits})


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_one_source_is_an_address_or_a_64(address, source):
    assert network(address) == source


@settings(max_examples=100)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"]))))
def test_strangers_never_exceed_either_limit_and_are_given_back(steps):
    counted, held = caps(), []
    for arriving, address in steps:
        if arriving and counted.arrive(address):
            held.append(address)
        elif not arriving and address in held:
            held.remove(address)
            counted.settle(address)
        assert counted.strangers == len(held) <= 5
        assert all(held.count(one) <= 3 for one in held)
    for address in held:
        counted.settle(address)
    assert counted.strangers == 0
    assert not counted._sources


def test_sessions_are_capped_in_words():
    counted = caps()
    assert [counted.open("a"), counted.open("a")] == ["", ""]
    assert counted.open("a") == "you hold 2 sessions, as many as you may"
    assert [counted.open("b"), counted.open("b")] == ["", ""]
    assert counted.open("c") == "the bastion holds 4 sessions, as many as it may"
    counted.close("a")
    assert counted.open("c") == ""


def test_connections_of_a_principal_are_capped():
    counted = caps()
    assert [counted.join("a"), counted.join("a"), counted.join("a"), counted.join("b")] == [
        True,
        True,
        False,
        True,
    ]
    counted.leave("a")
    assert counted.join("a")


def test_the_turned_away_are_counted():
    counted = caps(strangers=0)
    assert not counted.arrive("192.0.2.1")
    assert counted.turned_away == 1
