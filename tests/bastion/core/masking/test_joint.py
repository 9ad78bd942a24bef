"""Both streams as one text: what a client's terminal joins is searched as it is joined."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.core.masking.forms import window_of
from bastion.core.masking.joint import ALONE, Joint
from bastion.core.masking.outlet import Outlet
from bastion.core.masking.patterns import compile_patterns
from bastion.model.masks import KnownValue

SECRET = b"Tr0ub4dor-Zx9_qLm"
PATTERNS = compile_patterns([KnownValue("s", SECRET), KnownValue("t", b"vK8pQz3LmN7xRt5WyB2cD9fGhJ4sA6eU")])
WINDOW = window_of(len(SECRET))
_piece = st.tuples(
    st.sampled_from(["out", "err"]),
    st.one_of(
        st.builds(lambda a, n: SECRET[a : a + n], st.integers(0, 16), st.integers(1, 17)),
        st.sampled_from([b" ", b"\n", b"x", b"plain words\n", b"\x1b[31m"]),
    ),
)


def run(pieces):
    """(what left in order, what left of each stream)."""
    outlet = Outlet(PATTERNS, None)
    left = [part for stream, data in pieces for part in outlet.feed(stream, data, 0.0)] + outlet.close(1.0)
    streams = {name: b"".join(m.data for stream, m in left if stream == name) for name in ("out", "err")}
    return b"".join(masked.data for _, masked in left), streams


@given(st.lists(_piece, max_size=12))
@settings(max_examples=250, deadline=None)
def test_no_window_of_a_value_stands_in_what_both_streams_make_together(pieces):
    together, streams = run(pieces)
    shown = together.replace(b"\n", b"").replace(b" ", b"").replace(b"\x1b[31m", b"")
    for start in range(len(SECRET) - WINDOW + 1):
        assert SECRET[start : start + WINDOW] not in shown
    for name in ("out", "err"):
        given_bytes = b"".join(data for stream, data in pieces if stream == name)
        assert len(streams[name]) == len(given_bytes)
        assert all(a in (b, ord("*")) for a, b in zip(streams[name], given_bytes, strict=True))


def test_a_value_whose_halves_stand_on_both_streams_is_masked():
    together, _ = run([("out", SECRET[:8]), ("err", SECRET[8:] + b"\n")])
    assert SECRET[3:] not in together
    assert together.count(b"*") >= len(SECRET) - 3 - 3
    two_units, _ = run([("out", b"start\n" + SECRET[:8]), ("err", SECRET[8:]), ("out", b"\nend\n")])
    assert SECRET[8:] not in two_units


def test_while_one_stream_speaks_there_is_no_third_masker_and_it_ends_when_one_goes_on_alone():
    joint = Joint(PATTERNS)
    assert joint.feed("out", b"a" * 9000, 0.0)[0][1].data == b"a" * 9000
    assert joint.masker is None
    joint.feed("err", b"warning\n", 0.0)
    assert joint.masker is not None
    joint.feed("out", b"b" * (ALONE + 1), 0.0)
    assert joint.masker is None


def test_what_both_streams_together_mask_is_told_of_each_at_its_place():
    outlet = Outlet(PATTERNS, None)
    left = outlet.feed("out", b"1234567890" + SECRET[:8], 0.0)
    left += outlet.feed("err", SECRET[8:12] + b" done\n", 0.0) + outlet.close(1.0)
    events = [(stream, e.offset, e.source) for stream, masked in left for e in masked.events]
    assert sorted(events) == [("err", 0, "s"), ("out", 13, "s")]
