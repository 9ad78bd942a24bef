"""Invisible bytes: controls and zero-width characters, which hide inside words.

Nearly every chunk holds none; Hyperscan says so ten times as fast as anything in Python.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bastion.core.masking.engine import Presence, Seeker, presence, seeker

CONTROLS = bytes(b for b in range(0x20) if b not in b"\t\n\r") + b"\x7f"
LEADS = rb"\xc2\xcc\xcd\xe1\xe2\xef\xf3"
ZERO = (
    rb"(?<=\xc2)[\x80-\x9f\xad]|(?<=\xcc)[\x80-\xbf]|(?<=\xcd)[\x80-\xaf]"
    rb"|(?<=\xe1)(?:\xa0\x8e|\xaa[\xb0-\xbf]|\xb7[\x80-\xbf])"
    rb"|(?<=\xe2)(?:\x80[\x8b-\x8f\xaa-\xae]|\x81[\xa0-\xaf]|\x83[\x90-\xbf])"
    rb"|(?<=\xef)(?:\xb8[\x80-\x8f\xa0-\xaf]|\xbb\xbf)|(?<=\xf3)\xa0[\x80-\x87][\x80-\xbf]"
)
_UNFINISHED = re.compile(
    rb"(?:[\xc2\xcc\xcd]|\xe1[\xa0\xaa\xb7]?|\xe2[\x80\x81\x83]?|\xef[\xb8\xbb]?|\xf3(?:\xa0[\x80-\x87]?)?)\Z"
)
_CONTROL = rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_HIDDEN = (
    rb"\xc2[\x80-\x9f\xad]", rb"\xcc[\x80-\xbf]", rb"\xcd[\x80-\xaf]",
    rb"\xe1\xa0\x8e", rb"\xe1\xaa[\xb0-\xbf]", rb"\xe1\xb7[\x80-\xbf]",
    rb"\xe2\x80[\x8b-\x8f\xaa-\xae]", rb"\xe2\x81[\xa0-\xaf]", rb"\xe2\x83[\x90-\xbf]",
    rb"\xef\xb8[\x80-\x8f\xa0-\xaf]", rb"\xef\xbb\xbf", rb"\xf3\xa0[\x80-\x87][\x80-\xbf]",
)  # fmt: skip
_SIZES = (2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4)


@lru_cache(maxsize=2)
def _seekers(plain: bool) -> tuple[Presence, Presence, Seeker]:
    return presence([_CONTROL], plain=plain), presence(_HIDDEN, plain=plain), seeker([], _HIDDEN, plain=plain)


def zero_width(data: bytes, *, plain: bool) -> bool:
    """Whether zero-width characters or controls of the C1 set stand in `data`."""
    return not data.isascii() and _seekers(plain)[1].found(data)


def visible(data: bytes, *, plain: bool) -> bytes:
    """`data` without controls and zero-width characters; itself if there are none."""
    controls, _, hidden = _seekers(plain)
    if not zero_width(data, plain=plain):
        return data.translate(None, CONTROLS) if controls.found(data) else data
    pieces, at = [], 0
    for end, number in hidden.seek(data):
        pieces.append(data[at : end - _SIZES[number]])
        at = end
    pieces.append(data[at:])
    return b"".join(pieces).translate(None, CONTROLS)


def unfinished(data: bytes) -> int:
    """How many bytes at the end are the first part of what may become a zero-width character."""
    match = _UNFINISHED.search(data, max(0, len(data) - 3))
    return len(match[0]) if match else 0
