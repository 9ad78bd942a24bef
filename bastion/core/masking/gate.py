"""A quick look at bytes that leave: most hold no piece of any secret, and need no finder.

The gate keeps the last text of both views (the bytes, and the text that a terminal keeps of them). Where
no anchor and no piece of a form stands in it together with the next bytes, nothing can be covered.
It may only be asked while the guard has nothing open; a "no" means that the guard must read.
"""

from __future__ import annotations

from bastion.core.masking.forms import fold, join
from bastion.core.masking.invisible import visible
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.views import text_of

KEPT = 1024


class Tail:
    """The end of one view: as it stands, and folded."""

    __slots__ = ("_folded", "_joined", "_plain", "_symbols")

    def __init__(self, text: bytes, symbols: int) -> None:
        self._symbols = symbols
        self._plain, self._folded = text[-KEPT:], fold(text)[-symbols:] if symbols else b""
        self._joined = join(text)[-symbols:] if symbols else b""

    @property
    def enough(self) -> bool:
        """Whether it reaches back as far as a piece of a form may."""
        return len(self._folded) >= self._symbols

    def silent(self, patterns: Patterns, text: bytes) -> bool:
        """Whether nothing is to be masked in this text after the tail; then it becomes the tail."""
        plain = self._plain + text
        folded = self._folded + fold(text) if self._symbols else b""
        joined = self._joined + join(text) if self._symbols else b""
        if not patterns.silent(plain, folded, joined):
            return False
        self._plain, self._folded, self._joined = (
            plain[-KEPT:],
            folded[-self._symbols :],
            joined[-self._symbols :],
        )
        return True


class Gate:
    """Forgets all when bytes pass it by (`missed`)."""

    def __init__(self) -> None:
        self._sent = b""
        self._reach = -1
        self._views: tuple[Tail, Tail] | None = None

    def missed(self, data: bytes) -> None:
        """These bytes were sent without asking."""
        self._sent = data[-4 * KEPT :] if len(data) >= KEPT else (self._sent + data)[-4 * KEPT :]
        self._views = None

    def silent(self, patterns: Patterns, raw: bytes, text: bytes) -> bool:
        """Whether `raw`, whose printed text is `text`, spells nothing; then it counts as sent."""
        views = self._views
        if views is None or self._reach != patterns.reach[0]:
            self._reach = patterns.reach[0]
            sent = visible(self._sent, plain=patterns.plain)
            views = Tail(sent, self._reach), Tail(text_of(self._sent), self._reach)
        if not (views[0].enough and views[1].enough):
            return False
        self._views = None
        pieces = (visible(raw, plain=patterns.plain), visible(text, plain=patterns.plain))
        if not all(tail.silent(patterns, piece) for tail, piece in zip(views, pieces, strict=True)):
            return False
        self._views = views
        self._sent = (self._sent + raw)[-4 * KEPT :]
        return True
