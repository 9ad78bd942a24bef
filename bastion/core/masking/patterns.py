"""Patterns: everything that a session's maskers look for, compiled once and shared, immutable."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import lru_cache
from typing import Final

from bastion.core.masking.atoms import atoms
from bastion.core.masking.detector import Detector
from bastion.core.masking.engine import Hits, Seeker, seeker
from bastion.core.masking.forms import Form, forms_of, is_weak, strict_forms
from bastion.core.masking.lane import Lane
from bastion.core.masking.table import ALL
from bastion.model.masks import KnownValue

__all__ = ["ALL", "Patterns", "compile_patterns"]
MAX_VALUES: Final = 4096


class Patterns:
    """Known values and detectors. `uncovered` lists the refs of values too weak to be masked by value."""

    __slots__ = (
        "_known",
        "_plain",
        "_rows",
        "_seeker",
        "anchors",
        "exact",
        "seeded",
        "uncovered",
        "values",
        "wide",
    )

    def __init__(
        self, known: Sequence[KnownValue], rows: tuple[Detector, ...], *, plain: bool = False
    ) -> None:
        self._known = _distinct(known)
        self._rows = rows
        self._plain = plain
        parts = [(k.ref, [part for part in atoms(k.value) if not is_weak(part)]) for k in self._known]
        self.uncovered = tuple(ref for ref, found in parts if not found)
        covered = {part: KnownValue(ref, part) for ref, found in reversed(parts) for part in found}
        self.values = tuple(covered.values())
        wide, exact = _lanes(self.values, plain=plain)
        self.wide: tuple[Lane, ...] = wide
        self.exact: tuple[Lane, ...] = exact
        self.anchors, self._seeker = _anchors(rows, plain)
        self.seeded = tuple(row for row in rows if row.seeds)

    def __repr__(self) -> str:
        return f"Patterns({len(self._known)} values, {len(self._rows)} detectors)"

    def seek(self, text: bytes) -> Hits:
        """(end, index into `anchors`) of every detector's anchor or seed in `text`."""
        return self._seeker.seek(text)

    def extended(self, known: Sequence[KnownValue]) -> Patterns:
        """The same and more known values; values are never dropped while a session lives."""
        return Patterns((*self._known, *known), self._rows, plain=self._plain)

    def taught(self, lessons: Sequence[KnownValue]) -> Patterns:
        """The same and values that a detector masked by their context; cheap: only they are compiled."""
        other = copy(self)
        wide, exact = _lanes(lessons, plain=self._plain)
        other.wide, other.exact = self.wide + wide, self.exact + exact
        other.values = (*self.values, *lessons)
        return other

    def stricter(self, values: Sequence[KnownValue]) -> Patterns:
        """The same, but of these values nothing is shown and four symbols in a row are masked."""
        other = copy(self)
        forms = [strict_forms(value.ref, value.value) for value in values]
        wide, exact = (
            [form for each, _ in forms for form in each],
            [form for _, each in forms for form in each],
        )
        other.wide += (Lane(wide, whole=False, plain=True),) if wide else ()
        other.exact += (Lane(exact, whole=True, plain=True),) if exact else ()
        return other

    def value_of(self, ref: str) -> KnownValue | None:
        """The known value that a reference stands for."""
        return next((value for value in self._known if value.ref == ref), None)

    @property
    def beyond_ascii(self) -> bool:
        """Whether a known form has bytes that may begin an invisible character."""
        return any(lane.beyond_ascii for lane in (*self.wide, *self.exact))

    @property
    def reach(self) -> tuple[int, int]:
        """How many symbols of context the (wide, exact) lanes need."""
        return (
            max((lane.reach for lane in self.wide), default=0),
            max((lane.reach for lane in self.exact), default=0),
        )


def compile_patterns(
    known: Sequence[KnownValue], *, detectors: Sequence[Detector] = ALL, plain: bool = False
) -> Patterns:
    """Compile `known` values and `detectors`. May take a second the first time; call it off the loop.

    `plain` avoids Hyperscan (the answers are the same). ValueError: more than `MAX_VALUES` values.
    """
    if len(known) > MAX_VALUES:
        raise ValueError(f"masking: more than {MAX_VALUES} known values")
    return Patterns(known, tuple(detectors), plain=plain)


def _lanes(known: Sequence[KnownValue], *, plain: bool) -> tuple[tuple[Lane, ...], tuple[Lane, ...]]:
    wide: list[Form] = []
    exact: list[Form] = []
    for value in known:
        more_wide, more_exact = forms_of(value.ref, value.value)
        wide += more_wide
        exact += more_exact
    return (
        (Lane(wide, whole=False, plain=plain),) if wide else (),
        (Lane(exact, whole=True, plain=plain),) if exact else (),
    )


def worth_learning(value: bytes) -> bool:
    """Whether a value is so distinct that it may be masked without its context."""
    letters = sum(65 <= b <= 90 or 97 <= b <= 122 for b in value)
    return not is_weak(value) and len(value) >= 8 and (0 < letters < len(value) or len(value) >= 16)


def _distinct(known: Sequence[KnownValue]) -> tuple[KnownValue, ...]:
    seen: dict[bytes, KnownValue] = {}
    for value in known:
        seen.setdefault(value.value.strip(), value)
    return tuple(seen.values())


@lru_cache(maxsize=16)
def _anchors(rows: tuple[Detector, ...], plain: bool) -> tuple[tuple[tuple[Detector, bytes], ...], Seeker]:
    literals = [(row, anchor) for row in rows for anchor in row.anchors if not row.lead]
    leading = [(row, anchor) for row in rows for anchor in row.anchors if row.lead]
    seeds = [(row, seed) for row in rows for seed in row.seeds]
    expressions = [row.expression(anchor) for row, anchor in leading] + [seed for _, seed in seeds]
    found = seeker([anchor for _, anchor in literals], expressions, caseless=True, plain=plain)
    return (*literals, *leading, *((row, b"") for row, _ in seeds)), found
