"""What one person was shown of masked values, from session to session: by keyed ids, for a day.

Each command over ssh is a session of its own; who asks for another piece in each would show nothing
in any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from bastion.core.masking.exposure import Exposure
from bastion.model.masks import KnownValue

KEPT_SECONDS: Final = 24 * 3600.0
MOST: Final = 1024
MOST_IDENTITIES: Final = 4096
Digest = Callable[[bytes], str]


class Recall:
    """Of one identity, shared by its sessions. It holds no value; `at` is the clock of the events."""

    def __init__(self) -> None:
        self._shown: dict[str, tuple[float, int, int]] = {}

    def __repr__(self) -> str:
        return f"Recall({len(self._shown)} values)"

    def exposure(self, values: Sequence[KnownValue], digest: Digest, at: float) -> Exposure:
        """What was shown of these values before. Entries end a day after they began."""
        self._shown = {name: one for name, one in self._shown.items() if at - one[0] < KEPT_SECONDS}
        symbols, pieces, refs = {}, {}, {}
        for value in values if self._shown else ():
            found = self._shown.get(digest(value.value))
            if found is not None:
                _, symbols[value.value], pieces[value.value] = found
                refs[value.value] = value.ref
        return Exposure(symbols, pieces, refs)

    def keep(self, exposure: Exposure, digest: Digest, at: float) -> None:
        """Remember what was shown; without a key nothing can be."""
        for value, bits in exposure.symbols.items():
            name = digest(value)
            if name:
                began, before, count = self._shown.get(name, (at, 0, 0))
                self._shown[name] = (began, before | bits, max(count, exposure.pieces.get(value, 0)))
        while len(self._shown) > MOST:
            del self._shown[next(iter(self._shown))]


class Recalls:
    """Those of every identity; those who were longest away are forgotten."""

    def __init__(self) -> None:
        self._by_identity: dict[str, Recall] = {}

    def of(self, identity: str) -> Recall:
        """What this person was shown in other sessions."""
        recall = self._by_identity.pop(identity, None) or Recall()
        self._by_identity[identity] = recall
        if len(self._by_identity) > MOST_IDENTITIES:
            del self._by_identity[next(iter(self._by_identity))]
        return recall
