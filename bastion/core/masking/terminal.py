"""Masking a terminal's output: appended text in place, screens by drawing what may be shown.

Linear tier: the bytes only append, so their text is the reading order; masks replace glyphs in place.
Screen tier: R is what the pod drew, C what the client shows. After each piece R is examined; bytes go
out as they came only if they turn C into mask(R), else a generated repaint goes out. Nothing is
released in clear because time passed: what may become a secret is held 100 ms, then shown as
placeholders until it is decided.

    linear ──other sequence, or undecided text──▶ screens ──R, C at the end of plain text──▶ linear
"""

from __future__ import annotations

from bastion.core.masking.exposure import Shown
from bastion.core.masking.glyphs import in_place
from bastion.core.masking.linear import Ring, split, whole
from bastion.core.masking.patterns import Patterns
from bastion.core.masking.screen import Screen
from bastion.core.masking.screens import HOLD, Screens
from bastion.core.masking.watch import Watch
from bastion.model.masks import KnownValue, Masked

__all__ = ["HOLD", "TerminalMasker"]
PIECE = 2048
EMPTY = Masked()


class TerminalMasker:
    """One for each PTY. `deadline`: when `tick` must be called, in the clock of `at`; None: never.

    `failed` says why the output was stopped; empty while all is well. A failed masker sends nothing.
    """

    def __init__(self, patterns: Patterns, cols: int, rows: int) -> None:
        self._cols, self._rows = cols, rows
        self._watch = Watch(patterns)
        self._ring: Ring | None = Ring(Screen(cols, rows), Screen(cols, rows), alike=True)
        self._screens: Screens | None = None
        self._carry = b""
        self._stale = False

    def __repr__(self) -> str:
        tier = "linear" if self._ring else "screens"
        return f"TerminalMasker({self._cols}x{self._rows}, {tier})"

    @property
    def deadline(self) -> float | None:
        """When `tick` must be called."""
        if self._stale:
            return 0.0
        return self._screens.deadline if self._screens else None

    @property
    def failed(self) -> str:
        """Why the output was stopped."""
        return self._watch.failed

    def feed(self, data: bytes, at: float) -> Masked:
        """Mask what the pod sent; the answer may leave now."""
        if self.failed:
            return EMPTY
        rest = data
        self._renew(at)
        while rest:
            if self._ring:
                rest, self._carry = self._carry + rest, b""
                rest = self._linear(rest)
            piece, rest = (rest, b"") if len(rest) <= 2 * PIECE else (rest[:PIECE], rest[PIECE:])
            if piece and self._screens:
                self._screens.feed(piece, at)
                self._leave()
        return self._answer(len(data))

    def tick(self, at: float) -> Masked:
        """The deadline has passed: what is held is shown as placeholders."""
        deadline = self.deadline
        if self.failed or deadline is None or at < deadline or not self._screens:
            return EMPTY
        self._stale = False
        self._screens.flush(at, expired=True)
        return self._answer(0)

    def close(self, at: float) -> Masked:
        """The output ended: what was held is decided."""
        if self.failed:
            return EMPTY
        if self._screens:
            self._screens.flush(at, expired=True, final=True)
        self._watch.sightings.end()
        return self._answer(0)

    def resize(self, cols: int, rows: int, at: float) -> Masked:
        """The client's terminal has another size."""
        self._cols, self._rows = cols, rows
        if self._ring:
            self._ring.resize(cols, rows)
            return EMPTY
        if self._screens:
            self._screens.resize(cols, rows, at)
        return self._answer(0)

    def replace(self, patterns: Patterns) -> None:
        """More values became known: what is held and what is shown is searched again at the next call."""
        self._watch.replace(patterns)
        self._enter()
        self._stale = True

    def _renew(self, at: float) -> None:
        """Search again what is shown, when more values became known."""
        if self._stale and self._screens:
            self._stale = False
            self._screens.flush(at, expired=True)

    def tighten(self, value: KnownValue) -> None:
        """Nothing is shown of the value from now on, on the screen too."""
        if self._watch.tighten(value):
            self._enter()
            self._stale = True

    @property
    def shown(self) -> Shown:
        """What was shown of known values."""
        return self._watch.shown

    @property
    def lessons(self) -> tuple[KnownValue, ...]:
        """The values that detectors masked by their context."""
        return self._watch.lessons

    def _answer(self, taken: int) -> Masked:
        return Masked(self._watch.taken(), self._watch.sightings.taken(taken))

    def _linear(self, data: bytes) -> bytes:
        """Pass what only appends; the rest needs the screens."""
        ring, watch = self._ring, self._watch
        head, self._carry, rest = split(data)
        if ring is None or not head:
            if rest:
                self._enter()
            return rest
        pair = watch.guard.copy()
        reading = pair.feed(head)
        if reading.hold < reading.end:
            clear = whole(head[: max(0, len(head) - (reading.end - reading.hold))])
            rest, self._carry = head[len(clear) :] + self._carry + rest, b""
            pair, head = watch.guard.copy(), clear
            reading = pair.feed(head)
            if reading.hold < reading.end:
                self._enter()
                return head + rest
        watch.guard = pair
        sent = in_place(head, reading) if reading.covers else head
        watch.sightings.linear(reading, head)
        watch.count(pair.exposure, pair.strict)
        ring.add(head, sent)
        watch.send(sent)
        if pair.lessons:
            watch.teach(pair.lessons)
        if rest:
            self._enter()
        return rest

    def _enter(self) -> None:
        """Build the screens from the ring."""
        if self._ring is not None:
            self._screens = Screens(self._watch, self._ring)
            self._watch.guard.draw()
            self._ring = None

    def _leave(self) -> None:
        """Back to the linear tier where text can only append."""
        self._ring = self._screens.leave() if self._screens else None
        if self._ring is not None:
            self._screens = None
