"""The finder: text in, in any chunks; spans to mask and the place from which output must wait, out.

One finder reads one view of one stream (the bytes as sent, or the text that a terminal would keep of
them). It remembers a bounded context: some symbols for each lane, 64 bytes for the anchors, and the
open candidates. Its answer is a function of the text, never of the chunks.

    text ─┬─ anchors ──▶ candidates (detectors) ─┐
          ├─ exact lane ─────────────────────────┼─▶ cover [start, end) and hold
          ├─ join ─▶ joined lane (short values) ─┤
          └─ fold ─▶ wide lanes (fragments) ─────┘
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache

from bastion.core.masking.candidate import Candidate, State, stands_apart
from bastion.core.masking.detector import REACH, Detector
from bastion.core.masking.engine import Hits
from bastion.core.masking.exposure import Account, Run, Strict
from bastion.core.masking.forms import fold, join
from bastion.core.masking.lane import Lane
from bastion.core.masking.lessons import Lesson, learned
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.places import Places, joined, last_places, whole
from bastion.model.masks import KnownValue

CONTEXT = 64
RECENT = 1024
MOST_SPANS = 256
Cover = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Found:
    """`covers` are (start, end, source) not yet settled before; output from `hold` on must wait."""

    covers: Sequence[Cover]
    hold: int


@lru_cache(maxsize=64)
def _compile(expression: bytes) -> re.Pattern[bytes]:
    return re.compile(expression)


class Finder:
    """Mutable; belongs to one view of one stream. Positions count the bytes of its text from 0."""

    def __init__(self, patterns: Patterns, start: int = 0) -> None:
        self.patterns = patterns
        self._reach = patterns.reach
        self.lessons: tuple[Lesson, ...] = ()
        self.account = Account()
        self.position = start
        self._masked: list[tuple[int, int]] = []
        self._symbols = 0
        self._taught = 0
        self._given = patterns
        self._settled = start
        self._tail = b""
        self._recent = b""
        self._wide_tail = b""
        self._joined_tail = b""
        self._places: list[int] = []
        self._open: dict[tuple[str, int, int], Candidate] = {}
        self._covers: dict[Cover, None] = {}
        self._tried: set[tuple[str, int]] = set()

    def __repr__(self) -> str:
        return f"Finder(at {self.position}, {len(self._open)} open)"

    @property
    def quiet(self) -> bool:
        """Whether nothing is open and nothing waits."""
        return not (self._open or self.account.runs) and self._settled == self.position

    def same(self, other: Finder, *, learned: bool = True) -> bool:
        """Whether two quiet finders will answer alike from now on; without `learned`, but for lessons."""
        known = [[value for value, _ in one.lessons] for one in (self, other)] if learned else []
        return self._memory == other._memory and known[:1] == known[1:]

    @property
    def _memory(self) -> tuple[bytes, bytes, bytes]:
        return self._wide_tail, self._joined_tail, self._tail

    def copy(self) -> Finder:
        """A finder that goes on from here by itself."""
        other = copy(self)
        other._places = list(self._places)  # noqa: SLF001 - the same class
        other._tried = set(self._tried)  # noqa: SLF001 - the same class
        other._covers = dict(self._covers)  # noqa: SLF001 - the same class
        other._masked = list(self._masked)  # noqa: SLF001 - the same class
        other.account = self.account.copy()
        other._open = {key: candidate.copy() for key, candidate in self._open.items()}  # noqa: SLF001 - the same class
        return other

    def replace(self, patterns: Patterns) -> None:
        """Other patterns from the next byte on; what waits is searched again with them then."""
        self._given = patterns
        self.patterns = patterns.taught([value for value, _ in self.lessons]) if self.lessons else patterns
        wide, exact = self._reach = self.patterns.reach
        self._tail = self._recent[-max(CONTEXT, exact) :]
        self._wide_tail = fold(self._recent)[-wide:] if wide else b""
        self._joined_tail = join(self._recent)[-wide:] if wide else b""
        self._places = last_places(self._recent, self.position - len(self._recent), wide)

    def tighten(self, value: KnownValue) -> None:
        """Show nothing of the value from the next byte on."""
        self.account.tighten(value, self._settled)

    def feed(self, text: bytes, *, final: bool = False) -> Found:
        """Read more text; `final` says that nothing follows."""
        base = self.position - len(self._tail)
        hay = self._tail + text
        values = self._detect(self.patterns, hay, base, final=final)
        if values and self._learn(values):
            base = self.position - len(self._tail)
            hay = self._tail + text
        patterns = self.patterns
        hold = min((at for c in self._open.values() if (at := c.hold()) is not None), default=base + len(hay))
        for lane in patterns.exact:
            hold = min(hold, self._search_exact(lane, hay, base))
        self.position = base + len(hay)
        if patterns.wide or patterns.joined:
            hold = min(hold, self._search_folded(patterns, text))
        self._tail = hay[-max(CONTEXT, self._reach[1]) :]
        self._recent = text[-RECENT:] if len(text) >= RECENT else (self._recent + text)[-RECENT:]
        hold = self.position if final else self._pass_covered(hold)
        if len(self._masked) > MOST_SPANS:
            self._masked = joined(self._masked, self._settled - RECENT)
        if self.account.runs:
            hold = self._expose(hold, final=final)
        found = Found(tuple(self._covers), max(hold, self._settled))
        self._settled = found.hold
        if self._tried:
            self._tried = {tried for tried in self._tried if tried[1] >= self.position - 2 * REACH}
        self._covers = {cover: None for cover in self._covers if cover[1] > self._settled}
        return found

    def _learn(self, values: list[tuple[int, bytes]]) -> bool:
        """Values whose context ended at a place stay masked from there on, without it."""
        self.lessons, taught = learned(self.lessons, values, self._taught)
        fresh = taught > self._taught
        self._taught = taught
        if fresh:
            self.replace(self._given)
        return fresh

    def _pass_covered(self, hold: int) -> int:
        for start, end, _ in sorted(self._covers):
            if start <= hold < end:
                hold = end
        return hold

    def _cover(self, start: int, end: int, source: str) -> None:
        for value, since in self.lessons:
            if value.ref == source:
                start = max(start, since)
        if end > self._settled and start < end:
            self._masked.append((start, end))
            self._covers[max(start, self._settled), end, source] = None

    def _search_exact(self, lane: Lane, hay: bytes, base: int) -> int:
        """Cover the lane's runs in the bytes; the place from which output waits for the lane."""
        places = range(base, base + len(hay))
        known = len(self._tail) - lane.reach
        self._mark(lane, hay, places, [hit for hit in lane.seek(hay) if hit[0] > known])
        return base + lane.pending(hay, places)

    def _search_folded(self, patterns: Patterns, text: bytes) -> int:
        """The same for the lanes that read folded and joined text."""
        folded = self._wide_tail + fold(text)
        together = self._joined_tail + join(text) if patterns.joined else b""
        start, size, hold = self.position - len(text), len(folded), self.position
        self._symbols += size - len(self._wide_tail)
        readings = [(lane, folded) for lane in patterns.wide] + [(lane, together) for lane in patterns.joined]
        hits = [lane.seek(body) for lane, body in readings]
        reach = self._reach[0]
        if (
            self.account.strict
            or any(hits)
            or any(lane.pending(body, range(size)) < size for lane, body in readings)
        ):
            places = Places(self._places, text, start)
            for (lane, body), found in zip(readings, hits, strict=True):
                self._mark(lane, body, places, found)
                waits = lane.pending(body, places)
                hold = min(hold, places[waits]) if waits < size else hold
            for strict in self.account.strict:
                hold = min(hold, self._search_strict(strict, folded, places))
        self._places = (self._places + last_places(text, start, reach))[-reach:]
        self._wide_tail = folded[-reach:]
        self._joined_tail = together[-reach:]
        return hold

    def _search_strict(self, strict: Strict, text: bytes, places: Sequence[int]) -> int:
        lane = strict.lane
        self._mark(lane, text, places, lane.seek(text), since=strict.since)
        waits = lane.pending(text, places)
        return max(places[waits], strict.since) if waits < len(text) else self.position

    def _mark(self, lane: Lane, text: bytes, places: Sequence[int], hits: Hits, *, since: int = 0) -> None:
        """Cover the lane's runs from `since` on, and keep those of which something shows."""
        for start, end, form, offset in lane.runs(text, places, hits):
            first = whole(text, start + form.shown)
            if first >= end:
                continue
            masked = end - start >= form.window
            if masked:
                self._cover(max(places[first], since), places[end - 1] + 1, form.ref)
            if form.origin and form.shown and places[first] >= self._settled:
                bare = tuple(places[i] for i in range(start, first if masked else end))
                run = Run(places[first], bare, form, offset, masked=masked, ended=end < len(text))
                self.account.note(run, self._symbols - len(text) + start - offset)

    def _expose(self, hold: int, *, final: bool) -> int:
        """Count what shows before `hold`; of a value of which too much does, nothing more is shown."""
        while True:
            self._masked = joined(self._masked, self._settled - RECENT)
            hold, run = self.account.settle(hold, self._masked, final=final)
            if run is None:
                return hold
            if not run.masked:
                self._cover(run.at, run.bare[-1] + 1, run.form.ref)
            places = last_places(self._recent, self.position - len(self._recent), len(self._recent))
            waits = self._search_strict(self.account.strict[-1], fold(self._recent), places)
            hold = self.position if final else self._pass_covered(min(hold, waits))

    def _detect(self, patterns: Patterns, hay: bytes, base: int, *, final: bool) -> list[tuple[int, bytes]]:
        for candidate in self._open.values():
            candidate.advance(hay, base, final=final)
        known = self.position - base
        for end, number in patterns.seek(hay):
            if end > known:
                rows, anchor = patterns.anchors[number]
                for row in rows:
                    self._propose(row, anchor, hay, base, end, final=final)
        if not final:
            for row in patterns.seeded:
                for match in _compile(row.viable).finditer(hay, max(0, len(hay) - REACH)):
                    self._try_once(row, match.start(), hay, base, final=False)
        return self._harvest()

    def _harvest(self) -> list[tuple[int, bytes]]:
        """Take the spans of sure candidates; of those that go on alike, only the oldest is kept."""
        learned = []
        ahead: set[tuple[str, int, int, int]] = set()
        for key, candidate in sorted(self._open.items(), key=lambda item: item[1].start):
            for start, end in candidate.masked():
                self._cover(start, end, candidate.row.id)
            first = candidate.state is State.OPEN or candidate.place not in ahead
            if candidate.state is State.DONE and candidate.row.learn and first:
                learned.append((candidate.at, candidate.value))
            if candidate.state in {State.SURE, State.DONE}:
                ahead.add(candidate.place)
            if candidate.state in {State.DONE, State.FAILED} or not first:
                del self._open[key]
        return learned

    def _propose(self, row: Detector, anchor: bytes, hay: bytes, base: int, end: int, *, final: bool) -> None:
        if anchor:
            at = end - row.lead
            start = at - len(anchor)
            if not row.cased or hay[start:at] == anchor:
                self._try(row, start, at, hay, base, final=final)
            return
        low = max(0, end - REACH)
        for match in _compile(row.starts).finditer(hay, low, end):
            self._try_once(row, match.start(), hay, base, final=final)

    def _try_once(self, row: Detector, start: int, hay: bytes, base: int, *, final: bool) -> None:
        """Seeds overlap: a run of digits proposes the same start many times, and it cannot end otherwise."""
        if (row.id, base + start) not in self._tried:
            self._tried.add((row.id, base + start))
            self._try(row, start, start, hay, base, final=final)

    def _try(self, row: Detector, start: int, at: int, hay: bytes, base: int, *, final: bool) -> None:
        if not stands_apart(row, hay, start):
            return
        if (at < len(hay) and hay[at] not in row.firsts) or not row.entrance.match(hay, at):
            return
        for number, gate in enumerate(row.gates):
            if not gate.match(hay, at):
                continue
            candidate = Candidate(row, number, base + start, base + at)
            if candidate.key not in self._open:
                candidate.advance(hay, base, final=final)
                if candidate.state is not State.FAILED:
                    self._open[candidate.key] = candidate
