"""The two files of a ledger that are no evidence: whoever changes them changed the ledger's folder.

`reserve` holds zeros and nothing else, so that it can be given up; `frontier` spares a restart some
reading and is judged there by the signed root. Neither can hide or add a leaf, but an examiner who
is told INTACT expects that every byte of the folder is as it was written.
"""

from __future__ import annotations

from recorder.canonical import CanonicalError, decode_exact
from recorder.findings import Report
from recorder.layout import Layout

RESERVE = 256 * 1024
_KEYS = frozenset({"size", "nodes", "segment", "offset"})


def check(layout: Layout, report: Report) -> None:
    """Report a reserve that is not all zeros or was cut, and a frontier that is none. Raises OSError.

    A reserve that is missing was given up for the last words; an empty one was never filled.
    """
    if layout.reserve.exists():
        held = layout.reserve.read_bytes()
        if held.strip(b"\0"):
            offset = len(held) - len(held.lstrip(b"\0"))
            report.altered("the reserve holds something else than zeros", layout.reserve.name, offset=offset)
        elif len(held) not in (0, RESERVE):
            report.incomplete(f"the reserve holds {len(held)} bytes of {RESERVE}", layout.reserve.name)
    if layout.frontier.exists():
        try:
            body = decode_exact(layout.frontier.read_bytes())
        except CanonicalError as error:
            report.altered(f"the restart hint cannot be read: {error}", layout.frontier.name)
            return
        if not isinstance(body, dict) or not set(body) >= _KEYS:
            report.altered("the restart hint is none", layout.frontier.name)
