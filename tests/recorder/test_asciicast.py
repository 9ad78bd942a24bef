"""The format: exact bytes from any chunking, no drift, readable by others, harmless to look at."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.asciicast import (
    PIECE,
    CastError,
    Encoder,
    Event,
    Gap,
    Header,
    decode_event,
    decode_header,
    delivered,
    encode_header,
)

CHARACTERS = (
    "a",
    "\n",
    "\r\n",
    "\r",
    "é",
    "世",
    "👩‍💻",
    "\x1b[31m",
    "\x7f",
    "\x85",
    "\u202e",
    "\ufeff",
    "\ufffd",
)
BROKEN = (b"\xff", b"\xe4\xb8", b"\xf0\x9f", b"\x80", b"\xed\xa0\x80", b"\xc3")
PIECES = st.sampled_from([c.encode() for c in CHARACTERS] + list(BROKEN))
CLEAN = st.lists(st.sampled_from([c.encode() for c in CHARACTERS])).map(b"".join)
ANY = st.lists(PIECES, max_size=40).map(b"".join)
STREAM = st.sampled_from(["out", "err"])


def events_of(lines: bytes) -> list[Event]:
    found, at = [], 0.0
    for line in lines.splitlines(keepends=True):
        event = decode_event(line, at)
        assert isinstance(event, Event), line
        at = event.at
        found.append(event)
    return found


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    chunks = []
    for size in sizes:
        chunks.append(data[:size])
        data = data[size:]
    return [*chunks, data]


def streams(header: Header, events: list[Event | Gap]) -> dict[str, bytes]:
    found = {"out": b"", "err": b""}
    for stream, data in delivered(header, events):
        found[stream] += data
    return found


@settings(max_examples=150, deadline=None)
@given(st.booleans(), st.lists(st.tuples(STREAM, ANY), max_size=12), st.booleans())
def test_every_delivered_byte_comes_back_from_the_lines(pty, writes, flushed):
    header = Header(80, 24, pty=pty)
    encoder = Encoder(header, 0.0)
    lines, expected = b"", {"out": b"", "err": b""}
    for stream, data in writes:
        lines += encoder.output(0.5, data, stream)
        expected[stream] += data
        assert streams(header, events_of(lines)) == expected
    if flushed:
        lines += encoder.flush(1.0)
        assert streams(header, events_of(lines)) == expected


@settings(max_examples=150, deadline=None)
@given(ANY, st.lists(st.integers(0, 5), max_size=20))
def test_what_players_draw_does_not_depend_on_the_chunks(data, sizes):
    def drawn(chunks: list[bytes]) -> str:
        encoder = Encoder(Header(80, 24), 0.0)
        lines = b"".join(encoder.output(0.0, chunk) for chunk in chunks) + encoder.flush(0.0)
        return "".join(event.data for event in events_of(lines) if event.code == "o")

    assert drawn(cut(data, sizes)) == drawn([data]) == data.decode("utf-8", "replace")


@settings(max_examples=60, deadline=None)
@given(CLEAN)
def test_clean_text_needs_no_code_of_our_own(data):
    lines = Encoder(Header(80, 24), 0.0).output(0.0, data)
    assert {event.code for event in events_of(lines)} <= {"o"}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 30), max_size=200))
def test_rounded_intervals_never_drift_from_the_clock(steps):
    encoder, at, written = Encoder(Header(80, 24), 1000.0), 1000.0, 0.0
    for step in steps:
        at += step
        written += json.loads(encoder.event(at, "m", ""))[0]
        assert abs(written - (at - 1000.0)) <= 0.000_501


def test_a_clock_that_steps_back_gives_no_negative_interval():
    encoder = Encoder(Header(80, 24), 10.0)
    assert json.loads(encoder.event(12.0, "m", ""))[0] == 2.0
    assert json.loads(encoder.event(11.0, "m", ""))[0] == 0.0
    assert json.loads(encoder.event(12.5, "m", ""))[0] == 0.5


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_a_line_is_json_for_everyone_and_holds_no_control(text):
    line = Encoder(Header(80, 24), 0.0).event(0.25, "m", text)
    assert json.loads(line) == [0.25, "m", text]
    shown = line.decode()
    assert shown.endswith("\n")
    assert not [c for c in shown[:-1] if ord(c) < 32 or 127 <= ord(c) < 160 or "\u202a" <= c <= "\u202e"]


def test_without_a_pty_lines_do_not_become_a_staircase():
    header = Header(80, 24, pty=False)
    lines = Encoder(header, 0.0).output(0.0, b"one\ntwo\r\nthree")
    (event,) = events_of(lines)
    assert event.data == "one\r\ntwo\r\r\nthree"
    assert list(delivered(header, [event])) == [("out", b"one\ntwo\r\nthree")]


def test_stderr_is_drawn_like_output_and_told_apart():
    encoder = Encoder(Header(80, 24, pty=False), 0.0)
    events = events_of(encoder.output(0.0, b"err", "err") + encoder.output(0.0, b"out"))
    assert [(event.code, event.data) for event in events] == [("E", ""), ("o", "err"), ("o", "out")]


def test_the_head_of_a_split_character_is_in_the_file_before_its_rest_comes():
    header, encoder = Header(80, 24), Encoder(Header(80, 24), 0.0)
    lines = encoder.output(0.0, b"a\xe4\xb8")
    assert [(e.code, e.data) for e in events_of(lines)] == [("o", "a"), ("T", "5Lg=")]
    assert streams(header, events_of(lines))["out"] == b"a\xe4\xb8"


def test_a_large_write_becomes_events_of_bounded_size():
    lines = Encoder(Header(80, 24), 0.0).output(0.0, bytes(3 * PIECE + 1))
    assert [len(event.data) for event in events_of(lines)] == [PIECE] * 3 + [1]


HEADERS = st.builds(
    Header,
    st.integers(1, 65535),
    st.integers(1, 65535),
    st.text(max_size=10),
    st.none() | st.integers(0, 2**33),
    st.text(max_size=10),
    st.text(max_size=10),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    st.lists(st.text(max_size=5), max_size=3).map(tuple),
    st.none() | st.sampled_from([0.5, 2.0]),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(HEADERS)
def test_a_header_reads_back_as_it_was_written(header):
    assert decode_header(encode_header(header)) == header


def test_what_the_header_does_not_know_is_ignored():
    line = b'{"version":3,"term":{"cols":1,"rows":2,"theme":{"fg":1}},"new":[1],"title":7,"recorder":1}'
    assert decode_header(line) == Header(1, 2)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"", "no JSON object"),
        (b"[1]", "no JSON object"),
        (b"\xff\xfe", "no JSON object"),
        (b"{}", "version 3"),
        (b'{"version":2,"width":80,"height":24}', "says '2'"),
        (b'{"version":3}', "terminal size"),
        (b'{"version":3,"term":[80,24]}', "terminal size"),
        (b'{"version":3,"term":{"cols":0,"rows":24}}', "terminal size"),
        (b'{"version":3,"term":{"cols":true,"rows":24}}', "terminal size"),
        (b'{"version":3,"term":{"cols":70000,"rows":24}}', "terminal size"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_the_reason(line, says):
    with pytest.raises(CastError, match=says):
        decode_header(line)


@pytest.mark.parametrize("line", [b"# comment\n", b"\n", b"  \n"])
def test_comments_and_empty_lines_are_no_events(line):
    assert decode_event(line, 1.0) is None


def test_an_unknown_code_is_kept():
    assert decode_event(b'[1.5, "z", "kept"]\n', 1.0, 7) == Event(2.5, "z", "kept", 7, 26)


@pytest.mark.parametrize(
    "line",
    [
        b"[1,2]\n",
        b'["1","o","x"]\n',
        b'[1e999,"o","x"]\n',
        b'[-1,"o","x"]\n',
        b"\x00\x00\n",
        b'[1,"o",null]\n',
    ],
)
def test_a_line_that_is_no_event_is_a_gap_with_a_reason(line):
    gap = decode_event(line, 3.0, 10)
    assert isinstance(gap, Gap)
    assert (gap.at, gap.offset, gap.end, gap.torn) == (3.0, 10, 10 + len(line), False)
    assert gap.why


def test_a_gap_ends_what_the_line_before_it_announced():
    events = [Event(0, "E", ""), Event(0, "B", "eA=="), Gap(0, 0, 1, "lost"), Event(0, "o", "shown")]
    assert list(delivered(Header(80, 24), events)) == [("out", b"shown")]
