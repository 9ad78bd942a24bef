"""The channel protocol of a Kubernetes exec stream, v5 and v4: bytes to values and back.

A WebSocket message is one channel byte and a payload (the remotecommand subprotocols, KEP-4006):

    0 stdin →    1 stdout ←    2 stderr ←    3 status ←    4 resize →    255 close → (v5 only)

Pure: no socket, no clock. The server's messages are not trusted: sizes are bounded, a status is
taken only in the one form the API documents, and its free text is never repeated to a person or a
log, because in v4 it holds the whole command line.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from bastion.model.refusal import EXIT_FAULT, Refusal
from bastion.model.request import Size

V5 = "v5.channel.k8s.io"
V4 = "v4.channel.k8s.io"
PROTOCOLS = (V5, V4)

STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
STREAMS: dict[int, Literal["out", "err"]] = {STDOUT: "out", STDERR: "err"}

PIECE = 32 * 1024
MAX_STATUS = 64 * 1024
MAX_SIDE = 65535

CLOSE_STDIN = bytes((CLOSE, STDIN))
END_OF_TRANSMISSION = b"\x04"
INTERRUPT = b"\x03"

SHELLS = frozenset({"sh", "env", "bash", "ash", "dash"})
NOT_FOUND = re.compile(
    r'exec: "(?P<path>[^"]{0,4096})": executable file not found|stat (?P<stat>\S{0,4096}): no such file'
)
MISSING = ("executable file not found", "no such file")
EXIT_NOT_FOUND = 127
EXIT_NOT_EXECUTABLE = 126


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes of the program; never empty."""

    stream: Literal["out", "err"]
    data: bytes


@dataclass(frozen=True, slots=True)
class Exited:
    """The status said with which code the program ended: 0..255."""

    code: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The status said that no program ended by itself, or cannot be understood."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Nothing:
    """A message without meaning for us: the first empty frame, or an unknown channel."""


NOTHING = Nothing()
Message = Output | Exited | Failed | Nothing


def stdin(data: bytes) -> bytes:
    """One stdin message; `data` is sent whole, so cut it to pieces first."""
    return b"\x00" + data


def pieces(data: bytes) -> list[bytes]:
    """`data` in pieces of at most 32 KiB; none for no data."""
    if len(data) <= PIECE:
        return [data] if data else []
    return [data[at : at + PIECE] for at in range(0, len(data), PIECE)]


def resize(size: Size) -> bytes:
    """One resize message, each side clamped to 1..65535.

    A server whose resize reader meets a larger number (they are uint16) or anything but JSON stops
    reading what the client sends, so nothing else may ever be sent on this channel.
    """
    cols, rows = (min(max(side, 1), MAX_SIDE) for side in (size.cols, size.rows))
    return bytes((RESIZE,)) + b'{"Width":%d,"Height":%d}' % (cols, rows)


def decode(message: bytes) -> Message:
    """The meaning of one message of the server; never raises."""
    if len(message) < 2:
        return NOTHING
    channel = message[0]
    if channel == STATUS:
        return _status(message[1:])
    stream = STREAMS.get(channel)
    return NOTHING if stream is None else Output(stream, message[1:])


def _status(payload: bytes) -> Exited | Failed:
    status = read_json(payload, MAX_STATUS)
    if status is None:
        return _bad_status()
    if status.get("status") == "Success":
        return Exited(0)
    if status.get("status") != "Failure":
        return _bad_status()
    if status.get("reason") == "NonZeroExitCode":
        code = _exit_code(status)
        return _bad_status() if code is None else Exited(code)
    return Failed(_never_ran(status))


def _exit_code(status: dict[str, Any]) -> int | None:
    """The code of the one ExitCode cause, 1..255: a failure is never told as a success."""
    details = status.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    if not isinstance(causes, list):
        return None
    codes = [cause.get("message") for cause in causes if isinstance(cause, dict) and _is_code(cause)]
    if len(codes) != 1 or not isinstance(codes[0], str) or not re.fullmatch("[0-9]{1,3}", codes[0]):
        return None
    code = int(codes[0])
    return code if 1 <= code <= 255 else None


def _is_code(cause: dict[str, Any]) -> bool:
    return cause.get("reason") == "ExitCode"


def _never_ran(status: dict[str, Any]) -> Refusal:
    """Why the runtime did not start the program, told without the runtime's own words."""
    message = status.get("message")
    text = message if isinstance(message, str) else ""
    if status.get("reason") == "InternalError" and any(word in text for word in MISSING):
        return _not_found(text)
    if status.get("reason") == "InternalError" and "permission denied" in text:
        return Refusal(
            "not-executable",
            "the program may not be executed in the container",
            "check its mode and owner",
            EXIT_NOT_EXECUTABLE,
        )
    return Refusal(
        "exec-failed",
        "the container runtime could not run the command",
        "see the node's runtime log",
        EXIT_FAULT,
    )


def _not_found(text: str) -> Refusal:
    found = NOT_FOUND.search(text)
    path = (found["path"] or found["stat"] or "") if found else ""
    if path.rpartition("/")[2] in SHELLS:
        return Refusal(
            "no-shell",
            "the container has no shell to run the command with",
            "name another container, or attach a debug container that has one: kubectl debug",
            EXIT_NOT_FOUND,
        )
    return Refusal(
        "no-such-command", "the program does not exist in the container", "check its path", EXIT_NOT_FOUND
    )


def _bad_status() -> Failed:
    return Failed(
        Refusal(
            "bad-status",
            "the cluster ended the command with a status that cannot be understood",
            "the command may have run; check before running it again",
            EXIT_FAULT,
        )
    )


def read_json(payload: bytes, limit: int) -> dict[str, Any] | None:
    """A JSON object of at most `limit` bytes; None for anything else; never raises."""
    if len(payload) > limit:
        return None
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
