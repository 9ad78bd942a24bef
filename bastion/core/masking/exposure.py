"""What was shown of each known value, counted: heads of masks and pieces too short to be masked.

A mask shows the first symbols of each run, and a piece below the window is shown whole. Whoever
prints a value from ever other places on reads it so. Each symbol of a form counts once however often
it is shown, so a value that is printed whole a thousand times costs nothing; a symbol that stands in
the head of the form is free. A value of which more than `budget` symbols were shown becomes *strict*:
from that place of the text on nothing of it is shown and four symbols in a row are masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property

from bastion.core.masking.forms import Form, fold, strict_forms
from bastion.core.masking.lane import Lane
from bastion.core.masking.places import span_at
from bastion.model.masks import KnownValue

SHARE = (3, 10)
MOST = 24
Spans = Sequence[tuple[int, int]]


def budget(symbols: int) -> int:
    """How many symbols of a value of this length may be shown beyond its head."""
    return min(MOST, symbols * SHARE[0] // SHARE[1])


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a form in a text. `bare` are the places of its symbols that no mask of its own covers.

    It would be masked from place `at` on; `masked` says that it is, `ended` that it will not go on.
    """

    at: int
    bare: tuple[int, ...]
    form: Form
    offset: int
    masked: bool
    ended: bool

    @property
    def word(self) -> bool:
        """Whether what shows is a word of the value: those stand in innocent output too.

        Of a masked run only the window is looked at, which is known when the run is found.
        """
        value = self.form.origin
        if len(value) != len(self.form.data):
            return False
        piece = value[self.offset : self.offset + (self.form.window if self.masked else len(self.bare))]
        return piece.isalpha() and (piece.islower() or piece.isupper() or piece.istitle())

    @property
    def order(self) -> tuple[int, int]:
        """Runs count in this order: of those that are masked from one place on, the first found does."""
        return self.at, self.form.window

    def after(self, before: Run | None) -> Run:
        """The same run, seen again with more text; its start is the one that was seen first."""
        if before is None or (self.bare[0] <= before.bare[0] and not before.masked):
            return self
        return before


@dataclass(frozen=True, slots=True)
class Exposure:
    """Immutable. `symbols` maps a value to the bits of its symbols that were shown.

    `pieces` counts, for each value, the runs that showed symbols not shown before; `refs` names them.
    """

    symbols: dict[bytes, int] = field(default_factory=dict, repr=False)
    pieces: dict[bytes, int] = field(default_factory=dict, repr=False)
    refs: dict[bytes, str] = field(default_factory=dict, repr=False)

    def shown(self, run: Run, masked: Spans) -> Exposure:
        """With what `run` shows beside `masked`; the first symbols of a form are free.

        A symbol of an encoding stands for the symbol of the value at the same part of its length.
        """
        form = run.form
        size = len(fold(form.origin))
        bits = 0
        if run.word:
            return self
        for offset, place in enumerate(run.bare, run.offset):
            if offset >= form.shown and span_at(masked, place) is None:
                bits |= 1 << offset * size // len(form.data)
        before = self.symbols.get(form.origin, 0)
        if before | bits == before:
            return self
        pieces = {**self.pieces, form.origin: self.pieces.get(form.origin, 0) + 1}
        refs = {**self.refs, form.origin: form.ref}
        return Exposure({**self.symbols, form.origin: before | bits}, pieces, refs)

    def spent(self, origin: bytes) -> int:
        """How many symbols of a value were shown beyond its head."""
        return self.symbols.get(origin, 0).bit_count()

    def over(self, origin: bytes) -> bool:
        """Whether more of a value was shown than may be."""
        return self.spent(origin) > budget(len(fold(origin)))

    def excess(self) -> list[Strict]:
        """The values of which too much was shown."""
        return [Strict(self.refs.get(origin, ""), origin, 0) for origin in self.symbols if self.over(origin)]

    def joined(self, other: Exposure) -> Exposure:
        """What either counted."""
        if not other.symbols or other is self:
            return self
        symbols = {key: self.symbols.get(key, 0) | bits for key, bits in other.symbols.items()}
        pieces = {key: max(self.pieces.get(key, 0), count) for key, count in other.pieces.items()}
        return Exposure({**self.symbols, **symbols}, {**self.pieces, **pieces}, {**self.refs, **other.refs})


NOTHING = Exposure()


@dataclass(frozen=True)
class Strict:
    """A value that is strict from place `since` of a text on."""

    ref: str
    origin: bytes = field(repr=False)
    since: int

    @cached_property
    def lane(self) -> Lane:
        """Looks for the value's strict forms; compiled when it is first needed, a few milliseconds."""
        return Lane(strict_forms(self.ref, self.origin), whole=False)


def _begins_before(masked: Spans, place: int) -> bool:
    span = span_at(masked, place)
    return span is not None and span[0] < place


class Account:
    """What one finder counts, in the order of its text. Mutable, but every part of it is replaced.

    `runs` are not settled yet; `strict` values are those of which too much was shown.
    """

    def __init__(self) -> None:
        self.exposure: Exposure = NOTHING
        self.strict: tuple[Strict, ...] = ()
        self.runs: dict[tuple[bytes, int], Run] = {}
        self._last = -1
        self._since = 0

    def copy(self) -> Account:
        """One that goes on from here by itself."""
        other = copy(self)
        other.runs = dict(self.runs)
        return other

    def skip(self, upto: int) -> None:
        """What is masked from before `upto` on is not counted: it is not shown, or another view counts."""
        self.runs, self._since = {}, upto

    def adopt(self, other: Account, since: int) -> None:
        """Count from `since` on, beginning with what another view of the same text counted."""
        self._since, self.exposure = since, other.exposure
        self.strict = tuple(replace(strict, since=since) for strict in other.strict)

    def tighten(self, value: KnownValue, since: int) -> None:
        """Nothing is shown of the value from `since` on."""
        if not self._is_strict(value.value):
            self.strict = (*self.strict, Strict(value.ref, value.value, since))

    def note(self, run: Run, alignment: int) -> None:
        """A run was found; `alignment` tells the runs of a form apart."""
        if run.at >= self._since:
            key = (run.form.data, alignment)
            self.runs[key] = run.after(self.runs.get(key))

    def settle(self, hold: int, masked: Spans, *, final: bool) -> tuple[int, Run | None]:
        """Count the runs before `hold`; (where output must wait, the run that made a value strict).

        To be called again after a run: more may be settled, once the strict value's masks are known.
        A run that begins where another was masked shows nothing of its own; a piece waits for its end.
        """
        for key, run in sorted(self.runs.items(), key=lambda item: (item[1].order, item[0])):
            if run.at >= hold:
                break
            if not (run.masked or final or (run.ended and run.bare[-1] < hold)):
                return run.at, None
            del self.runs[key]
            inside = run.at == self._last or _begins_before(masked, run.at)
            if (run.masked and inside) or self._is_strict(run.form.origin):
                continue
            self._last = run.at
            self.exposure = self.exposure.shown(run, masked)
            if self.exposure.over(run.form.origin):
                self.strict = (*self.strict, Strict(run.form.ref, run.form.origin, run.at))
                return hold, run
        return hold, None

    def _is_strict(self, origin: bytes) -> bool:
        return any(strict.origin == origin for strict in self.strict)


class Shown:
    """What was shown on a terminal, over all its screens, and the values that are strict for it."""

    def __init__(self) -> None:
        self.exposure = NOTHING
        self._strict: dict[bytes, KnownValue] = {}

    @property
    def strict(self) -> tuple[KnownValue, ...]:
        """The values of which too much was shown."""
        return tuple(self._strict.values())

    def count(self, exposure: Exposure, strict: Sequence[Strict]) -> bool:
        """What was shown counts from now on; whether a value became strict by it."""
        if not exposure.symbols and not strict:
            return False
        self.exposure = self.exposure.joined(exposure)
        found = [KnownValue(one.ref, one.origin) for one in (*strict, *self.exposure.excess())]
        return [self.tighten(value) for value in found].count(True) > 0

    def tighten(self, value: KnownValue) -> bool:
        """The value is strict; whether it was not before."""
        fresh = value.value not in self._strict
        self._strict.setdefault(value.value, value)
        return fresh
