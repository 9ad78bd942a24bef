"""Patterns: everything that a session's maskers look for, compiled once and shared, immutable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Final

from bastion.core.masking.atoms import atoms
from bastion.core.masking.detector import Detector
from bastion.core.masking.engine import Hits, Seeker, seeker
from bastion.core.masking.forms import Form, forms_of, is_weak, strict_forms
from bastion.core.masking.lane import Lane, literals_of
from bastion.core.masking.table import ALL
from bastion.model.masks import KnownValue

__all__ = ["ALL", "Patterns", "compile_patterns"]
MAX_VALUES: Final = 4096
MAX_LEAVES: Final = 10_001
MAX_LITERALS: Final = 400_000
Lanes = tuple[Lane, ...]
_CODE: Final = re.compile(
    rb"[(\[{%]|->|::|\A\$|\A[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z"
)  # an expression, no value


class Patterns:
    """Known values and detectors. `uncovered` lists the refs of values too weak to be masked by value;
    `plain`: without Hyperscan.
    """

    __slots__ = (
        "_known",
        "_rows",
        "_seeker",
        "anchors",
        "exact",
        "joined",
        "plain",
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
        self.plain = plain
        parts = [(k.ref, [part for part in _parts(k) if not is_weak(part)]) for k in self._known]
        self.uncovered = tuple(ref for ref, found in parts if not found)
        covered = {part: KnownValue(ref, part) for ref, found in reversed(parts) for part in found}
        self.values = tuple(covered.values())
        self.wide, self.joined, self.exact = _lanes(self.values, plain=plain)
        self.anchors, self._seeker = _anchors(rows, plain)
        self.seeded = tuple(row for row in rows if row.seeds)

    def __repr__(self) -> str:
        return f"Patterns({len(self._known)} values, {len(self._rows)} detectors)"

    def seek(self, text: bytes) -> Hits:
        """(end, index into `anchors`) of every detector's anchor or seed in `text`."""
        return self._seeker.seek(text)

    def silent(self, text: bytes, folded: bytes, joined: bytes) -> bool:
        """Whether no anchor of a detector and no piece of a form stands in a text: it hides nothing."""
        return not (
            self.seek(text)
            or any(lane.seek(text) for lane in self.exact)
            or any(lane.seek(folded) for lane in self.wide)
            or any(lane.seek(joined) for lane in self.joined)
        )

    def extended(self, known: Sequence[KnownValue]) -> Patterns:
        """The same and more known values; values are never dropped while a session lives."""
        return Patterns((*self._known, *known), self._rows, plain=self.plain)

    def taught(self, lessons: Sequence[KnownValue]) -> Patterns:
        """The same and values that a detector masked by their context; cheap: only they are compiled."""
        other = copy(self)
        wide, joined, exact = _lanes(lessons, plain=self.plain, counted=False)
        other.wide, other.joined, other.exact = self.wide + wide, self.joined + joined, self.exact + exact
        other.values = (*self.values, *lessons)
        return other

    def stricter(self, values: Sequence[KnownValue]) -> Patterns:
        """The same, but of these values nothing is shown and four symbols in a row are masked."""
        other = copy(self)
        forms = [form for value in values for form in strict_forms(value.ref, value.value)]
        other.wide += (Lane(forms, whole=False, plain=self.plain),) if forms else ()
        return other

    def value_of(self, ref: str) -> KnownValue | None:
        """The known value that a reference stands for."""
        return next((value for value in self._known if value.ref == ref), None)

    @property
    def beyond_ascii(self) -> bool:
        """Whether a known form has bytes that may begin an invisible character."""
        return any(lane.beyond_ascii for lane in (*self.wide, *self.joined, *self.exact))

    @property
    def reach(self) -> tuple[int, int]:
        """How many symbols of context the (wide and joined, exact) lanes need."""
        return (
            max((lane.reach for lane in (*self.wide, *self.joined)), default=0),
            max((lane.reach for lane in self.exact), default=0),
        )


def compile_patterns(
    known: Sequence[KnownValue], *, detectors: Sequence[Detector] = ALL, plain: bool = False
) -> Patterns:
    """Compile `known` values and `detectors`. May take a second the first time; call it off the loop.

    `plain` avoids Hyperscan (the answers are the same). ValueError: more than `MAX_VALUES` values, one
    with too many parts or bytes, or so many bytes that they need more than `MAX_LITERALS` literals:
    what cannot be covered is refused, never left out.
    """
    if len(known) > MAX_VALUES:
        raise ValueError(f"masking: more than {MAX_VALUES} known values")
    return Patterns(known, tuple(detectors), plain=plain)


def _lanes(known: Sequence[KnownValue], *, plain: bool, counted: bool = True) -> tuple[Lanes, Lanes, Lanes]:
    """The lanes over folded, joined and exact text. `counted`: what is shown of the values counts."""
    forms = [forms_of(value.ref, value.value) for value in known]
    literals = sum(literals_of(form) for one in forms for form in one)
    if literals > MAX_LITERALS:
        raise ValueError(f"masking: the known values need {literals} literals, {MAX_LITERALS} are the limit")

    def lanes(found: Iterable[Sequence[Form]], *, whole: bool) -> Lanes:
        every = [form for group in found for form in group]
        if not counted:
            every = [replace(form, least=form.window, origin=b"") for form in every]
        return (Lane(every, whole=whole, plain=plain),) if every else ()

    fragments = lanes((one.fragments for one in forms), whole=False)
    wholes = lanes((one.wholes for one in forms), whole=True)
    joined = lanes((one.joined for one in forms), whole=True)
    return fragments + wholes, joined, lanes((one.exact for one in forms), whole=True)


def _parts(known: KnownValue) -> tuple[bytes, ...]:
    found = tuple(islice(atoms(known.value), MAX_LEAVES))
    if len(found) >= MAX_LEAVES:
        raise ValueError(f"masking: a known value of {MAX_LEAVES} parts or more")
    return found


def worth_learning(value: bytes) -> bool:
    """Whether a value is so distinct that it may be masked without its context."""
    letters = any(65 <= b <= 90 or 97 <= b <= 122 for b in value)
    others = any(48 <= b <= 57 or b in b"!@#^&*+=~?" for b in value)
    return not is_weak(value) and len(value) >= 8 and letters and others and not _CODE.search(value)


def _distinct(known: Sequence[KnownValue]) -> tuple[KnownValue, ...]:
    seen: dict[bytes, KnownValue] = {}
    for value in known:
        seen.setdefault(value.value.strip(), value)
    return tuple(seen.values())


@lru_cache(maxsize=16)
def _anchors(
    rows: tuple[Detector, ...], plain: bool
) -> tuple[tuple[tuple[tuple[Detector, ...], bytes], ...], Seeker]:
    by_anchor: dict[bytes, list[Detector]] = {}
    for row in rows:
        row.prepare()
        for anchor in row.anchors if not row.lead else ():
            by_anchor.setdefault(anchor, []).append(row)
    literals = [(tuple(group), anchor) for anchor, group in by_anchor.items()]
    leading = [(row, anchor) for row in rows for anchor in row.anchors if row.lead]
    seeds = [(row, seed) for row in rows for seed in row.seeds]
    expressions = [row.expression(anchor) for row, anchor in leading] + [seed for _, seed in seeds]
    found = seeker(list(by_anchor), expressions, caseless=True, plain=plain)
    others = [*leading, *((row, b"") for row, _ in seeds)]
    return (*literals, *(((row,), anchor) for row, anchor in others)), found
