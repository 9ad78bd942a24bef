"""Why a body is not passed on: one exception inside this room, a line of text outside."""

from __future__ import annotations


class RefusedBodyError(Exception):
    """The body cannot be masked or may not be written. `str()` says what, why and what to do; no value."""
