"""Run masking cases: one JSON object a line in, one result a line out, with a virtual clock.

python -m tests.harness.mask_case < cases.jsonl
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

from bastion.core.masking.fields.body import BodyMasker
from bastion.core.masking.patterns import Patterns, compile_patterns
from bastion.core.masking.stream import StreamMasker
from bastion.core.masking.terminal import TerminalMasker
from bastion.model.masks import KnownValue, Masked

CHANNELS = {1: "stdout", 2: "stderr", 3: "status"}
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

    def keep(self, masked: Masked, channel: str) -> None:
        """Note what left."""
        if masked.data:
            coded = base64.b64encode(masked.data).decode()
            self.out.append({"at_ms": self.ms, "channel": channel, "b64": coded})
        for event in masked.events:
            self.events.append(
                {"source": event.source, "length": event.length, "offset": event.offset, "channel": channel}
            )

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
            self.keep(masker.feed(chunk, self.ms / 1000), "stdout")
            if number in self.added.values():
                masker.replace(self.patterns(number))
        self.ms += END_MS
        self.keep(masker.close(self.ms / 1000), "stdout")
        return masker.refused

    def _pty(self) -> None:
        masker = TerminalMasker(self.patterns(-1), self.case.get("cols", 80), self.case.get("rows", 24))
        for number, chunk in enumerate(self.chunks):
            if number:
                self._pass(masker, self.case.get("gap_ms", 0))
            self.keep(masker.feed(chunk, self.ms / 1000), "stdout")
            if number in self.added.values():
                masker.replace(self.patterns(number))
            if number in self.resizes:
                self.keep(masker.resize(*self.resizes[number], self.ms / 1000), "stdout")
                self.out.append({"at_ms": self.ms, "channel": "resize", "b64": ""}) if self.case.get(
                    "_mark"
                ) else None
        self._pass(masker, END_MS)
        if self.case.get("eof"):
            self.keep(masker.close(self.ms / 1000), "stdout")

    def _pass(self, masker: TerminalMasker, span: float) -> None:
        end = self.ms + span
        while masker.deadline is not None and masker.deadline * 1000 <= end:
            self.ms = max(self.ms, round(masker.deadline * 1000))
            self.keep(masker.tick(self.ms / 1000 + 1e-6), "stdout")
        self.ms = end

    def _stream(self) -> None:
        maskers: dict[str, StreamMasker] = {}
        channels = self.case.get("channels", [1])
        for number, chunk in enumerate(self.chunks):
            if number:
                self.ms += self.case.get("gap_ms", 0)
            channel = CHANNELS[channels[min(number, len(channels) - 1)]]
            masker = maskers.setdefault(channel, StreamMasker(self.patterns(number - 1)))
            self.keep(masker.feed(chunk, self.ms / 1000), channel)
            if number in self.added.values():
                for one in maskers.values():
                    one.replace(self.patterns(number))
        self.ms += END_MS
        for channel, masker in maskers.items():
            self.keep(masker.close(self.ms / 1000), channel)


def main() -> int:
    """Read cases from standard input until it ends."""
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(Run(json.loads(line)).run()), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
