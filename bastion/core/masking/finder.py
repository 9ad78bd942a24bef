"""The finder: text in, in any chunks; spans to mask and the place from which output must wait, out.

One finder reads one view of one stream (the bytes as sent, or the text that a terminal would keep of
them). It remembers a bounded context: some symbols for each lane, 64 bytes for the anchors, and the
open candidates. Its answer is a function of the text, never of the chunks.

    text ─┬─ anchors ──▶ candidates (detectors) ─┐
          ├─ exact lane (short values) ──────────┼─▶ cover [start, end) and hold
          └─ fold ─▶ wide lane (fragments) ──────┘
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache

from bastion.core.masking.candidate import Candidate, State, stands_apart
from bastion.core.masking.detector import REACH, Detector
from bastion.core.masking.exposure import NOTHING, Exposure, Run, Strict
from bastion.core.masking.forms import KEPT, fold
from bastion.core.masking.lane import Lane
from bastion.core.masking.patterns import Patterns, worth_learning
from bastion.core.masking.positions import joined, last_places, whole
from bastion.model.masks import KnownValue

CONTEXT = 64
RECENT = 1024
MAX_LESSONS = 32
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
        self.lessons: tuple[tuple[KnownValue, int], ...] = ()
        self.exposure: Exposure = NOTHING
        self.strict: tuple[Strict, ...] = ()
        self.position = start
        self._runs: dict[tuple[bytes, int], Run] = {}
        self._masked: tuple[tuple[int, int], ...] = ()
        self._symbols = 0
        self._counted = -1
        self._taught = 0
        self._given = patterns
        self._settled = start
        self._tail = b""
        self._recent = b""
        self._wide_tail = b""
        self._wide_places: list[int] = []
        self._open: dict[tuple[str, int, int], Candidate] = {}
        self._covers: list[Cover] = []

    def __repr__(self) -> str:
        return f"Finder(at {self.position}, {len(self._open)} open)"

    @property
    def quiet(self) -> bool:
        """Whether nothing is open and nothing waits."""
        return not (self._open or self._runs) and self._settled == self.position

    def same(self, other: Finder) -> bool:
        """Whether two quiet finders will answer alike from now on."""
        mine = (self._wide_tail, self._tail, [value for value, _ in self.lessons], self.exposure)
        theirs = (other._wide_tail, other._tail, [value for value, _ in other.lessons], other.exposure)
        return mine == theirs and len(self.strict) == len(other.strict)

    def copy(self) -> Finder:
        """A finder that goes on from here by itself."""
        other = copy(self)
        other._wide_places = list(self._wide_places)  # noqa: SLF001 - the same class
        other._covers = list(self._covers)  # noqa: SLF001 - the same class
        other._runs = dict(self._runs)  # noqa: SLF001 - the same class
        other._open = {key: candidate.copy() for key, candidate in self._open.items()}  # noqa: SLF001 - the same class
        return other

    def replace(self, patterns: Patterns) -> None:
        """Other patterns from the next byte on; what waits is searched again with them then."""
        self._given = patterns
        self.patterns = patterns.taught([value for value, _ in self.lessons]) if self.lessons else patterns
        wide, exact = self.patterns.reach
        self._tail = self._recent[-max(CONTEXT, exact) :]
        self._wide_tail = fold(self._recent)[-wide:] if wide else b""
        self._wide_places = last_places(self._recent, self.position - len(self._recent), wide)

    def tighten(self, value: KnownValue) -> None:
        """Show nothing of the value from the next byte on."""
        if all(strict.origin != value.value for strict in self.strict):
            self.strict = (*self.strict, Strict(value.ref, value.value, self._settled, self.exposure))

    def feed(self, text: bytes, *, final: bool = False) -> Found:
        """Read more text; `final` says that nothing follows."""
        base = self.position - len(self._tail)
        hay = self._tail + text
        learned = self._detect(self.patterns, hay, base, final=final)
        if learned and self._learn(learned):
            base = self.position - len(self._tail)
            hay = self._tail + text
        patterns = self.patterns
        hold = min((at for c in self._open.values() if (at := c.hold()) is not None), default=base + len(hay))
        for lane in patterns.exact:
            hold = min(hold, self._search(lane, hay, range(base, base + len(hay)), len(self._tail)))
        self.position = base + len(hay)
        if patterns.wide:
            hold = min(hold, self._search_wide(patterns, text))
        self._tail = hay[-max(CONTEXT, patterns.reach[1]) :]
        self._recent = (self._recent + text)[-RECENT:]
        hold = self.position if final else self._pass_covered(hold)
        if self._runs:
            hold = self._expose(hold, final=final)
        found = Found(tuple(self._covers), max(hold, self._settled))
        self._settled = found.hold
        self._covers = [cover for cover in self._covers if cover[1] > self._settled]
        return found

    def _learn(self, values: list[tuple[int, bytes]]) -> bool:
        """Values whose context ended at a place stay masked from there on, without it."""
        known = {value.value for value, _ in self.lessons}
        fresh = []
        for end, value in sorted(values):
            if value not in known and worth_learning(value):
                known.add(value)
                self._taught += 1
                fresh.append((KnownValue(f"learned-{self._taught}", value), end))
        if fresh:
            self.lessons = (*self.lessons, *fresh)[-MAX_LESSONS:]
            self.replace(self._given)
        return bool(fresh)

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
            self._masked = joined((*self._masked, (start, end)), self._settled - RECENT)
            cover = (max(start, self._settled), end, source)
            if cover not in self._covers:
                self._covers.append(cover)

    def _search(
        self,
        lane: Lane,
        text: bytes,
        places: Sequence[int],
        known: int,
        *,
        since: int = 0,
        count: bool = False,
    ) -> int:
        """Cover the lane's runs from `since` on; the place from which output waits for the lane.

        `count`: what they show of a value is counted; `_symbols` have been read up to the text's end.
        """
        hits = [hit for hit in lane.seek(text) if hit[0] > known - lane.reach]
        for start, end, form, offset in lane.runs(text, places, hits) if hits else ():
            if end - start > form.shown:
                first = whole(text, start + form.shown)
                masked = end - start >= form.window
                if first < end and masked:
                    self._cover(max(places[first], since), places[end - 1] + 1, form.ref)
                if first < end and count and form.shown and places[first] >= self._settled:
                    bare = tuple(places[start : first if masked else end])
                    key = (form.data, self._symbols - len(text) + start - offset)
                    run = Run(places[first], bare, form, offset, masked=masked, ended=end < len(text))
                    self._runs[key] = run.after(self._runs.get(key))
        waits = lane.pending(text, places)
        return places[waits] if waits < len(text) else places[-1] + 1 if text else self.position

    def _search_wide(self, patterns: Patterns, text: bytes) -> int:
        both = self._wide_tail + fold(text)
        start = self.position - len(text)
        size = len(both)
        hold = self.position
        reach = patterns.reach[0]
        self._symbols += size - len(self._wide_tail)
        hits = [lane.seek(both) for lane in patterns.wide]
        if self.strict or any(hits) or any(lane.pending(both, range(size)) < size for lane in patterns.wide):
            places = self._wide_places + [start + i for i, byte in enumerate(text) if KEPT[byte]]
            for lane, found in zip(patterns.wide, hits, strict=True):
                if found:
                    self._search(lane, both, places, 0, count=True)
                waits = lane.pending(both, places)
                hold = min(hold, places[waits]) if waits < size else hold
            for strict in self.strict:
                waits = self._search(strict.lane, both, places, 0, since=strict.since)
                hold = min(hold, max(waits, strict.since))
            self._wide_places = places[-reach:]
        else:
            self._wide_places = (self._wide_places + last_places(text, start, reach))[-reach:]
        self._wide_tail = both[-reach:]
        return hold

    def _expose(self, hold: int, *, final: bool) -> int:
        """Count what runs showed before `hold`, in the order of the text; too much makes a value strict."""
        for key, run in sorted(
            self._runs.items(), key=lambda item: (item[1].at, item[1].form.window, item[0])
        ):
            if run.at >= hold:
                break
            if not (run.masked or final or (run.ended and run.bare[-1] < hold)):
                return run.at
            del self._runs[key]
            inside = run.at == self._counted or any(start < run.at < end for start, end in self._masked)
            if (run.masked and inside) or any(strict.origin == run.form.origin for strict in self.strict):
                continue
            self._counted = run.at
            exposure = self.exposure.shown(run, self._masked)
            if not exposure.over(run.form.origin):
                self.exposure = exposure
                continue
            if not run.masked:
                self._cover(run.at, run.bare[-1] + 1, run.form.ref)
            hold = self._tighten(Strict(run.form.ref, run.form.origin, run.at, exposure), hold, final=final)
        return hold

    def _tighten(self, strict: Strict, hold: int, *, final: bool) -> int:
        """From `strict.since` on nothing is shown of the value; what waits is searched again for it."""
        self.strict = (*self.strict, strict)
        wide = strict.lane
        places = last_places(self._recent, self.position - len(self._recent), len(self._recent))
        waits = self._search(wide, fold(self._recent), places, 0, since=strict.since)
        return self.position if final else self._pass_covered(min(hold, max(waits, strict.since)))

    def _detect(self, patterns: Patterns, hay: bytes, base: int, *, final: bool) -> list[tuple[int, bytes]]:
        for candidate in self._open.values():
            candidate.advance(hay, base, final=final)
        known = self.position - base
        for end, number in patterns.seek(hay):
            if end > known:
                row, anchor = patterns.anchors[number]
                self._propose(row, anchor, hay, base, end, final=final)
        if not final:
            for row in patterns.seeded:
                for match in _compile(row.viable).finditer(hay, max(0, len(hay) - REACH)):
                    self._try(row, match.start(), match.start(), hay, base, final=False)
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
            self._try(row, match.start(), match.start(), hay, base, final=final)

    def _try(self, row: Detector, start: int, at: int, hay: bytes, base: int, *, final: bool) -> None:
        if not stands_apart(row, hay, start):
            return
        for number in range(len(row.compiled)):
            candidate = Candidate(row, number, base + start, base + at)
            if candidate.key not in self._open:
                candidate.advance(hay, base, final=final)
                if candidate.state is not State.FAILED:
                    self._open[candidate.key] = candidate
