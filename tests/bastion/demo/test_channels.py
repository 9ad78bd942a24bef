"""What a client's messages mean, without a connection."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.demo import channels
from bastion.demo.channels import Inbound, Jammed, Resized, Shut, Stdin, StdinClosed, Subprotocol

V5, V4 = Subprotocol(channels.V5), Subprotocol(channels.V4)


def size(cols: object, rows: object) -> bytes:
    return b"\x04" + json.dumps({"Width": cols, "Height": rows}).encode()


@pytest.mark.parametrize(
    ("offered", "accepted", "chosen"),
    [
        ((channels.V4, channels.V5), (channels.V5, channels.V4), channels.V5),
        ((channels.V5,), (channels.V4,), None),
        ((channels.V5, channels.V4), (channels.V4,), channels.V4),
        (("x", channels.V4), (channels.V5, channels.V4), channels.V4),
        (("base64.channel.k8s.io",), (channels.V4,), "base64.channel.k8s.io"),
        (("v6.channel.k8s.io",), (channels.V5, channels.V4), None),
        ((), (channels.V5,), ""),
    ],
)
def test_negotiation_prefers_v5_and_skips_unknown_names(offered, accepted, chosen):
    found = channels.negotiate(offered, accepted)
    assert (found.name if found else None) == chosen


@pytest.mark.parametrize(
    ("protocol", "tty", "stdin", "messages", "acts"),
    [
        (V5, False, True, [b"\x00hi", b"\x00"], [Stdin(b"hi")]),
        (V5, False, False, [b"\x00hi"], []),
        (V5, False, True, [b"\xff\x00", b"\x00late", b"\xff\x00"], [StdinClosed()]),
        (V5, True, True, [b"\xff\x00", b"\x00late"], []),
        (V4, False, True, [b"\xff\x00", b"\x00x"], [Stdin(b"x")]),
        (V5, False, True, [b"\xff\x01", b"\xff\x04"], []),
        (V5, False, True, [b"\xff"], [Shut()]),
        (V5, False, True, [b"\xff\x09"], [Shut()]),
        (V5, True, True, [size(132, 43), size(1, 65535)], [Resized(132, 43), Resized(1, 65535)]),
        (V5, True, True, [size(0, 0), size(0, 24), b"\x04{}"], []),
        (V5, True, True, [size(70000, 1), b"\x00a"], [Stdin(b"a")]),
        (V5, True, True, [size(70000, 1), size(80, 24), b"\x00a"], [Jammed()]),
        (V4, True, True, [b"\x04rubbish", size(80, 24), b"\x00a"], [Jammed()]),
        (V4, True, True, [size(-1, 24), size(80, 24)], [Jammed()]),
        (V4, True, True, [size(80.5, 24), size(80, 24)], [Jammed()]),
        (V4, True, True, [b"\x04[1]", size(80, 24)], [Jammed()]),
        (V5, False, True, [size(80, 24), size(80, 24), b"\x00a"], [Jammed()]),
        (V4, False, True, [size(80, 24), size(80, 24), b"\x00a"], [Stdin(b"a")]),
        (V5, True, True, [b"", b"\x07x", b"\x01x", b"\x03x"], []),
        (Subprotocol("base64.channel.k8s.io"), False, True, [b"0aGk="], [Stdin(b"hi")]),
        (Subprotocol("base64.channel.k8s.io"), False, True, [b"0%%"], [Shut()]),
    ],
)
def test_each_message_has_its_meaning(protocol, tty, stdin, messages, acts):
    inbound = Inbound(protocol, tty, stdin)
    assert [act for message in messages for act in inbound.receive(message)] == acts


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 65535), st.integers(1, 65535)), min_size=1, max_size=5),
    st.lists(st.integers(1, 9), min_size=1, max_size=30),
)
def test_sizes_are_read_however_they_are_cut(sizes, cuts):
    stream = b"".join(size(cols, rows)[1:] for cols, rows in sizes)
    inbound = Inbound(V5, tty=True, stdin=True)
    acts, at = [], 0
    while at < len(stream):
        step = cuts[at % len(cuts)]
        acts += inbound.receive(b"\x04" + stream[at : at + step])
        at += step
    assert acts == [Resized(cols, rows) for cols, rows in sizes]


def test_an_endless_size_breaks_the_reader_instead_of_growing():
    inbound = Inbound(V5, tty=True, stdin=True)
    assert inbound.receive(b"\x04{" + b" " * 5000) == []
    assert inbound.receive(size(80, 24)) == [Jammed()]
