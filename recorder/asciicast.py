"""The asciicast v3 format, pure: header, event lines, and how exact bytes stand in them.

Source: docs.asciinema.org/manual/asciicast/v3 (revision 2025-10-20). Codes of the standard: `o`
output, `i` input, `m` marker, `r` resize, `x` exit. Players must ignore codes they do not know, so
three codes of our own make every delivered byte recoverable from the file alone:

    E  the next `o` or `T` came from stderr (sessions without a PTY)
    B  base64 of the exact bytes that the next `o` shows, where they are not clean UTF-8
    T  base64 of 1-3 bytes that were delivered but end inside a character; the stream's next `o`
       holds them again, so they only count where no such `o` follows

Without a PTY lines end in a bare LF, which a player draws as a staircase: there every LF of an `o`
is written as CR LF, as a terminal driver does (onlcr). That is exactly reversible, since every LF
then has a CR that was put before it. The header member `recorder` = {"v": 1, "pty": bool} says so.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

Stream = Literal["out", "err"]
STREAMS: Final[tuple[Stream, ...]] = ("out", "err")

OUTPUT, INPUT, MARKER, RESIZE, EXIT = "o", "i", "m", "r", "x"
STDERR, EXACT, TAIL = "E", "B", "T"

PIECE = 64 * 1024
"""Bytes of output in one event, at most; keeps a line under 1.1 MB."""

_JSON = msgspec.json.Encoder()
_LINE = msgspec.json.Decoder(tuple[float, str, str])
_HEADER = msgspec.json.Decoder(dict[str, Any])

_UNPRINTABLE: Final = tuple(
    (pattern[:1], re.compile(pattern))
    for pattern in (
        b"\x7f",
        b"\xc2[\x80-\x9f]",
        b"\xd8\x9c",
        b"\xe2\x80[\x8b-\x8f\xa8-\xae]",
        b"\xe2\x81[\xa0-\xaf]",
        b"\xef\xbb\xbf",
    )
)
"""UTF-8 of DEL, C1, zero-width, line separators, bidi controls, each with its first byte: the format
wants them as \\uXXXX, and a file shown with `cat` must not drive the terminal with them. One pattern
each, as a search for one first byte runs at memory speed and an alternation at 0.2 GB/s."""


class CastError(ValueError):
    """The file is not an asciicast v3; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line. `timestamp` is in Unix seconds; `pty` False means LF was written as CR LF."""

    cols: int
    rows: int
    type: str = ""
    timestamp: int | None = None
    title: str = ""
    command: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    idle_time_limit: float | None = None
    pty: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """One line: `at` is seconds since the start; the line is the file's bytes [offset, end)."""

    at: float
    code: str
    data: str
    offset: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes [offset, end) that are no event; `torn` when they are the file's unfinished last line."""

    at: float
    offset: int
    end: int
    why: str
    torn: bool = False


def encode_header(header: Header) -> bytes:
    """The header's line."""
    term = {"cols": header.cols, "rows": header.rows} | ({"type": header.type} if header.type else {})
    members: dict[str, Any] = {"version": 3, "term": term}
    for name in ("timestamp", "idle_time_limit", "command", "title", "env", "tags"):
        value = getattr(header, name)
        if value or value == 0:
            members[name] = value
    members["recorder"] = {"v": 1, "pty": header.pty}
    return _printable(_JSON.encode(members)) + b"\n"


def decode_header(line: bytes) -> Header:
    """Read the first line; members that are not known are ignored. Raises CastError."""
    try:
        members = _HEADER.decode(line)
    except msgspec.DecodeError:
        raise CastError("not an asciicast: the first line is no JSON object") from None
    if members.get("version") != 3:
        raise CastError(f"asciicast version 3 is needed, this file says {str(members.get('version'))[:20]!r}")
    term = members.get("term")
    if not isinstance(term, dict) or not (_is_size(term.get("cols")) and _is_size(term.get("rows"))):
        raise CastError("not an asciicast: the header has no terminal size (term.cols, term.rows)")
    stamp, limit, ours = members.get("timestamp"), members.get("idle_time_limit"), members.get("recorder")
    env, tags = members.get("env"), members.get("tags")
    return Header(
        term["cols"],
        term["rows"],
        _text(term.get("type")),
        int(stamp) if isinstance(stamp, int | float) and abs(stamp) < 2**40 else None,
        _text(members.get("title")),
        _text(members.get("command")),
        {k: v for k, v in env.items() if isinstance(v, str)} if isinstance(env, dict) else {},
        tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        float(limit) if isinstance(limit, int | float) and limit > 0 else None,
        not (isinstance(ours, dict) and ours.get("pty") is False),
    )


def decode_event(line: bytes, before: float, offset: int = 0) -> Event | Gap | None:
    """Read one line (its newline included or not); None for a comment or an empty line.

    `before` is the time of the event before it. What cannot be read is a Gap, never an exception.
    """
    end = offset + len(line)
    if line.startswith(b"#") or not line.strip():
        return None
    try:
        interval, code, data = _LINE.decode(line)
    except msgspec.DecodeError as problem:
        return Gap(before, offset, end, str(problem)[:80], torn=not line.endswith(b"\n"))
    if not math.isfinite(interval) or interval < 0:
        return Gap(before, offset, end, "an interval below zero or without end")
    return Event(before + interval, code, data, offset, end)


class Encoder:
    """Output, sizes and markers in, lines out; keeps what is pending of a character, no file.

    Times are seconds on any clock that starts at `at`; they are written in milliseconds, and the
    rounding error is carried into the next interval, so that the sum stays within 0.5 ms.
    """

    def __init__(self, header: Header, at: float) -> None:
        self._header = header
        self._origin = at
        self._millis = 0
        self._decoders = {stream: codecs.getincrementaldecoder("utf-8")("replace") for stream in STREAMS}

    def header(self) -> bytes:
        """The first line."""
        return encode_header(self._header)

    def event(self, at: float, code: str, data: str) -> bytes:
        """One line of any code."""
        millis = max(self._millis, round((at - self._origin) * 1000))
        interval, self._millis = millis - self._millis, millis
        text = _printable(_JSON.encode(data))
        return b'[%d.%03d, "%b", %b]\n' % (interval // 1000, interval % 1000, code.encode(), text)

    def output(self, at: float, data: bytes, stream: Stream = "out") -> bytes:
        """The lines that hold `data`, whole: its text, and its exact bytes where text is not enough."""
        return b"".join(self._piece(at, data[i : i + PIECE], stream) for i in range(0, len(data), PIECE))

    def flush(self, at: float) -> bytes:
        """The lines for characters that were never finished; call it once, at the end."""
        return b"".join(self._piece(at, b"", stream, final=True) for stream in STREAMS)

    def _piece(self, at: float, data: bytes, stream: Stream, *, final: bool = False) -> bytes:
        decoder = self._decoders[stream]
        carried = decoder.getstate()[0]
        text = decoder.decode(data, final)
        tail = decoder.getstate()[0]
        lines = b""
        if text:
            shown = carried + data[: len(data) - len(tail)] if tail else carried + data
            if "\ufffd" in text and text.encode() != shown:
                lines += self._event_of(at, EXACT, _base64(shown), stream)
                lines += self.event(at, OUTPUT, self._for_players(text))
            else:
                lines += self._event_of(at, OUTPUT, self._for_players(text), stream)
        if tail and (text or tail != carried):
            lines += self._event_of(at, TAIL, _base64(tail), stream)
        return lines

    def _for_players(self, text: str) -> str:
        return text if self._header.pty else text.replace("\n", "\r\n")

    def _event_of(self, at: float, code: str, data: str, stream: Stream) -> bytes:
        mark = self.event(at, STDERR, "") if stream == "err" else b""
        return mark + self.event(at, code, data)


def delivered(header: Header, events: Iterable[Event | Gap]) -> Iterator[tuple[Stream, bytes]]:
    """The exact bytes that each stream delivered, in the order of the events.

    A base64 member that does not decode counts as absent: the text then stands for itself.
    """
    pending: dict[Stream, bytes] = {}
    stream: Stream = "out"
    exact: bytes | None = None
    for event in events:
        match event:
            case Event(code="E"):
                stream = "err"
            case Event(code="B"):
                exact = _unbase64(event.data)
            case Event(code="T"):
                pending[stream] = _unbase64(event.data) or b""
                stream = "out"
            case Event(code="o"):
                text = event.data if header.pty else event.data.replace("\r\n", "\n")
                pending.pop(stream, None)
                yield stream, text.encode() if exact is None else exact
                stream, exact = "out", None
            case Gap():
                stream, exact = "out", None
            case _:
                pass
    yield from pending.items()


def _printable(line: bytes) -> bytes:
    if line.isascii() and b"\x7f" not in line:
        return line
    for head, pattern in _UNPRINTABLE:
        if head in line:
            line = pattern.sub(_escaped, line)
    return line


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(found[0].decode())


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unbase64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
