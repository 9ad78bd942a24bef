"""The channel protocol: what each message means, and what is never made of a broken one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bastion.kube import frames
from bastion.kube.frames import Exited, Failed, Nothing, Output
from bastion.model.request import Size

OCI = "failed to start exec: OCI runtime exec failed: unable to start container process: "
V4_MESSAGE = "error executing command [sh -c echo hunter2], exit code 3"


def failure(**fields):
    return b"\x03" + json.dumps({"status": "Failure", **fields}).encode()


def exit_status(code, **fields):
    causes = [{"reason": "ExitCode", "message": code}]
    return failure(reason="NonZeroExitCode", details={"causes": causes}, **fields)


def test_success_is_exit_code_zero():
    assert frames.decode(b'\x03{"metadata":{},"status":"Success"}') == Exited(0)


@settings(max_examples=60)
@given(st.integers(-10, 1000))
def test_a_failure_gives_exactly_the_codes_1_to_255(code):
    decoded = frames.decode(exit_status(str(code)))
    assert decoded == Exited(code) if 1 <= code <= 255 else isinstance(decoded, Failed)


@pytest.mark.parametrize("code", ["", "3.0", " 3", "0x3", "٣", 3, None, "3\n", "1e2"])
def test_a_code_that_is_no_plain_number_is_a_bad_status(code):
    decoded = frames.decode(exit_status(code))
    assert isinstance(decoded, Failed)
    assert (decoded.refusal.code, decoded.refusal.status) == ("bad-status", 255)


def test_two_codes_are_a_bad_status():
    causes = [{"reason": "ExitCode", "message": "1"}, {"reason": "ExitCode", "message": "2"}]
    decoded = frames.decode(failure(reason="NonZeroExitCode", details={"causes": causes}))
    assert isinstance(decoded, Failed)


@pytest.mark.parametrize(
    ("message", "code", "status"),
    [
        (OCI + 'exec: "sh": executable file not found in $PATH', "no-shell", 127),
        (OCI + 'exec: "env": executable file not found in $PATH', "no-shell", 127),
        (OCI + "stat /bin/sh: no such file or directory", "no-shell", 127),
        (OCI + 'exec: "pgdump": executable file not found in $PATH', "no-such-command", 127),
        (OCI + "stat /no/such/cmd: no such file or directory", "no-such-command", 127),
        (OCI + "no such file or directory", "no-such-command", 127),
        (OCI + 'exec: "/data/x": permission denied', "not-executable", 126),
        ("Internal error occurred: something else", "exec-failed", 255),
    ],
)
def test_a_program_that_never_ran_is_told_apart_from_one_that_failed(message, code, status):
    decoded = frames.decode(failure(reason="InternalError", code=500, message=message))
    assert isinstance(decoded, Failed)
    assert (decoded.refusal.code, decoded.refusal.status) == (code, status)


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": "InternalError", "message": V4_MESSAGE},
        {"reason": "InternalError", "message": 'hunter2 exec: "hunter2": executable file not found'},
        {"reason": "NonZeroExitCode", "message": V4_MESSAGE},
        {"reason": "hunter2", "message": "hunter2"},
    ],
)
def test_the_servers_words_are_never_repeated(fields):
    assert "hunter2" not in repr(frames.decode(failure(**fields)))


@pytest.mark.parametrize(
    "payload", [b"not json", b"[]", b'"Success"', b"{}", b'{"status":"success"}', b"[" * 60_000, b"\xff\xfe"]
)
def test_a_status_that_is_none_is_an_error_and_never_a_success(payload):
    decoded = frames.decode(b"\x03" + payload)
    assert isinstance(decoded, Failed)
    assert decoded.refusal.status == 255


def test_a_status_longer_than_the_bound_is_not_parsed():
    long = b'{"status":"Success","x":"' + b"a" * frames.MAX_STATUS + b'"}'
    assert isinstance(frames.decode(b"\x03" + long), Failed)


@given(st.sampled_from([0, 4, 5, 7, 254, 255]), st.binary(max_size=20))
def test_channels_that_the_server_does_not_write_are_ignored(channel, payload):
    assert frames.decode(bytes([channel]) + payload) == Nothing()


@pytest.mark.parametrize("message", [b"", b"\x01", b"\x02", b"\x03"])
def test_an_empty_frame_is_only_the_mark_that_the_stream_is_up(message):
    assert frames.decode(message) == Nothing()


@given(st.sampled_from(sorted(frames.STREAMS)), st.binary(min_size=1, max_size=100))
def test_output_comes_as_it_was_sent(channel, payload):
    assert frames.decode(bytes([channel]) + payload) == Output(frames.STREAMS[channel], payload)


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_no_message_raises_and_none_but_a_success_status_is_exit_zero(message):
    decoded = frames.decode(message)
    if decoded == Exited(0):
        assert json.loads(message[1:])["status"] == "Success"


@given(st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40))
def test_a_resize_is_clamped_to_what_the_server_can_read(cols, rows):
    message = frames.resize(Size(cols, rows))
    size = json.loads(message[1:])
    assert message[0] == frames.RESIZE
    assert set(size) == {"Width", "Height"}
    assert all(1 <= side <= 65535 for side in size.values())
    if 1 <= cols <= 65535:
        assert size["Width"] == cols


@given(st.integers(0, 5), st.integers(-1, 1))
def test_pieces_are_whole_and_at_most_32_kib(blocks, more):
    data = bytes(max(0, blocks * frames.PIECE + more))
    cut = frames.pieces(data)
    assert b"".join(cut) == data
    assert all(0 < len(piece) <= frames.PIECE for piece in cut)


def test_stdin_and_its_end_are_one_message_each():
    assert frames.stdin(b"ab") == b"\x00ab"
    assert frames.CLOSE_STDIN == b"\xff\x00"
