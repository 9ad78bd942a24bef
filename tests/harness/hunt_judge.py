"""The judge of the hunt: what can be read of any known value in what was sent, and how the cut matters."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Sequence

import avt

from bastion.core.masking.stream import StreamMasker
from bastion.core.masking.terminal import TerminalMasker
from tests.harness.hunt_encodings import LEAST, folded, joined
from tests.harness.hunt_streams import Stream, World

_STRIP = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)
_HIDDEN = re.compile(rb"\xe2\x80\x8b|\xc2\xad|\xef\xbb\xbf|\xe2\x81\xa0")


def leaks(one: Stream, known: World) -> list[str]:
    """What can be read that may not be, in any prefix of the output, or how the answer depends on the cut."""
    pieces = _pieces(one, known)
    out = b"".join(pieces)
    views = [*_views(out), ("screen", _screens(pieces))] if one.terminal else _views(out)
    found = [leak for view, text in views for leak in _read(view, text, one, known)]
    if not one.terminal:
        whole = b"".join(one.chunks)
        if len(out) != len(whole):
            found.append("another length")
        if len(one.chunks) > 1 and len(whole) % 4 == 0 and _streamed((whole,), known) != out:
            found.append("another result for another cut")
    return found


def _views(out: bytes) -> list[tuple[str, bytes]]:
    """The bytes, the text without sequences, and what is seen; those that are alike once."""
    views = [("bytes", out)]
    for view, pattern in (("text", _STRIP), ("seen", _HIDDEN)):
        text = pattern.sub(b"", views[-1][1])
        if text != views[-1][1]:
            views.append((view, text))
    return views


def _read(view: str, text: bytes, one: Stream, known: World) -> list[str]:
    forbidden_here = known.needles
    low, together = folded(text), joined(text)
    found = []
    if not forbidden_here.starts.isdisjoint([low[at : at + LEAST] for at in range(len(low) - LEAST + 1)]):
        found += [f"{view}: {window!r}" for window in _windows(low, forbidden_here.windows)]
    found += [f"{view}: {whole!r}" for whole in forbidden_here.wholes if whole in together]
    return found + [f"{view}: {part!r}" for part in (*forbidden_here.exact, *one.parts) if part in text]


def _windows(text: str, windows: dict[int, frozenset[str]]) -> set[str]:
    """Which windows are in the text."""
    return {
        window
        for size, some in windows.items()
        for at in range(len(text) - size + 1)
        if (window := text[at : at + size]) in some
    }


def sent(one: Stream, known: World) -> bytes:
    """What leaves the masker."""
    return b"".join(_pieces(one, known))


def _pieces(one: Stream, known: World) -> list[bytes]:
    return _terminal(one, known) if one.terminal else [_streamed(one.chunks, known)]


def _screens(pieces: Sequence[bytes]) -> bytes:
    """Every screen that another emulator shows after a piece, in reading order."""
    terminal, text, shown = avt.Vt(80, 24), getincrementaldecoder("utf-8")("replace"), {}
    for piece in pieces:
        terminal.feed_str(text.decode(piece))
        shown["\n".join([line.text.rstrip() for line in terminal.view()]).rstrip()] = None
    return "\0".join(shown).encode()


def _streamed(chunks: Sequence[bytes], known: World) -> bytes:
    masker = StreamMasker(known.patterns)
    return b"".join([masker.feed(chunk, 0.0).data for chunk in chunks]) + masker.close(0.0).data


def _terminal(one: Stream, known: World) -> list[bytes]:
    """A slow drip: the deadline passes between chunks now and then."""
    masker, at, out = TerminalMasker(known.patterns, 80, 24), 0.0, []
    for number, chunk in enumerate(one.chunks):
        out.append(masker.feed(chunk, at).data)
        at += 0.03 if number % 5 else 0.2
        if masker.deadline is not None and at >= masker.deadline:
            out.append(masker.tick(at).data)
    out.append(masker.close(at + 1).data)
    return out
