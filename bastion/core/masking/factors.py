"""Factors: whether the end of a text may still become a run of a known form.

Asked once for each chunk, so it must not search all forms each time: a table of bits, one for the hash
of every shortest factor, answers most questions with no.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bastion.core.masking.forms import Form

SPARSE = 8
MAX_BITS = 1 << 25


class Factors:
    """The factors of forms that show the same number of symbols. `repr` shows no value."""

    __slots__ = ("_bits", "_blob", "_mask", "_size", "shown")

    def __init__(self, forms: Iterable[Form], shown: int) -> None:
        self.shown = shown
        self._size = shown + 1
        self._blob = b"\0".join(form.data for form in forms)
        bits = 64
        while bits < SPARSE * len(self._blob) and bits < MAX_BITS:
            bits *= 2
        self._mask = bits - 1
        table = bytearray(bits // 8)
        blob, size, mask = self._blob, self._size, self._mask
        for key in {hash(blob[i : i + size]) & mask for i in range(len(blob) - size + 1)}:
            table[key >> 3] |= 1 << (key & 7)
        self._bits = bytes(table)

    def __repr__(self) -> str:
        return f"Factors({len(self._blob)} symbols)"

    def suffix(self, text: bytes, limit: int) -> int:
        """How many symbols at the end of `text`, `limit` at most, are a factor; 0: no more than `shown`."""
        length = self._size
        if length > len(text):
            return 0
        end = text[-length:]
        key = hash(end) & self._mask
        if not self._bits[key >> 3] >> (key & 7) & 1 or end not in self._blob:
            return 0
        most = min(limit, len(text))
        while length < most and text[-length - 1 :] in self._blob:
            length += 1
        return length


def grouped(forms: Sequence[Form]) -> tuple[Factors, ...]:
    """The forms' factors, by how many symbols they show."""
    by_shown: dict[int, list[Form]] = {}
    for form in forms:
        by_shown.setdefault(form.shown, []).append(form)
    return tuple(Factors(group, shown) for shown, group in sorted(by_shown.items()))
