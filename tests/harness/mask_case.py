"""Run masking cases: one JSON object a line in, one result a line out, with a virtual clock.

python -m tests.harness.mask_case < cases.jsonl
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

from bastion.core.masking.fields.body import BodyMasker
from bastion.core.masking.joint import Piece
from bastion.core.masking.outlet import Outlet
from bastion.core.masking.patterns import Patterns, compile_patterns
from bastion.model.events import Stream
from bastion.model.masks import KnownValue, Masked
from bastion.model.request import Size

CHANNELS = {1: "stdout", 2: "stderr", 3: "status"}
NUMBERS: dict[Stream, int] = {"out": 1, "err": 2}
STATUS = 3
END_MS = 1000


class Run:
    """One case on a clock that only the case moves."""

    def __init__(self, case: dict[str, Any], *, plain: bool = False, mark_resizes: bool = False) -> None:
        self.mark_resizes = mark_resizes
        self.case = case
        self.chunks = [base64.b64decode(chunk) for chunk in case["chunks"]]
        self.known = [KnownValue(f"s{i}", value.encode()) for i, value in enumerate(case.get("secrets", []))]
        self.added = {item["index"]: item["after_chunk"] for item in case.get("secrets_added", [])}
        self.resizes = {item["after_chunk"]: (item["cols"], item["rows"]) for item in case.get("resize", [])}
        self.plain = plain
        self.ms = 0
        self.out: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def patterns(self, after: int) -> Patterns:
        """The patterns in force once chunk `after` has passed."""
        known = [value for i, value in enumerate(self.known) if self.added.get(i, -1) <= after]
        return compile_patterns(known, plain=self.plain)

    def note(self, stream: Stream, masked: Masked) -> None:
        """Note what left on a stream."""
        channel = CHANNELS[NUMBERS[stream]]
        if masked.data:
            coded = base64.b64encode(masked.data).decode()
            self.out.append({"at_ms": self.ms, "channel": channel, "b64": coded})
        for event in masked.events:
            place = {"offset": event.offset, "row": event.row, "column": event.column}
            told = {"kind": "mask", "source": event.source, "length": event.length, "channel": channel}
            self.events.append(told | place)

    def keep(self, outlet: Outlet, pieces: list[Piece]) -> None:
        """Note what left an outlet, and its alerts."""
        for stream, masked in pieces:
            self.note(stream, masked)
        for alert in outlet.alerts:
            told = {"why": alert.why, "count": alert.count, "symbols": alert.symbols, "at_ms": self.ms}
            self.events.append({"kind": "rate_limit", "type": "mask.oracle", "source": alert.ref} | told)
        outlet.alerts = []

    def run(self) -> dict[str, Any]:
        """The result of the case."""
        if self.case["kind"] == "pty":
            self._pty()
        elif self.case["kind"] == "stream":
            self._stream()
        else:
            refused = self._body()
            return self._result() | ({"refused": refused} if refused else {})
        return self._result()

    def _result(self) -> dict[str, Any]:
        return {"name": self.case.get("name", ""), "out": self.out, "events": self.events}

    def _body(self) -> str:
        """Why the body is refused; empty when it is not."""
        kind = self.case.get("content_type") or "application/json"
        masker = BodyMasker(self.patterns(-1), kind, self.case.get("direction") or "response")
        for number, chunk in enumerate(self.chunks):
            self.ms += self.case.get("gap_ms", 0) if number else 0
            self.note("out", masker.feed(chunk, self.ms / 1000))
            if number in self.added.values():
                masker.replace(self.patterns(number))
        self.ms += END_MS
        self.note("out", masker.close(self.ms / 1000))
        return masker.refused

    def _pty(self) -> None:
        outlet = Outlet(self.patterns(-1), Size(self.case.get("cols", 80), self.case.get("rows", 24)))
        for number, chunk in enumerate(self.chunks):
            if number:
                self._pass(outlet, self.case.get("gap_ms", 0))
            self.keep(outlet, outlet.feed("out", chunk, self.ms / 1000))
            if number in self.added.values():
                outlet.replace(self.patterns(number))
            if number in self.resizes:
                self.keep(outlet, outlet.resize(Size(*self.resizes[number]), self.ms / 1000))
                self.out.append({"at_ms": self.ms, "channel": "resize", "b64": ""}) if self.case.get(
                    "_mark"
                ) else None
        self._pass(outlet, END_MS)
        if self.case.get("eof"):
            self.keep(outlet, outlet.close(self.ms / 1000))

    def _pass(self, outlet: Outlet, span: int) -> None:
        end = self.ms + span
        while outlet.deadline is not None and outlet.deadline * 1000 <= end:
            self.ms = max(self.ms, round(outlet.deadline * 1000))
            self.keep(outlet, outlet.tick(self.ms / 1000 + 1e-6))
        self.ms = end

    def _stream(self) -> None:
        """Channel 3 is the exec's status: text of its own, which joins nothing."""
        outlet, status = Outlet(self.patterns(-1), None), Outlet(self.patterns(-1), None)
        channels = self.case.get("channels", [1])
        for number, chunk in enumerate(self.chunks):
            if number:
                self.ms += self.case.get("gap_ms", 0)
            channel = channels[min(number, len(channels) - 1)]
            if channel == STATUS:
                self._status(status, status.feed("out", chunk, self.ms / 1000))
            else:
                stream: Stream = "out" if channel == 1 else "err"
                self.keep(outlet, outlet.feed(stream, chunk, self.ms / 1000))
            if number in self.added.values():
                outlet.replace(self.patterns(number))
                status.replace(self.patterns(number))
        self.ms += END_MS
        self.keep(outlet, outlet.close(self.ms / 1000))
        self._status(status, status.close(self.ms / 1000))

    def _status(self, outlet: Outlet, pieces: list[Piece]) -> None:
        begun, told = len(self.out), len(self.events)
        self.keep(outlet, pieces)
        for item in (*self.out[begun:], *self.events[told:]):
            item["channel"] = CHANNELS[STATUS]


def main() -> int:
    """Read cases from standard input until it ends."""
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(Run(json.loads(line)).run()), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
