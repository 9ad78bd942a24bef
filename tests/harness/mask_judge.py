"""Judging masked output with an emulator that is not ours: raw bytes, stripped text, every screen."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import avt

_ESCAPES = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f]"
)
_INVISIBLE = re.compile("[\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\u00ad\ufeff]")


def views(case: dict[str, Any], result: dict[str, Any]) -> Iterator[str]:
    """Everything that can be read after each piece of output."""
    terminal = avt.Vt(case["cols"], case["rows"]) if case["kind"] == "pty" else None
    sizes = iter(case.get("resize", []))
    sent = b""
    for piece in result["out"]:
        if piece["channel"] == "resize":
            size = next(sizes)
            if terminal is not None:
                terminal.resize(size["cols"], size["rows"])
            continue
        data = base64.b64decode(piece["b64"])
        sent += data
        if terminal is not None:
            terminal.feed_str(data.decode("utf-8", "replace"))
            rows = [line.text.rstrip() for line in terminal.view()]
            yield "\n".join(rows)
            yield "".join(rows)
        text = _ESCAPES.sub(b"", sent).decode("utf-8", "replace")
        yield sent.decode("utf-8", "replace")
        yield text
        yield _INVISIBLE.sub("", text)


def faults(case: dict[str, Any], result: dict[str, Any]) -> list[str]:
    """What is wrong with a result; empty when nothing is."""
    found = set()
    last = ""
    for text in views(case, result):
        last += text
        found |= {f"leak of {secret[:4]}…" for secret in case["must_not_appear"] if secret in text}
    found |= {f"lost {text!r}" for text in case.get("must_appear", []) if text not in last}
    given = b"".join(base64.b64decode(chunk) for chunk in case["chunks"])
    sent = b"".join(base64.b64decode(piece["b64"]) for piece in result["out"])
    if (case.get("same") or case.get("expect") == "identical") and given != sent:
        found.add("not identical")
    if case["kind"] == "stream" and len(given) != len(sent):
        found.add("another length")
    return sorted(found)
