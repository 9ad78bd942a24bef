"""Lessons: values that a context gave away, shared by all maskers of a channel.

A value that standard error named (`password=…`) stays masked on standard output too, and in every
unit that follows, for as long as the channel lives. Bounded: the oldest are forgotten first.
"""

from __future__ import annotations

from collections.abc import Iterable

from bastion.core.masking.patterns import Patterns, worth_learning
from bastion.model.masks import KnownValue

MAX_LESSONS = 32
Lesson = tuple[KnownValue, int]


def learned(
    lessons: tuple[Lesson, ...], values: list[tuple[int, bytes]], taught: int
) -> tuple[tuple[Lesson, ...], int]:
    """One reader's lessons with `values` (place where the context ended, value), and how many it had ever.

    Of too many, those whose context was not seen for the longest time are let go.
    """
    kept = {lesson.value: (lesson, since) for lesson, since in lessons}
    for end, value in sorted(values):
        if value in kept:
            kept[value] = kept.pop(value)
        elif worth_learning(value):
            taught += 1
            kept[value] = (KnownValue(f"learned-{taught}", value), end)
    return tuple(kept.values())[-MAX_LESSONS:], taught


class Lessons:
    """Mutable; belongs to one channel. References are `learned-s1`, …; a reader's own have no `s`."""

    def __init__(self) -> None:
        self._known: dict[bytes, KnownValue] = {}
        self._count = 0

    def __repr__(self) -> str:
        return f"Lessons({len(self._known)} of {self._count})"

    def hear(self, values: Iterable[KnownValue]) -> bool:
        """Note what a masker has learned; whether any of it was not known here."""
        fresh = [value for value in values if value.value not in self._known]
        for value in fresh:
            self._count += 1
            self._known[value.value] = KnownValue(f"learned-s{self._count}", value.value)
            if len(self._known) > MAX_LESSONS:
                del self._known[next(iter(self._known))]
        return bool(fresh)

    def added_to(self, patterns: Patterns) -> Patterns:
        """The patterns with everything that was learned."""
        return patterns.taught(tuple(self._known.values())) if self._known else patterns
