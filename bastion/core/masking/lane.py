"""A lane: runs of known forms in a text, found by pieces and extended exactly.

A run is a maximal stretch of text that stands, in order, in one form at one alignment. A run of at
least the form's `window` is masked from its `shown`th symbol on; shorter ones from `least` on are
only counted (see `exposure`). Pieces of length p at stride s with p + s - 1 = least guarantee that
every such run holds a whole piece, so no run is missed. Each
alignment is judged by itself: a shorter form inside a longer match is never overlooked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bastion.core.masking.engine import Hits, Seeker, seeker
from bastion.core.masking.factors import Factors, grouped
from bastion.core.masking.forms import PIECE, Form

GAP = 256
Run = tuple[int, int, Form, int]


class Lane:
    """Immutable after construction; shared by the maskers of one session. `repr` shows no value."""

    __slots__ = (
        "_factors",
        "_forms",
        "_heads",
        "_lengths",
        "_pieces",
        "_seeker",
        "_shortest",
        "beyond_ascii",
        "reach",
        "whole",
    )

    def __init__(self, forms: Sequence[Form], *, whole: bool, plain: bool = False) -> None:
        self.whole = whole
        self.beyond_ascii = not all(form.data.isascii() for form in forms)
        self._forms = tuple(forms)
        self.reach = max((form.window for form in forms), default=0) + 8
        literals: dict[bytes, list[tuple[int, int]]] = {}
        for number, form in enumerate(self._forms):
            for offset, piece in _cut(form):
                literals.setdefault(piece, []).append((number, offset))
        self._pieces = tuple((len(piece), tuple(places)) for piece, places in literals.items())
        self._seeker: Seeker = seeker(tuple(literals), plain=plain)
        self._heads: dict[bytes, int] = _heads(self._forms) if whole else {}
        self._shortest = min(map(len, self._heads), default=0)
        self._lengths = _lengths(self._heads, self._shortest)
        self._factors: tuple[Factors, ...] = () if whole else grouped(self._forms)

    def __repr__(self) -> str:
        return f"Lane({len(self._forms)} forms)"

    def seek(self, text: bytes) -> Hits:
        """Where pieces end; an empty answer means that no run of a form's window is in `text`."""
        return self._seeker.seek(text) if self._pieces else []

    def runs(self, text: bytes, places: Sequence[int], hits: Hits) -> list[Run]:
        """(start, end, form, offset in the form) of every run around `hits`, in symbols of `text`.

        Runs of at least the form's `least` are found. `places[i]` is where symbol i stands; a run
        never crosses a jump of more than `GAP`.
        """
        done: dict[tuple[int, int], int] = {}
        found: list[Run] = []
        for end, piece in hits:
            length, origins = self._pieces[piece]
            for number, offset in origins:
                key = (number, end - length - offset)
                if end <= done.get(key, 0):
                    continue
                form = self._forms[number]
                start, stop = _extend(text, places, form.data, (end - length, offset, length))
                done[key] = stop
                if stop - start >= form.least:
                    found.append((start, stop, form, offset - (end - length - start)))
        return found

    def pending(self, text: bytes, places: Sequence[int]) -> int:
        """The first symbol of `text` that may turn out to be masked by what follows; its length if none."""
        first = size = len(text)
        if self.whole:
            for length in self._lengths.get(text[size - self._shortest :], ()) if size else ():
                shown = self._heads.get(text[size - length :], length) if length <= size else length
                if shown < length and _joined(places, size - length, size):
                    first = min(first, size - length + shown)
            return first
        for factors in self._factors:
            length = factors.suffix(text, self.reach)
            while length > factors.shown and not _joined(places, size - length, size):
                length -= 1
            if length > factors.shown:
                first = min(first, size - length + factors.shown)
        return first


def literals_of(form: Form) -> int:
    """How many pieces a form is cut into."""
    return len(_offsets(form)[0])


def _offsets(form: Form) -> tuple[range, int]:
    stride = max(1, form.least - PIECE + 1)
    length = form.least - stride + 1
    return range(0, len(form.data) - length + 1, stride), length


def _cut(form: Form) -> Iterable[tuple[int, bytes]]:
    offsets, length = _offsets(form)
    for offset in offsets:
        yield offset, form.data[offset : offset + length]


def _heads(forms: Sequence[Form]) -> dict[bytes, int]:
    """Every beginning of a form that is not shown as a whole, and how much of it shows at least."""
    heads: dict[bytes, int] = {}
    for form in forms:
        for length in range(form.shown + 1, len(form.data)):
            head = form.data[:length]
            heads[head] = min(form.shown, heads.get(head, form.shown))
    return heads


def _lengths(heads: Iterable[bytes], shortest: int) -> dict[bytes, tuple[int, ...]]:
    """How long the heads are that end alike: of a text only those few ends are looked up."""
    found: dict[bytes, set[int]] = {}
    for head in heads:
        found.setdefault(head[-shortest:], set()).add(len(head))
    return {end: tuple(sorted(lengths)) for end, lengths in found.items()}


def _joined(places: Sequence[int], start: int, end: int) -> bool:
    """Whether no jump is wider than `GAP`; mostly all the symbols stand so near that none can be."""
    if end - start < 2 or places[end - 1] - places[start] <= GAP:
        return True
    return all(places[i] - places[i - 1] <= GAP for i in range(start + 1, end))


def _extend(text: bytes, places: Sequence[int], form: bytes, piece: tuple[int, int, int]) -> tuple[int, int]:
    """The run around a piece; places are looked at one by one only where its symbols stand far apart."""
    start, _, length = piece
    if not _joined(places, start, start + length):
        return start, start
    low, high = _agreeing(text, form, piece)
    if places[high - 1] - places[low] <= GAP:
        return low, high
    stop = start + length
    while stop < high and places[stop] - places[stop - 1] <= GAP:
        stop += 1
    while start > low and places[start] - places[start - 1] <= GAP:
        start -= 1
    return start, stop


def _agreeing(text: bytes, form: bytes, piece: tuple[int, int, int]) -> tuple[int, int]:
    """How far a text and a form are alike around a piece."""
    start, offset, length = piece
    stop, after = start + length, offset + length
    most = min(len(text) - stop, len(form) - after)
    ahead = 0
    while ahead < most and text[stop + ahead] == form[after + ahead]:
        ahead += 1
    most = min(start, offset)
    back = 0
    while back < most and text[start - back - 1] == form[offset - back - 1]:
        back += 1
    return start - back, stop + ahead
